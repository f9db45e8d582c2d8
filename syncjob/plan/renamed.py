"""A description whose text has moved to a file that is refused stays on Scenario. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from syncjob.plan.compare import Change, Plan
from syncjob.problems import Problem
from syncjob.text.canonical import normalized, sha256


def kept(plans: Iterable[Plan]) -> Iterator[Plan]:
    """The plans; a delete of a text that is in a refused file of the same or an earlier one is a `conflict`."""
    refused: dict[str, str] = {}
    for plan in plans:
        for change in plan.changes:
            if change.is_blocked and change.after_sha256:
                refused.setdefault(change.after_sha256, change.path)
        yield replace(plan, changes=tuple(_kept(change, refused) for change in plan.changes)) if refused else plan


def _kept(change: Change, refused: dict[str, str]) -> Change:
    if change.action != "delete":
        return change
    forms = (change.before, normalized(change.before, "NFC"), normalized(change.before, "NFD"))
    path = next((refused[digest] for text in forms if (digest := sha256(text)) in refused and digest), None)
    if path is None:
        return change
    problem = Problem("renamed", f"its text is now in {path}, which is refused: settle that first, or rename it back")
    return replace(change, action="conflict", problems=(*change.problems, problem))
