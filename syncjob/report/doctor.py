"""What the doctor found, as text. Pure."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from syncjob.state.probe_results import Finding
from syncjob.text.folding import folded
from syncjob.text.sanitize import one_line, shorten

_WIDTH = 80
_ROOMY = 60  # columns of a terminal in which a text may have its own column
_TONES = {"ok": "32", "warning": "33", "FAILED": "31", "unknown": "36"}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing, and how it is with it."""

    verdict: Literal["ok", "warning", "FAILED", "unknown"]
    subject: str
    text: str


def render_line(line: Line, *, color: bool = False, width: int | None = None) -> str:
    """`ok       config       …`, folded below its text if there is a width."""
    verdict = f"{line.verdict:<8}"
    painted = f"\x1b[{_TONES[line.verdict]}m{verdict}\x1b[0m" if color else verdict
    subject = f" {line.subject:<13} "
    whole = f"{painted}{subject}{one_line(line.text)}"
    if width is None:
        return f"{whole}\n"
    hanging = " " * len(verdict + subject) if width >= _ROOMY else "  "
    return "".join(f"{row}\n" for row in folded(whole, width, hanging))


def render_findings(findings: Sequence[Finding]) -> str:
    """Each question, and below it what was answered and what that means."""
    return "".join(f"{each.question}\n{_answered(each)}\n" for each in findings)


def _answered(finding: Finding) -> str:
    text = f"{shorten(finding.answer, 60)} -> {finding.meaning}"
    return textwrap.fill(text, _WIDTH, initial_indent="  ", subsequent_indent="     ", break_on_hyphens=False)
