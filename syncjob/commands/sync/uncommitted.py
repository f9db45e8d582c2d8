"""What a run would write and git does not have as it is."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cached_property

from syncjob.commands.run import Run
from syncjob.errors import Stopped
from syncjob.git.history.texts import Texts
from syncjob.git.worktree import uncommitted
from syncjob.local.names import name_of
from syncjob.plan.compare import Change, Plan
from syncjob.plan.uncommitted import uncommitted_texts
from syncjob.text.canonical import same


class Uncommitted:
    """The files that git does not have as they are. It is asked once, and only if that matters."""

    def __init__(self, run: Run) -> None:
        self._run = run

    @cached_property
    def _names(self) -> frozenset[str] | None:
        """None if git cannot tell, or the run ended before."""
        with suppress(Stopped):
            return uncommitted(self._run.config.folder, self._run.git)
        return None

    def holds(self, change: Change) -> bool:
        """Whether git is known not to have a change's file as it is."""
        return self._names is not None and name_of(change.model_id) in self._names

    def is_committed(self, change: Change) -> bool:
        """Whether git is known to have a change's file just as it is."""
        return self._names is not None and name_of(change.model_id) not in self._names


def noted(plans: Iterable[Plan], unsaved: Uncommitted, texts: Texts, *, will_write: bool) -> Iterator[Plan]:
    """The plans, with a warning if texts are to be written that git never held: one a slice, or one if none is."""
    lacking: list[str] = []
    for plan in plans:
        with suppress(Stopped):
            lacking += [change.model_id for change in plan.writes if _is_lacking(change, unsaved, texts)]
        if lacking and not plan.is_partial and (will_write or not plan.rest):
            yield replace(plan, problems=(*plan.problems, uncommitted_texts(lacking)))
            lacking = []
        else:
            yield plan


def _is_lacking(change: Change, unsaved: Uncommitted, texts: Texts) -> bool:
    if change.action == "delete" or not unsaved.holds(change):
        return False
    return not any(same(version.text, change.after) for version in texts.of(name_of(change.model_id), change.after))
