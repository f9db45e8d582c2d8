"""A repository set up for syncjob: its config, its workflows and git."""
