"""What GitHub Actions reads: annotations, commands of a step, its summary and its outputs."""
