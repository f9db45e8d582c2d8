"""A picture by its bytes: recognised, and made small enough for a page."""
