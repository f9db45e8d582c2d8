"""Where syncjob runs, by the environment. Pure."""

from collections.abc import Mapping


def is_step(environment: Mapping[str, str]) -> bool:
    """Whether this is a step of GitHub Actions."""
    return environment.get("GITHUB_ACTIONS") == "true"
