"""What a run would write and git does not have as it is."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cached_property

from syncjob.commands.run import Run
from syncjob.errors import Stopped
from syncjob.git.history import Texts
from syncjob.git.worktree import uncommitted
from syncjob.local.document import name_of
from syncjob.plan.compare import Change, Plan
from syncjob.problems import warning
from syncjob.text.canonical import same

_UNSAVED = warning(
    "file-uncommitted",
    "git does not have this text, so the next sync elsewhere would take it for an edit on Scenario; commit it first",
)


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


def noted(plans: Iterable[Plan], unsaved: Uncommitted, texts: Texts) -> Iterator[Plan]:
    """The plans, with a warning at each text that is to be written and that git never held."""
    for plan in plans:
        with suppress(Stopped):
            plan = replace(plan, changes=tuple(_noted(change, unsaved, texts) for change in plan.changes))
        yield plan


def _noted(change: Change, unsaved: Uncommitted, texts: Texts) -> Change:
    if change.action not in ("create", "update") or not unsaved.holds(change) or _is_held(change, texts):
        return change
    return replace(change, problems=(*change.problems, _UNSAVED))


def _is_held(change: Change, texts: Texts) -> bool:
    return any(same(version.text, change.after) for version in texts.of(name_of(change.model_id)))
