"""The commit of syncjob that workflows use. A release knows its own; its build writes `release.json` beside this module."""

import re
from importlib import resources
from importlib.resources.abc import Traversable
from typing import NamedTuple

import msgspec

from syncjob import __version__

# A repository of GitHub, and the full hash of a commit: a tag can be moved.
_FORM = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+)@([0-9a-f]{40}(?:[0-9a-f]{24})?)")
RELEASE = "release.json"


class PinnedAction(NamedTuple):
    """syncjob's action at one commit; `version` is "" if it is not known."""

    repository: str
    commit: str
    version: str = ""

    @property
    def used(self) -> str:
        """What follows `uses: ` in a workflow; the version is where Dependabot looks for it."""
        return f"{self.repository}@{self.commit}{f' # v{self.version}' if self.version else ''}"

    @property
    def schema(self) -> str:
        """The address of what config.yaml may hold, for editors."""
        return f"https://raw.githubusercontent.com/{self.repository}/{self.commit}/docs/config.schema.json"


class _Release(msgspec.Struct, frozen=True):
    repository: str
    commit: str


def parsed(text: str) -> PinnedAction | None:
    """The action that `OWNER/REPO@SHA` names; None if that is not its form."""
    found = _FORM.fullmatch(text.strip())
    return PinnedAction(found[1], found[2]) if found else None


def of_release(home: Traversable = resources.files(__package__)) -> PinnedAction | None:  # noqa: B008  read alone
    """This version's own; None if it was not installed from a release."""
    file = home.joinpath(RELEASE)
    if not file.is_file():
        return None
    release = msgspec.json.decode(file.read_bytes(), type=_Release)
    return PinnedAction(release.repository, release.commit, __version__)
