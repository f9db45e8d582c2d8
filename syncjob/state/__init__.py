"""What is kept on this machine from run to run: journals, the lock, and what was read before."""
