"""The descriptions that a run reads although it remembers them: those that were read longest ago."""

from collections.abc import Sequence
from functools import partial
from typing import Literal

from syncjob.commands.reading import in_parallel
from syncjob.commands.run import Run
from syncjob.errors import ScenarioError
from syncjob.output.internal import guarded
from syncjob.plan.existing import Existing, Held
from syncjob.problems import Failure, Problem, warning
from syncjob.state.memory.cache import Memory
from syncjob.state.memory.file import Seen
from syncjob.text.canonical import sha256

_SHOWN = 3
# `changed`: the memory may be right about it, or nobody knows; it is read like what is not remembered.
Finding = Literal["right", "wrong", "changed"]


def audited(run: Run, memory: Memory) -> tuple[Problem, ...]:
    """Reads the memory's oldest before anything is believed; if any is wrong it is off, and a warning says so."""
    due = memory.due(run.config.http.audit) if memory.is_on and not run.options.refresh else []
    right: list[Seen] = []
    wrong: list[Seen] = []
    for seen, (finding, failure) in in_parallel(run, due, partial(_finding, run), len(due)):
        run.breaker.note(failure)
        if finding == "changed":
            memory.drop([seen.model_id])
        else:
            (right if finding == "right" else wrong).append(seen)
    if wrong:
        memory.give_up()
        return (_problem(wrong, len(due)),)
    memory.remember((seen.model_id, seen.sha256) for seen in right)
    return ()


def _finding(run: Run, seen: Seen) -> tuple[Finding, Failure | None]:
    return guarded(partial(_looked_at, run, seen), lambda failure: ("changed", failure))


def _looked_at(run: Run, seen: Seen) -> tuple[Finding, Failure | None]:
    """Whether Scenario holds what is remembered; what it does not is read twice, and its `updatedAt` looked up again."""
    for _ in range(2):
        existing = run.remote.read(seen.model_id)
        if isinstance(existing, Failure):
            return "changed", existing
        if _digest(existing) == seen.sha256:
            return "right", None
    try:
        rows = run.client.models.get_bulk([seen.model_id], project_id=run.config.project_id)
    except ScenarioError as error:
        return "changed", Failure.of(error)
    is_as_listed = any(row.updated_at == seen.updated_at for row in rows if row.id == seen.model_id)
    return ("wrong" if is_as_listed else "changed"), None


def _digest(existing: Existing) -> str | None:
    return sha256(existing.text) if isinstance(existing, Held) else None


def _problem(wrong: Sequence[Seen], count: int) -> Problem:
    ids = ", ".join(seen.model_id for seen in wrong[:_SHOWN])
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    what = f"{len(wrong)} of {count} texts that were read again ({ids}{more}) are not those that are remembered"
    why = "though `updatedAt` has not moved, so everything is read and the memory starts anew"
    return warning("memory-wrong", f"{what}, {why}; if this comes back, run `syncjob doctor --probe MODEL_ID`")
