"""What leaves the process: stdout, stderr, and files for others."""
