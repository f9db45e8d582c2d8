"""What `diff` and `sync` do: from the files, or a saved plan, to what is to be written."""
