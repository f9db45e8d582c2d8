"""How a run ended, as an exit status and as a problem of the run. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from syncjob.problems import Failure, Problem
from syncjob.report.model import Item

_UNFINISHED = frozenset({"failed", "refused", "not_attempted"})
_CHANGING = frozenset({"create", "update", "delete"})


@dataclass(frozen=True, slots=True)
class End:
    """Why a run ended before its work was done; all None and False where it did not.

    `signal` is the number of the signal; `failure` the one that ended the run, and `is_tripped`
    says that it was the last of too many in a row. `is_due` says that the run's time was over, and
    `resume` how it is gone on with, "" where that is no use. `has_sent` says that a request was sent
    that writes, whatever became of it.
    """

    reason: str | None = None
    signal: int | None = None
    failure: Failure | None = None
    is_tripped: bool = False
    is_due: bool = False
    resume: str = ""
    has_sent: bool = False

    def problems(self) -> Iterator[Problem]:
        """The early end as a problem of the run; nothing where it did not end early."""
        if self.reason is None:
            return
        code = "interrupted" if self.failure is None or self.signal is not None else self.failure.code
        advice = f"; go on with {self.resume}" if self.resume else ""
        yield Problem(code, f"stopped early: {self.reason}{advice}")


def exit_code(end: End, items: Collection[Item], problems: Sequence[Problem], *, changes_are_3: bool) -> int:
    """The exit status of a run, as docs/interface.md lists them.

    `changes_are_3` is `--exit-code` on a dry run.
    """
    if end.signal is not None:
        return 128 + end.signal
    if end.failure and end.failure.code == "unauthorized" and not end.has_sent:
        return 2
    if end.is_due or (end.failure and (end.is_tripped or end.failure.code == "plan-limit")):
        return 4
    if any(problem.is_error for problem in problems) or any(item.status in _UNFINISHED for item in items):
        return 1
    return 3 if changes_are_3 and any(item.action in _CHANGING for item in items) else 0
