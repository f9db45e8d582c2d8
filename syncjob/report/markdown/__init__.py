"""A run as Markdown for GitHub: a comment, or the summary of a step. Nothing in it acts but what syncjob wrote."""
