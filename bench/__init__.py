"""syncjob beside other clients, whole runs of it, and what it does without a network: `make bench`."""
