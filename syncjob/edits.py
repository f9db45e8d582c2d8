"""Whether the text on Scenario is one that git held, or an edit that somebody made there. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from syncjob.plan import Base, Change
from syncjob.problems import Problem, warning
from syncjob.text import same


@dataclass(frozen=True, slots=True)
class Version:
    """One text that git holds or held for a file; `text` is canonical, `commit` a full hash."""

    commit: str
    text: str


def with_history(
    change: Change, versions: Iterable[Version], gap: Callable[[], str | None], *, may_overwrite: bool
) -> Change:
    """The change, as a `conflict` where it would overwrite a text that git never held.

    `versions` are the file's, newest first, and are read no further than needed. `gap` says, once
    they are all read, why history may hold more of them; None where it does not.
    With `may_overwrite` the change stays what it is, and a warning says what it overwrites.
    """
    if not (change.is_write and change.before):
        return change
    seen: list[Version] = []
    for version in versions:
        if same(version.text, change.before):
            return change
        seen.append(version)
    base = _closest(change.before, seen)
    missing = gap()
    if may_overwrite:
        return replace(change, base=base, problems=(*change.problems, _overwritten(missing)))
    return replace(change, action="conflict", base=base, problems=(*change.problems, _edited(missing)))


def _edited(missing: str | None) -> Problem:
    if missing:
        return Problem("remote-edited", f"cannot tell whether this text was edited on Scenario: {missing}")
    message = "edited on Scenario: git never held this text; take it into the file, or use --overwrite-remote-edits"
    return Problem("remote-edited", message)


def _overwritten(missing: str | None) -> Problem:
    what = "a text that git may never have held" if missing else "an edit made on Scenario"
    return warning("remote-edited", f"{what} is overwritten, because of --overwrite-remote-edits")


def _closest(text: str, versions: Iterable[Version]) -> Base | None:
    """The version that the edit was most likely made from: most lines in common, the newest of equals."""
    lines = Counter(text.split("\n"))

    def lines_apart(version: Version) -> int:
        own = Counter(version.text.split("\n"))
        return ((own - lines) + (lines - own)).total()

    closest = min(versions, key=lines_apart, default=None)
    return Base(closest.commit, closest.text) if closest else None
