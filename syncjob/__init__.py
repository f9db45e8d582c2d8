"""Keeps the Markdown descriptions of AI models on Scenario in step with a git repository."""

# A literal, because importlib.metadata.version costs more than the rest of `--version` together.
__version__ = "0.1.0"
