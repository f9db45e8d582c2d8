"""The commands, a module for each: its options and help, and what is printed."""
