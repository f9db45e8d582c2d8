"""What a terminal shows of an item: one line that heads it, and its diff with the words marked that differ. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from syncjob.control.progress import duration
from syncjob.report.model import Item, Report, Summary
from syncjob.report.summary import counted, may_have_written
from syncjob.text.folding import folded
from syncjob.text.sanitize import one_line, visible
from syncjob.text.words import Span, marked

BOLD, REVERSED, RED, GREEN, YELLOW, MAGENTA, CYAN = "1", "7", "31", "32", "33", "35", "36"
TONES = {"+": GREEN, "-": RED, "@": CYAN}
_ACTIONS = {"create": GREEN, "update": YELLOW, "delete": RED, "conflict": MAGENTA, "invalid": RED}
_TAB = 4  # columns


def paint(text: str, *tones: str | None, color: bool) -> str:
    """The text in some colours, if there are any."""
    before = "".join(f"\x1b[{tone}m" for tone in tones if tone)
    return f"{before}{text}\x1b[0m" if color and before else text


def heading(item: Item, *, color: bool) -> str:
    """`update flux.1-dev +2 -1 (FLUX.1 [dev])`; the counts before a name that may run from right to left."""
    name = f" ({one_line(item.model_name)})" if item.model_name else ""
    action = paint(item.action, BOLD, _ACTIONS.get(item.action), color=color)
    return f"{action} {paint(one_line(item.model_id), BOLD, color=color)}{counts(item, color=color)}{name}"


def counts(item: Item, *, color: bool) -> str:
    """` +2 -1`, without what is 0."""
    numbers = (("+", item.lines_added), ("-", item.lines_removed))
    return "".join(f" {paint(f'{sign}{number:,}', TONES[sign], color=color)}" for sign, number in numbers if number)


def diff_rows(diff: str, width: int, *, color: bool) -> Iterator[str]:
    """A unified diff without its two names, folded; what goes on in another row is indented below its sign."""
    body = diff.removesuffix("\n").split("\n")[2:]
    for is_change, lines in groupby(body, key=lambda line: line[:1] in ("+", "-")):
        changed = list(lines)
        if is_change:
            yield from _block(changed, width, color)
        else:
            for line in changed:
                yield from folded(paint(_shown(line), TONES.get(line[:1]), color=color), width, "   ")


def _block(lines: Sequence[str], width: int, color: bool) -> Iterator[str]:
    """Lines that are taken out, and those that take their place."""
    removed, added = ([_shown(line[1:]) for line in lines if line[:1] == sign] for sign in "-+")
    before, after = (
        marked(removed, added) if color else ([[(line, False)] for line in each] for each in (removed, added))
    )
    for sign, sides in (("-", before), ("+", after)):
        for spans in sides:
            yield from folded(_painted(sign, spans, color), width, f"{sign}  ")


def _painted(sign: str, spans: Sequence[Span], color: bool) -> str:
    """A line with its sign; what differs is reversed."""
    first, *more = spans or [("", False)]
    whole = [(sign + first[0], False), *more] if not first[1] else [(sign, False), first, *more]
    tone = TONES[sign]
    return "".join(paint(text, REVERSED if is_changed else None, tone, color=color) for text, is_changed in whole)


def _shown(text: str) -> str:
    return visible(text).expandtabs(_TAB)


def stat_row(item: Item, *, color: bool) -> str:
    """`update     +2    -1  flux.1-dev (FLUX.1 [dev])`: one of a list whose columns are below each other."""
    name = f" ({one_line(item.model_name)})" if item.model_name else ""
    sizes = (("+", item.lines_added), ("-", item.lines_removed))
    numbers = [paint(f"{f'{sign}{size:,}' if size else '':>6}", TONES[sign], color=color) for sign, size in sizes]
    return f"{paint(f'{item.action:<9}', _ACTIONS.get(item.action), color=color)}{''.join(numbers)}  {one_line(item.model_id)}{name}"


def writes_in_words(summary: Summary) -> str:
    """`1 creation, 2 updates and 1 deletion`."""
    kinds = ((summary.create, "creation"), (summary.update, "update"), (summary.delete, "deletion"))
    return _listed([counted(number, noun) for number, noun in kinds if number])


def skipped_in_words(summary: Summary) -> list[str]:
    """`1 conflict will be skipped.`; nothing if nothing is."""
    conflicts = [counted(summary.conflict, "conflict")] if summary.conflict else []
    skipped = [*conflicts, *([f"{summary.invalid:,} invalid"] if summary.invalid else [])]
    return [f"{_listed(skipped)} will be skipped."] if skipped else []


def ran(report: Report, undo: str) -> list[str]:
    """Of a run that wrote, or may have: its id, how long it took, and the command that undoes it."""
    if not may_have_written(report.summary):
        return []
    began, ended = (datetime.fromisoformat(time) for time in (report.started_at, report.finished_at))
    requests = counted(report.requests.total, "request")
    return [f"Run {report.run}, {duration((ended - began).total_seconds())}, {requests}.", f"Undo: {undo}"]


def _listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *firsts, last = parts
    return f"{', '.join(firsts)} and {last}" if firsts else last
