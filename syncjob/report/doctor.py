"""What the doctor found, as text. Pure."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from syncjob.text.sanitize import one_line, shorten

if TYPE_CHECKING:
    from syncjob.state.probe_results import Finding

_WIDTH = 80


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
    """Each question, and below it what was answered and what that means."""
    lines = (
        line
        for each in findings
        for line in (each.question, *_wrapped(f"{shorten(each.answer, 60)} -> {each.meaning}"))
    )
    return "".join(f"{line}\n" for line in lines)


def _wrapped(text: str) -> Sequence[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="     ", break_on_hyphens=False)
