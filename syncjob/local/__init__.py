"""The desired side: the folder of descriptions, and which of it a run is about."""
