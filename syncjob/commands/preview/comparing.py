"""A file that is being written, and what Scenario was seen to hold -> what a sync of it would be. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from syncjob.local.document import Document
from syncjob.plan.compare import EMPTIED, Change, compare
from syncjob.plan.existing import Absent, Held
from syncjob.problems import Problem

# What was found out about Scenario's text: it holds whatever the file comes to say.
_OF_SCENARIO = frozenset({"remote-edited", "behind", "edit-acknowledged", "unacknowledged", "model-unknown", EMPTIED})
_MISSING = ("asset-missing", "model-missing")


@dataclass(frozen=True, slots=True)
class Seen:
    """One model when the preview began: the judged `change`, and what Scenario held, None if that is not known."""

    change: Change
    existing: Held | Absent | None

    @property
    def is_described(self) -> bool:
        return isinstance(self.existing, Held) and bool(self.existing.text)


def as_it_is(document: Document, seen: Seen | None) -> Change:
    """The change of a file as it is now; one that is not compared has its text all the same."""
    if seen is None or seen.existing is None or not document.text:
        failure = seen.change.failure if seen else None
        bare = Change(document.model_id, document.path, "invalid", after=document.text, problems=document.problems)
        return replace(bare, tags=document.tags, failure=failure, is_compared=False)
    change = compare(document, seen.existing)
    first = seen.change
    if not document.is_valid:
        return _bad(document, change, first)
    if change.after_sha256 == first.after_sha256 and first.is_compared:
        return first
    if not change.is_write:
        return change
    change = replace(change, problems=(*document.problems, *_of_scenario(first), *_still_missing(document, first)))
    is_conflict = first.action == "conflict"
    is_invalid = any(problem.is_error for problem in change.problems) and not is_conflict
    action = "conflict" if is_conflict else "invalid" if is_invalid else change.action
    known = tuple(dict.fromkeys((*first.known, *change.known)))
    return replace(change, action=action, model_name=first.model_name, known=known, base=first.base)


def _bad(document: Document, change: Change, first: Change) -> Change:
    """A file that no sync takes, beside what Scenario holds."""
    if not change.is_write:
        return replace(change, action="invalid", before=document.text, after=document.text, tags=document.tags)
    problems = (*document.problems, *_of_scenario(first))
    return replace(change, action="invalid", problems=problems, model_name=first.model_name, base=first.base)


def _of_scenario(first: Change) -> Iterator[Problem]:
    return (problem for problem in first.problems if problem.code in _OF_SCENARIO)


def _still_missing(document: Document, first: Change) -> list[Problem]:
    """What was looked up for the first text and does not exist, at its new places; nothing new is looked up."""
    tag_at = {(tag.line, tag.column): (tag.kind, tag.id) for tag in first.tags}
    missing = {
        tag_at[place]: problem
        for problem in first.problems
        if problem.code in _MISSING and (place := (problem.line or 0, problem.column or 0)) in tag_at
    }
    return [
        replace(missing[tag.kind, tag.id], line=tag.line, column=tag.column)
        for tag in document.tags
        if (tag.kind, tag.id) in missing
    ]
