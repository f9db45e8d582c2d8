"""A run as a value, and as the text or JSON that people and scripts read. Pure."""
