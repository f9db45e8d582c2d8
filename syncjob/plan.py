"""Documents x remote texts -> Plan: what a run would do, as sorted frozen values. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from syncjob.config import Safety
from syncjob.documents import Document
from syncjob.existing import Existing, Held
from syncjob.problems import Failure, Problem
from syncjob.references import Catalogue, Record, model_unknown, problems_of
from syncjob.tags import Tag
from syncjob.text import same, sha256

Action = Literal["create", "update", "delete", "unchanged", "conflict", "invalid"]
WRITES: frozenset[Action] = frozenset({"create", "update", "delete"})
_ALWAYS_ALLOWED = 10


@dataclass(frozen=True, slots=True)
class Change:
    """What is to happen to one description.

    `before` is what Scenario holds and `after` what the file says, both canonical, "" for none, and
    both "" where nothing is to be written: the digests stay. `invalid` is also the action of an
    item that cannot be compared, with the reason in `problems` or `failure`.
    `read_at` is when `before` was read, in seconds of the run's clock. `known` is what the API
    already told of the things that `before` refers to.
    """

    model_id: str
    path: str
    action: Action
    before: str = ""
    after: str = ""
    before_sha256: str | None = None
    after_sha256: str | None = None
    tags: tuple[Tag, ...] = ()
    problems: tuple[Problem, ...] = ()
    failure: Failure | None = None
    model_name: str | None = None
    read_at: float = 0.0
    known: tuple[Record, ...] = ()
    is_compared: bool = True
    exists: bool = True

    @property
    def is_write(self) -> bool:
        return self.action in WRITES

    @property
    def is_blocked(self) -> bool:
        """Whether this item alone is enough to refuse a run."""
        return self.failure is not None or self.action in ("conflict", "invalid")


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes, sorted by model id, and the problems of the plan as a whole."""

    changes: tuple[Change, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def writes(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.is_write)

    @property
    def is_refused(self) -> bool:
        """Whether a run without `--keep-going` may not write at all."""
        return bool(self.problems) or any(change.is_blocked for change in self.changes)


def compare(document: Document, existing: Existing) -> Change:
    """What a valid document and what exists make: create, update, unchanged, or cannot be compared.

    An Absent is a `create` only if the model exists; `exists` is False until that is looked up.
    """
    after_sha256 = sha256(document.text)
    base = Change(document.model_id, document.path, "invalid", after_sha256=after_sha256, problems=document.problems)
    if isinstance(existing, Failure):
        return replace(base, failure=existing)
    before = existing.text if isinstance(existing, Held) else ""
    if same(document.text, before):
        before_sha256 = after_sha256 if before == document.text else sha256(before)
        return replace(base, action="unchanged", before_sha256=before_sha256)
    return replace(
        base,
        action="update" if before else "create",
        before=before,
        after=document.text,
        before_sha256=sha256(before),
        tags=document.tags,
        read_at=existing.read_at,
        known=existing.known if isinstance(existing, Held) else (),
        exists=isinstance(existing, Held),
    )


def with_references(change: Change, catalogue: Catalogue) -> Change:
    """The change with its model's name and the problems of what it refers to.

    `invalid` where the model or something that it refers to does not exist, or could not be
    looked up; the texts stay, so that a diff can be shown all the same.
    """
    if not change.is_write:
        return change
    model = catalogue.record("model", change.model_id)
    failure = catalogue.failure("model", change.model_id) if not change.exists else None
    problems = change.problems
    if not change.exists and model is None and failure is None:
        problems += (model_unknown(),)
    found, failed = problems_of(change.after, change.tags, model, catalogue.with_known(change.known))
    problems += found
    failure = failure or failed
    is_invalid = failure is not None or any(problem.is_error for problem in problems)
    return replace(
        change,
        action="invalid" if is_invalid else change.action,
        problems=problems,
        failure=failure,
        model_name=model.name if model else None,
    )


def not_compared(document: Document) -> Change:
    """The place of a document that a run did not come to compare, bad file or early end."""
    return Change(document.model_id, document.path, "invalid", problems=document.problems, is_compared=False)


def make_plan(changes: Iterable[Change], *, files: int, safety: Safety, force: bool) -> Plan:
    """The sorted Plan, with the thresholds checked against `files`, the size of the whole folder."""
    ordered = tuple(sorted(changes, key=lambda change: (change.model_id, change.path)))
    problems = () if force else tuple(_over_threshold(ordered, files, safety))
    return Plan(ordered, problems)


def _over_threshold(changes: tuple[Change, ...], files: int, safety: Safety) -> Iterable[Problem]:
    deletes = sum(change.action == "delete" for change in changes)
    touched = deletes + sum(change.action == "update" for change in changes)
    allowed = max(_ALWAYS_ALLOWED, files * safety.max_change_percent // 100)
    if touched > allowed:
        yield Problem(
            "too-many-changes",
            f"{touched} of {files} descriptions would be changed or deleted, more than {allowed} "
            f"(safety.max_change_percent {safety.max_change_percent}, never under {_ALWAYS_ALLOWED}); "
            "look at the diff, then use --force",
        )
    if deletes > safety.max_deletes:
        yield Problem(
            "too-many-changes",
            f"{deletes} descriptions would be deleted, more than safety.max_deletes ({safety.max_deletes}); "
            "look at the diff, then use --force",
        )
