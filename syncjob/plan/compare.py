"""Documents x remote texts -> Plan: what a run would do, as sorted frozen values. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from syncjob.git.history.texts import Version
from syncjob.local.document import Document
from syncjob.plan.existing import Existing, Held
from syncjob.plan.references import Catalogue, Entry, model_unknown, problems_of
from syncjob.problems import Failure, Problem, warning
from syncjob.text.canonical import canonical, same, sha256
from syncjob.text.tags import Tag

Action = Literal["create", "update", "delete", "unchanged", "conflict", "invalid"]
EMPTIED = "remote-emptied"
WRITES: frozenset[Action] = frozenset({"create", "update", "delete"})


@dataclass(frozen=True, slots=True)
class Change:
    """What is to happen to one description: `after` is to replace `before`.

    In a sync `before` is what Scenario holds and `after` what the file says; a pull has them the other way round, and
    a rollback's `after` is from a journal, named by `source`. Both are canonical, "" for no text, and both ""
    if nothing is to be written: the digests stay. `invalid` is also the action of an item that cannot be compared,
    with the reason in `problems` or `failure`. `read_at` is when `before` was read, in seconds of the run's clock.
    `known` is what is known of the things that `before` refers to, and after a look-up of those of `after`.
    `stamp` is the `updatedAt` of the model from before `before` was read, None if it tells nothing.
    `base` is the version in git that `before` was most likely edited from. `is_uncommitted`: git does not have `after`.
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
    stamp: str | None = None
    known: tuple[Entry, ...] = ()
    is_compared: bool = True
    exists: bool = True
    base: Version | None = None
    source: str | None = None
    is_uncommitted: bool = False

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
        return tuple(change for change in self.changes if change.action in WRITES)

    @property
    def is_stopped(self) -> bool:
        """Whether a problem of the plan as a whole keeps every run from writing."""
        return any(problem.is_error for problem in self.problems)

    @property
    def is_refused(self) -> bool:
        """Whether a run without `--keep-going` may not write at all."""
        return self.is_stopped or any(change.is_blocked for change in self.changes)


def compare(document: Document, existing: Existing) -> Change:
    """What a valid document and what exists make; the document of a file that is gone has no text.

    An Absent is a `create` only if the model exists; `exists` is False until that is looked up.
    """
    bare = Change(document.model_id, document.path, "invalid", after=document.text, problems=document.problems)
    change = over(bare, existing)
    known = existing.known if isinstance(existing, Held) else ()
    return replace(change, tags=document.tags, known=known) if change.is_write else change


def over(bare: Change, existing: Existing) -> Change:
    """The change that puts the `after` of `bare`, which has no other side yet, in the place of what exists."""
    desired = canonical(bare.after)
    after_sha256 = sha256(desired)
    if isinstance(existing, Failure):
        return replace(bare, after="", after_sha256=after_sha256, failure=existing)
    before = existing.text if isinstance(existing, Held) else ""
    before_sha256 = after_sha256 if before == desired else sha256(before)
    bare = replace(bare, exists=isinstance(existing, Held))
    if same(desired, before):
        return replace(bare, action="unchanged", after="", before_sha256=before_sha256, after_sha256=after_sha256)
    return replace(
        bare,
        action="create" if not before else "update" if bare.after else "delete",
        before=before,
        before_sha256=before_sha256,
        after_sha256=after_sha256,
        read_at=existing.read_at,
    )


def with_references(change: Change, catalogue: Catalogue) -> Change:
    """The change with its model's name and what is known of all that it refers to; `invalid` unless all of it exists."""
    model = catalogue.entry("model", change.model_id)
    catalogue = catalogue.with_known(change.known)
    change = replace(change, model_name=model.name if model else None, known=_known(change, catalogue))
    if not change.is_write:
        return change
    failure = catalogue.failure("model", change.model_id) if not change.exists else None
    problems = change.problems
    if not change.exists and model is None and failure is None:
        problems = (*(each for each in problems if each.code != EMPTIED), model_unknown())
    found, failed = problems_of(change.after, change.tags, model, catalogue)
    problems += found
    failure = failure or failed
    is_invalid = failure is not None or any(problem.is_error for problem in problems)
    return replace(change, action="invalid" if is_invalid else change.action, problems=problems, failure=failure)


def _known(change: Change, catalogue: Catalogue) -> tuple[Entry, ...]:
    found = (catalogue.entry(tag.kind, tag.id) for tag in change.tags)
    return tuple(dict.fromkeys((*change.known, *(entry for entry in found if entry))))


def not_compared(document: Document) -> Change:
    """The place of a document that was not compared: a bad file, or the run ended early."""
    digest = document.unread_sha256 or sha256(document.text)
    bare = Change(document.model_id, document.path, "invalid", problems=document.problems, is_compared=False)
    return replace(bare, after_sha256=digest)


def unjudged(change: Change) -> Change:
    """The place of a change that was not judged before the run ended."""
    return Change(change.model_id, change.path, "invalid", problems=change.problems, is_compared=False)


def failed(change: Change, failure: Failure) -> Change:
    """A change that failed before it was judged or looked up."""
    return replace(change, action="invalid", failure=failure)


def in_step(model_id: str, path: str, digest: str | None, problems: tuple[Problem, ...] = ()) -> Change:
    """A document whose text, by its digest, Scenario holds."""
    return Change(model_id, path, "unchanged", before_sha256=digest, after_sha256=digest, problems=problems)


def left_alone(document: Document) -> Change:
    """A file that is gone, without `--prune`; Scenario is not asked."""
    message = "deleted here; its description stays on Scenario, --prune deletes it too"
    return Change(document.model_id, document.path, "unchanged", problems=(warning("deleted-locally", message),))


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes as a Plan has them."""
    return tuple(sorted(changes, key=lambda change: (change.model_id, change.path)))
