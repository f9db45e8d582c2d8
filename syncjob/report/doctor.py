"""What the doctor found, as text. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from syncjob.display import one_line, shorten

if TYPE_CHECKING:
    from syncjob.learnt import Finding


@dataclass(frozen=True, slots=True)
class Line:
    """One thing, and how it is with it."""

    verdict: Literal["ok", "warning", "FAILED"]
    subject: str
    text: str


def render_line(line: Line) -> str:
    """`ok       config       …`."""
    return f"{line.verdict:<8} {line.subject:<13} {one_line(line.text)}\n"


def render_findings(findings: "Sequence[Finding]") -> str:
    """A table: what was asked, what was answered, what that means."""
    rows = [("QUESTION", "ANSWER", "SO"), *((f.question, shorten(f.answer, 60), f.meaning) for f in findings)]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "".join(f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}\n" for row in rows)
