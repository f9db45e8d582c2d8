"""Where syncjob runs, by the environment. Pure."""

from collections.abc import Mapping


def is_step(environment: Mapping[str, str]) -> bool:
    """Whether this is a step of GitHub Actions."""
    return environment.get("GITHUB_ACTIONS") == "true"


def branch_of_step(environment: Mapping[str, str]) -> str:
    """The branch that a step of GitHub Actions is for, that of a pull request the one to merge into; "" for none."""
    if not is_step(environment):
        return ""
    return environment.get("GITHUB_BASE_REF") or environment.get("GITHUB_REF_NAME") or ""
