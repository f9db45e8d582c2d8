"""A run as one self-contained page for the reviewers of a change: nothing is loaded from elsewhere."""
