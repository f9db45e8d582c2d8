"""What the event that a step of GitHub Actions runs for says of its repository."""

import json
from collections.abc import Mapping

from syncjob.environment import is_step
from syncjob.files import regular

_MAX_BYTES = 32 * 1024 * 1024  # GitHub's own limit of an event is 25 MB


def is_seen_by_strangers(environment: Mapping[str, str]) -> bool:
    """Whether strangers may read what a step makes: they may, unless the event says that the repository is private."""
    if not is_step(environment):
        return False
    try:
        event = json.loads(regular.read(environment.get("GITHUB_EVENT_PATH", ""), _MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return True
    repository = event.get("repository") if isinstance(event, dict) else None
    if not isinstance(repository, dict):
        return True
    return repository.get("private") is not True or repository.get("visibility", "private") == "public"
