"""What each command does: from a run that has begun to a result, without printing."""
