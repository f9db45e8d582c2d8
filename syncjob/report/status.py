"""How a run ended, as an exit status and as a problem of the run. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from syncjob.plan.compare import WRITES
from syncjob.problems import Failure, Problem
from syncjob.report.item_store import notable
from syncjob.report.model import Item
from syncjob.report.summary import needs_a_look

_UNFINISHED = frozenset({"failed", "refused", "not_attempted"})


@dataclass(frozen=True, slots=True)
class End:
    """Why a run ended before its work was done; all None and False if it did not.

    `signal` is the number of the signal; `failure` the one that ended the run, the last of too many in a row if
    `is_tripped`. `is_due`: the run's time was over; `is_given_up`: Scenario admitted nothing any more. `resume` says how to continue, "" if that is no use.
    `has_sent`: a request was sent that writes, whatever became of it. `has_begun`: anything at all was found out.
    """

    reason: str | None = None
    signal: int | None = None
    failure: Failure | None = None
    is_tripped: bool = False
    is_due: bool = False
    is_given_up: bool = False
    resume: str = ""
    has_sent: bool = False
    has_begun: bool = True

    def problems(self) -> Iterator[Problem]:
        """The early end, if it was one, as a problem of the run."""
        if self.reason is not None:
            code = "rate-limited" if self.is_given_up else self.failure.code if self.failure else "interrupted"
            code = "interrupted" if self.signal is not None else code
            advice = f"; continue with {self.resume}" if self.resume else ""
            yield Problem(code, f"{'stopped early: ' if self.has_begun else ''}{self.reason}{advice}")


def exit_code(end: End, items: Collection[Item], problems: Sequence[Problem], *, changes_are_3: bool) -> int:
    """The exit status of a run, as docs/interface.md lists them: of those that hold the first.

    `changes_are_3` is `--exit-code` on a dry run.
    """
    code = end.failure.code if end.failure else None
    statuses = (
        (128 + (end.signal or 0), end.signal is not None),
        (2, code == "unauthorized" and not end.has_sent),
        (4, end.is_due or end.is_given_up or code == "plan-limit" or (end.failure and end.is_tripped)),
        (1, any(problem.is_error for problem in problems) or any(map(_is_unfinished, notable(items)))),
        (3, changes_are_3 and any(item.action in WRITES for item in notable(items))),
    )
    return next((status for status, holds in statuses if holds), 0)


def _is_unfinished(item: Item) -> bool:
    return item.status in _UNFINISHED or needs_a_look(item)
