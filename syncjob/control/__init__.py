"""Worker threads, and what may end a run: its time, a signal, failures in a row."""
