"""What a run would write and git does not have as it is."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cached_property

from syncjob.commands.run import Run
from syncjob.errors import Stopped
from syncjob.git.call import EndedEarly
from syncjob.git.history.texts import Texts
from syncjob.git.worktree import uncommitted
from syncjob.local.names import name_of
from syncjob.plan.compare import Change, Plan
from syncjob.plan.uncommitted import uncommitted_texts
from syncjob.problems import warning
from syncjob.text.canonical import same


class Uncommitted:
    """The files that git does not have as they are. It is asked once, and only if that matters."""

    def __init__(self, run: Run) -> None:
        self.fault: str | None = None  # why git could not tell all, if it was ended
        self._run = run

    @cached_property
    def _names(self) -> frozenset[str] | None:
        """None if git cannot tell, or the run ended before."""
        try:
            return uncommitted(self._run.config.folder, self._run.git)
        except Stopped:
            pass
        except EndedEarly as error:
            self.fault = str(error)
        return None

    def holds(self, change: Change) -> bool:
        """Whether git is known not to have a change's file as it is."""
        return self._names is not None and name_of(change.model_id) in self._names

    def is_committed(self, change: Change) -> bool:
        """Whether git is known to have a change's file just as it is."""
        return self._names is not None and name_of(change.model_id) not in self._names


def noted(plans: Iterable[Plan], unsaved: Uncommitted, texts: Texts, *, will_write: bool) -> Iterator[Plan]:
    """The plans, with a warning if texts are to be written that git never held: one a slice, or one if none is.

    Each such change says so too, for the journal.
    """
    lacking: list[str] = []
    for bare in plans:
        plan = bare
        with suppress(Stopped):
            plan = _marked(bare, unsaved, texts)
        lacking += [change.model_id for change in plan.writes if change.is_uncommitted]
        if lacking and not plan.is_partial and (will_write or not plan.rest):
            plan = replace(plan, problems=(*plan.problems, uncommitted_texts(lacking)))
            lacking = []
        if unsaved.fault:
            message = f"git cannot tell which of these files are committed: {unsaved.fault}"
            plan = replace(plan, problems=(*plan.problems, warning("git-unknown", message)))
            unsaved.fault = None
        yield plan


def _marked(plan: Plan, unsaved: Uncommitted, texts: Texts) -> Plan:
    lacking = {change.model_id for change in plan.writes if _is_uncommitted(change, unsaved, texts)}
    if not lacking:
        return plan
    changes = (replace(change, is_uncommitted=change.model_id in lacking) for change in plan.changes)
    return replace(plan, changes=tuple(changes))


def _is_uncommitted(change: Change, unsaved: Uncommitted, texts: Texts) -> bool:
    if change.action == "delete" or not unsaved.holds(change):
        return False
    return not any(same(version.text, change.after) for version in texts.of(name_of(change.model_id), change.after))
