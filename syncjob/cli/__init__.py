"""The command line: options in, text and exit status out. The only package that imports click."""
