"""`preview`: the page of the working tree, made anew as files are saved."""
