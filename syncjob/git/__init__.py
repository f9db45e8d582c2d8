"""The git program, read only: what is in a repository, and every text that it ever held."""
