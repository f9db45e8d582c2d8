"""What a text is: canonical form and diff, tags, code, and what of it may be shown. Pure."""
