"""Documents x remote texts -> Plan: what a run would do, as sorted frozen values. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from syncjob.config.config import Safety
from syncjob.local.document import Document
from syncjob.plan.existing import Existing, Held
from syncjob.plan.references import Catalogue, Record, model_unknown, problems_of
from syncjob.problems import Failure, Problem, warning
from syncjob.text.canonical import same, sha256
from syncjob.text.tags import Tag

Action = Literal["create", "update", "delete", "unchanged", "conflict", "invalid"]
WRITES: frozenset[Action] = frozenset({"create", "update", "delete"})
_ALWAYS_ALLOWED = 10


@dataclass(frozen=True, slots=True)
class Base:
    """The version in git that a text on Scenario was most likely made from; `commit` is a full hash."""

    commit: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """What is to happen to one description.

    `before` is what Scenario holds and `after` what the file says, both canonical, "" for none, and
    both "" where nothing is to be written: the digests stay. `invalid` is also the action of an
    item that cannot be compared, with the reason in `problems` or `failure`.
    `read_at` is when `before` was read, in seconds of the run's clock. `known` is what is known of
    the things that `before` refers to, and once they are looked up of those that `after` refers to.
    `base` stands where `before` is no version that git held. `source` names what `after` is from, where not the file.
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
    base: Base | None = None
    source: str | None = None

    @property
    def is_write(self) -> bool:
        return self.action in WRITES

    @property
    def is_blocked(self) -> bool:
        """Whether this item alone is enough to refuse a run."""
        return self.failure is not None or self.action in ("conflict", "invalid")


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes, sorted by model id, and the problems of the plan as a whole.

    A long run is planned in slices, each a Plan of its own; `rest` is how many descriptions it does
    not cover. One that `is_partial` has nothing to write, and the rest of its slice follows.
    """

    changes: tuple[Change, ...]
    problems: tuple[Problem, ...] = ()
    rest: int = 0
    is_partial: bool = False

    @property
    def writes(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.is_write)

    @property
    def is_stopped(self) -> bool:
        """Whether a problem of the plan as a whole keeps every run from writing."""
        return any(problem.is_error for problem in self.problems)

    @property
    def is_refused(self) -> bool:
        """Whether a run without `--keep-going` may not write at all."""
        return self.is_stopped or any(change.is_blocked for change in self.changes)


def compare(document: Document, existing: Existing) -> Change:
    """What a valid document and what exists make: create, update, delete, unchanged, or cannot be compared.

    The document of a file that is gone has no text.

    An Absent is a `create` only if the model exists; `exists` is False until that is looked up.
    """
    after_sha256 = sha256(document.text)
    base = Change(document.model_id, document.path, "invalid", after_sha256=after_sha256, problems=document.problems)
    if isinstance(existing, Failure):
        return replace(base, failure=existing)
    before = existing.text if isinstance(existing, Held) else ""
    action: Action = "create" if not before else "update" if document.text else "delete"
    if same(document.text, before):
        before_sha256 = after_sha256 if before == document.text else sha256(before)
        return replace(base, action="unchanged", before_sha256=before_sha256)
    return replace(
        base,
        action=action,
        before=before,
        after=document.text,
        before_sha256=sha256(before),
        tags=document.tags,
        read_at=existing.read_at,
        known=existing.known if isinstance(existing, Held) else (),
        exists=isinstance(existing, Held),
    )


def with_references(change: Change, catalogue: Catalogue) -> Change:
    """The change with its model's name and what is known of the things that it refers to.

    `invalid` where the model or something that it refers to does not exist, or could not be
    looked up; the texts stay, so that a diff can be shown all the same.
    """
    model = catalogue.record("model", change.model_id)
    catalogue = catalogue.with_known(change.known)
    change = replace(change, model_name=model.name if model else None, known=_known(change, catalogue))
    if not change.is_write:
        return change
    failure = catalogue.failure("model", change.model_id) if not change.exists else None
    problems = change.problems
    if not change.exists and model is None and failure is None:
        problems += (model_unknown(),)
    found, failed = problems_of(change.after, change.tags, model, catalogue)
    problems += found
    failure = failure or failed
    is_invalid = failure is not None or any(problem.is_error for problem in problems)
    return replace(
        change,
        action="invalid" if is_invalid else change.action,
        problems=problems,
        failure=failure,
    )


def _known(change: Change, catalogue: Catalogue) -> tuple[Record, ...]:
    found = (catalogue.record(tag.kind, tag.id) for tag in change.tags)
    return tuple(dict.fromkeys((*change.known, *(record for record in found if record))))


def not_compared(document: Document) -> Change:
    """The place of a document that a run did not come to compare, bad file or early end."""
    return Change(document.model_id, document.path, "invalid", problems=document.problems, is_compared=False)


def unjudged(change: Change) -> Change:
    """The place of a change that a run that was stopped did not come to judge."""
    return Change(change.model_id, change.path, "invalid", problems=change.problems, is_compared=False)


def failed(change: Change, failure: Failure) -> Change:
    """A change that came to nothing."""
    return replace(change, action="invalid", failure=failure)


def confirmed(document: Document) -> Change:
    """A document whose text Scenario is known to hold; it is not asked again."""
    digest = sha256(document.text)
    return Change(
        document.model_id,
        document.path,
        "unchanged",
        before_sha256=digest,
        after_sha256=digest,
        problems=document.problems,
    )


def left_alone(document: Document) -> Change:
    """A file that is gone, where nobody asked for its description to be deleted; Scenario is not asked."""
    message = "deleted here; its description stays on Scenario, --prune deletes it too"
    return Change(document.model_id, document.path, "unchanged", problems=(warning("deleted-locally", message),))


@dataclass(frozen=True, slots=True)
class Tally:
    """How many descriptions a run would change, and how many of them it would delete."""

    touched: int = 0
    deleted: int = 0

    def plus(self, changes: Iterable[Change]) -> "Tally":
        actions = Counter(change.action for change in changes)
        return Tally(self.touched + actions["update"] + actions["delete"], self.deleted + actions["delete"])


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes as a Plan has them."""
    return tuple(sorted(changes, key=lambda change: (change.model_id, change.path)))


def over_threshold(tally: Tally, files: int, safety: Safety, *, is_emptied: bool = False) -> Iterator[Problem]:
    """Why a run that changes so much of `files`, how many there are in all, needs `--force`.

    `is_emptied` says that the folder holds nothing any more.
    """
    allowed = max(_ALWAYS_ALLOWED, files * safety.max_change_percent // 100)
    if tally.touched > allowed:
        yield Problem(
            "too-many-changes",
            f"{tally.touched} of {files} descriptions would be changed or deleted, more than {allowed} "
            f"(safety.max_change_percent {safety.max_change_percent}, never under {_ALWAYS_ALLOWED}); "
            "look at the diff, then use --force",
        )
    if tally.deleted and is_emptied:
        yield Problem(
            "too-many-changes",
            f"the folder holds no description any more, and {tally.deleted} would be deleted on Scenario; "
            "look at the diff, then use --force",
        )
    if tally.deleted > safety.max_deletes:
        yield Problem(
            "too-many-changes",
            f"{tally.deleted} descriptions would be deleted, more than safety.max_deletes ({safety.max_deletes}); "
            "look at the diff, then use --force",
        )
