"""Unified diffs as coloured lines. Pure."""

from collections.abc import Sequence

from syncjob.report.html.escape import escape

_TONES = {"+": "add", "-": "cut", "@": "hunk"}


def source_diff(summary: str, lines: Sequence[str], note: str = "") -> str:
    """A folded diff under a summary, which is HTML; nothing where there are no lines."""
    if not lines:
        return ""
    body = "".join([*(_line(line, "file") for line in lines[:2]), *(_line(line, _tone(line)) for line in lines[2:])])
    return (
        f'<details class="source"><summary>{summary}</summary>{note}'
        f'<pre class="diff" tabindex="0"><code>{body}</code></pre></details>'
    )


def _tone(line: str) -> str:
    return _TONES.get(line[:1], "")


def _line(line: str, tone: str) -> str:
    shown = escape(line) + "\n"
    return f'<span class="{tone}">{shown}</span>' if tone else shown
