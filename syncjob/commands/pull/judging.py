"""What Scenario holds -> what of it a pull adopts, by what git knows."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial

from syncjob.commands.judging import Evidence
from syncjob.commands.pull.merging import Merging
from syncjob.errors import Stopped
from syncjob.git.call import GitFailed
from syncjob.git.worktree import not_checked_out
from syncjob.local import acknowledged
from syncjob.local.acknowledged_lines import FOLDER, Read
from syncjob.local.document import Document
from syncjob.local.names import name_of
from syncjob.output.internal import guarded
from syncjob.plan.acknowledged import not_at_hand
from syncjob.plan.compare import Change, failed, unjudged
from syncjob.plan.pull.adoption import Known, judged, over_own
from syncjob.plan.pull.base import guessed

Fitting = Callable[[Document, Change], Change]


@dataclass(frozen=True, slots=True)
class Adoption:
    """What becomes of a file. `existing_sha256` is of Scenario's text, None for none; `is_read`: that was asked for.

    `is_adopted`: the file is to have Scenario's text, or all its changes. `mark` is that of a file without a text.
    """

    change: Change
    existing_sha256: str | None = None
    is_read: bool = False
    is_adopted: bool = False
    mark: tuple[int, ...] | None = None


class Judge:
    """Judges the changes of a pull; `merging` is None if no sides are merged. `fitting` says what cannot be a file."""

    def __init__(self, evidence: Evidence, fitting: Fitting, merging: Merging | None) -> None:
        self._evidence = evidence
        self._run = evidence.run
        self._texts = evidence.texts
        self._fitting = fitting
        self._merging = merging

    def adoptions(self, found: Iterable[tuple[Document, Change]]) -> Iterator[Adoption]:
        """What becomes of each; after a stop the rest unjudged."""
        for document, change in found:
            yield self._adoption(document, change)

    def _adoption(self, document: Document, change: Change) -> Adoption:
        if not change.is_compared or change.failure or change.action == "invalid":
            return Adoption(change)
        if self._run.stop.requested:
            return Adoption(unjudged(change))
        try:
            result = guarded(partial(self._judged, document, change), partial(failed, change))
            is_adopted = result.is_write or any(problem.code == "merged" for problem in result.problems)
            if is_adopted:
                result, is_adopted = self._at_hand(result)
        except Stopped:
            return Adoption(unjudged(change))
        return Adoption(result, change.after_sha256, is_read=True, is_adopted=is_adopted, mark=document.mark)

    def _at_hand(self, change: Change) -> tuple[Change, bool]:
        """The change, refused if the model's lines are not at hand, and whether it goes on."""
        try:
            return (not_at_hand(change), False) if change.model_id in self._not_at_hand else (change, True)
        except GitFailed as error:
            return not_at_hand(change, str(error)), False

    @cached_property
    def _not_at_hand(self) -> frozenset[str]:
        return not_checked_out(self._run.config.folder, FOLDER, self._run.git)

    def _judged(self, document: Document, change: Change) -> Change:
        if not change.is_write:
            is_empty = change.before_sha256 is not None and change.after_sha256 is None
            return self._evidence.emptied(change) if is_empty else change
        is_special = any(problem.code == "file-special" for problem in document.problems)
        if not (is_special or self._run.options.back):
            change = self._by_git(document, change)
        fitting = self._fitting(document, change) if change.is_write else change
        if not (fitting.action == "update" and change.before):
            return fitting
        if self._merging is None:
            base = guessed(change.before, change.after, self._texts.of(name_of(change.model_id)))
            return over_own(fitting, base, is_written_here=self._evidence.wrote(change, change.after_sha256))
        merged = self._merging.merged(document, change)
        return self._fitting(document, merged) if merged.is_write else merged

    def _by_git(self, document: Document, change: Change) -> Change:
        name, options = name_of(change.model_id), self._run.options
        known = Known(
            versions=self._texts.of(name, change.after),
            elsewhere=self._texts.elsewhere(name),
            acknowledged=self._own(self._evidence.committed.of(change.model_id)),
            uncommitted=self._uncommitted(document),
            form=self._evidence.last_writes.of(change.model_id).form,
            gap=lambda: self._texts.gap(name) or self._texts.fault(name) or self._evidence.committed.fault,
        )
        return judged(change, known, is_named=change.model_id in options.patterns)

    def _uncommitted(self, document: Document) -> frozenset[str]:
        """What only the working tree acknowledges; nothing of a file in which an earlier merge is still unfinished."""
        if any(problem.code == "merge-marker" for problem in document.problems):
            return frozenset()
        return self._own(acknowledged.read(self._run.config.folder, document.model_id))

    def _own(self, read: Read) -> frozenset[str]:
        return frozenset(line.sha256 for line in read.counted if line.profile == self._run.config.profile)


def with_changes(adoptions: Iterable[Adoption], changes: Iterable[Change]) -> list[Adoption]:
    """The same adoptions with these changes, of which some may be none any more."""
    return [
        replace(each, change=change, is_adopted=each.is_adopted and change.action != "invalid")
        for each, change in zip(adoptions, changes, strict=True)
    ]
