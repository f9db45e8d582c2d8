"""What a description file becomes when Scenario's text is taken over. Pure."""
