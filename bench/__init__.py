"""syncjob's client beside the official SDK, and its start beside a bare interpreter's: `make bench`."""
