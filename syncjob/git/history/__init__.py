"""What git held: every text of a description in the history of HEAD and of other branches, and what changed."""
