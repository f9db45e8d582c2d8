"""How a write may end: as what the report and the journal say of it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from syncjob.plan.compare import Change
from syncjob.plan.references import entries_of, outside_code
from syncjob.problems import Failure, Problem, warning
from syncjob.scenario.types import Description
from syncjob.state.journal import Effect
from syncjob.text.canonical import same, sha256
from syncjob.text.normalised import is_same_but_for_form, what_became

Status = Literal["applied", "unchanged", "failed", "refused", "not_attempted"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the write of one change ended: `refused` if the remote had moved, `unchanged` if it held the text already."""

    change: Change
    status: Status
    problems: tuple[Problem, ...] = ()
    failure: Failure | None = None
    stored_sha256: str | None = None
    effect: Effect = "none"


def uncertain(change: Change, failure: Failure, why: str) -> Outcome:
    """The end of a write with an unknown effect."""
    message = f"this text may have been written: {why}; `syncjob diff {change.model_id}` shows what Scenario holds"
    return Outcome(change, "failed", (Problem("write-uncertain", message),), failure, effect="unknown")


def stored_as(change: Change, stored: str, problems: tuple[Problem, ...]) -> Outcome:
    """The end of a write that Scenario took, of which it holds `stored`: `failed` if that is less than it was sent."""
    lost = _lost(change, stored)
    failure = Failure("remote-normalised", lost) if lost else None
    if not lost and not same(stored, change.after):
        message = f"Scenario stored this text in another form {_sizes(change, stored)}"
        problems = (warning("remote-normalised", message), *problems)
    status: Status = "failed" if lost else "applied"
    return Outcome(change, status, problems, failure, sha256(stored), "written")


def is_of(change: Change, stored: str) -> bool:
    """Whether what the response to a write shows was made of the text that was sent; nobody promises that it was."""
    if stored and same(stored, change.before):
        return is_same_but_for_form(change.after, stored)
    return what_became(change.after, stored) != "other"


def _lost(change: Change, stored: str) -> str:
    """What Scenario did not do, "" if it did all."""
    if what_became(change.after, stored) != "less":
        return ""
    advice = f"change the text so that all of it is kept, or run `syncjob pull {change.model_id}` to keep what is there"
    return f"Scenario kept only a part of this text {_sizes(change, stored)}; {advice}"


def _sizes(change: Change, stored: str) -> str:
    return f"({len(stored):,} characters for {len(change.after):,})"


def unresolved(change: Change, response: Description) -> Iterator[Problem]:
    """A warning for each reference that the API did not resolve."""
    listed = {entry.key for entry in entries_of(response)}
    unlisted = [tag for tag in change.tags if (tag.kind, tag.id) not in listed]
    for tag in outside_code(change.after, unlisted):
        message = f"{tag}: Scenario's response to the write does not list this {tag.kind}"
        yield warning("reference-unresolved", message, tag.line, tag.column)
