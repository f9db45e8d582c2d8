"""What is wrong, as values: a Problem of a file, a plan or a response; the Failure of a call."""

from dataclasses import dataclass
from typing import Literal

from syncjob.errors import ScenarioError

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where and what to do; `line` and `column` count from 1, in characters.

    `path` is the file of a problem that belongs to no item; `code` is one of the fixed problem codes of docs/interface.md.
    An error keeps its item from being written; a warning does not, and a note only says why something is as it is.
    A `remote-edited` that is `doubtful` may be no edit of anybody.
    """

    code: str
    message: str
    line: int | None = None
    column: int | None = None
    severity: Severity = "error"
    path: str | None = None
    doubtful: bool = False

    @property
    def is_error(self) -> bool:
        return self.severity == "error"


# What a person chose who was asked; by a no, the end of input or a signal.
CALLED_OFF = Problem("called-off", "cancelled; nothing was written")


def warning(code: str, message: str, line: int | None = None, column: int | None = None) -> Problem:
    """A problem that is worth saying and stops nothing."""
    return Problem(code, message, line, column, severity="warning")


def note(code: str, message: str) -> Problem:
    """Why something is as it is, which is no reason for concern."""
    return Problem(code, message, severity="note")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a call failed: a ScenarioError without its traceback, which would keep bodies alive.

    `is_fatal` says that the next call would fail in the same way: the run has to end.
    """

    code: str
    message: str
    http_status: int | None = None
    attempts: int = 1
    is_fatal: bool = False

    @classmethod
    def of(cls, error: ScenarioError) -> "Failure":
        return cls(error.code, error.message, error.http_status, error.attempts, error.fatal)
