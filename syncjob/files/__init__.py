"""Files on this machine: read as what they are, and written whole or not at all."""
