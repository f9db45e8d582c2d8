"""config.yaml and the environment: found, trusted, read, and given as one frozen value."""
