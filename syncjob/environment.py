"""Where syncjob runs, by the environment. Pure."""

import re
from collections.abc import Mapping

HELP = "docs/troubleshooting.md"
_PLAIN = re.compile(r"[\w./-]+", re.ASCII)


def is_step(environment: Mapping[str, str]) -> bool:
    """Whether this is a step of GitHub Actions."""
    return environment.get("GITHUB_ACTIONS") == "true"


def branch_of_step(environment: Mapping[str, str]) -> str:
    """The branch that a step of GitHub Actions is for, that of a pull request the one to merge into; "" for none."""
    if not is_step(environment):
        return ""
    return environment.get("GITHUB_BASE_REF") or environment.get("GITHUB_REF_NAME") or ""


def help_page(environment: Mapping[str, str]) -> str:
    """The address of the page about problem codes, if the action's repository is known; else its name."""
    # A runner unpacks an action at `…/_actions/OWNER/REPOSITORY/REF`; the variables for the three are empty in one of ours.
    path = environment.get("GITHUB_ACTION_PATH", "").replace("\\", "/")
    _, is_unpacked, place = path.rpartition("/_actions/")
    server = environment.get("GITHUB_SERVER_URL") or "https://github.com"
    owner, repository, ref = [*place.split("/", 2), "", ""][:3]
    is_known = is_step(environment) and is_unpacked and owner and repository and ref and _PLAIN.fullmatch(place)
    return f"{server}/{owner}/{repository}/blob/{ref}/{HELP}" if is_known and server.startswith("https://") else HELP
