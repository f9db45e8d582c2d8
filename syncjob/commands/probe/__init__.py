"""Questions to the API, asked of a scratch model that is then as it was."""
