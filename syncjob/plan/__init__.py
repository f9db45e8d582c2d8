"""Decisions: from what is desired and what exists to what is to be done. Pure."""
