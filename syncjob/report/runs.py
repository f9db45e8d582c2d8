"""The list of runs, for people and scripts. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from syncjob.plan.compare import WRITES
from syncjob.report.json import indented
from syncjob.report.summary import nonzero
from syncjob.state.journal import Begin, Finish, Intent, Record, Result
from syncjob.state.past_runs import effect_of
from syncjob.text.folding import folded
from syncjob.text.sanitize import shorten

_OUT_OF_TIME = 4  # the exit status of a run whose time or limit was over
_SIGNAL = 128  # and with the signal's number of one that a signal ended
_HEADS = ("RUN", "COMMAND", "PROFILE", "BASE URL", "STARTED", "RESULT")
_SPARED = ("STARTED", "BASE URL")  # on a narrow terminal, in this order
_CELL = 60  # characters; a journal may come from somebody else, and say what it likes
_NAMED = 3  # models of a run
_BELOW = "    "


class RunModel(msgspec.Struct, frozen=True):
    """A model that a run wrote, or may have written; journals of older versions do not say its name."""

    model_id: str
    model_name: str | None


class RunRow(msgspec.Struct, frozen=True):
    """A run as `syncjob runs` lists it; `finished_at`, `exit_code` and `not_attempted` are null if it broke off.

    `planned` is how many writes it was to make, as far as is known: of one that broke off, those of the slices that it
    began.
    """

    run: str
    command: str
    profile: str
    started_at: str
    finished_at: str | None
    exit_code: int | None
    writes: int
    applied: int
    failed: int
    refused: int
    base_url: str
    not_attempted: int | None
    planned: int = 0
    is_under_way: bool = False
    models: tuple[RunModel, ...] = ()


def render_text(rows: Sequence[RunRow], width: int | None = None) -> str:
    """One line a run, its columns aligned, under a heading, and below it the models by name; a sentence if there is none.

    A terminal's `width` may be too small for all: then STARTED goes, which the id says too, and then BASE URL.
    """
    if not rows:
        return "No run has written anything yet.\n"
    columns = list(zip(_HEADS, *map(_cells, rows), strict=True))
    lines = _below(_aligned(columns) if width is None else _fitting(columns, width), ["", *map(_models, rows)])
    if width is not None:
        lines = (row for line in lines for row in folded(line, width, _BELOW if line.startswith(_BELOW) else "  "))
    return "".join(f"{line}\n" for line in lines)


def _fitting(columns: Sequence[Sequence[str]], width: int) -> list[str]:
    for head in _SPARED:
        if max(map(len, _aligned(columns))) > width:
            columns = [column for column in columns if column[0] != head]
    return _aligned(columns)


def _below(lines: Sequence[str], models: Sequence[str]) -> Iterator[str]:
    for line, names in zip(lines, models, strict=True):
        yield line
        yield from [f"{_BELOW}{names}"] if names else []


def _aligned(columns: Sequence[Sequence[str]]) -> list[str]:
    padded = ([cell.ljust(max(map(len, column))) for cell in column] for column in columns)
    return ["  ".join(cells).rstrip() for cells in zip(*padded, strict=True)]


def render_json(rows: Sequence[RunRow]) -> str:
    """The same as a JSON array."""
    return indented(rows) + "\n"


def _cells(row: RunRow) -> tuple[str, ...]:
    counts = (row.failed, "failed"), (row.refused, "refused"), (row.not_attempted, "not attempted")
    parts = [f"{row.applied} of {max(row.planned, row.writes)} applied", *nonzero(*counts), *_cut(row)]
    cells = (row.run, row.command, row.profile, row.base_url, row.started_at)
    return *(shorten(cell, _CELL) for cell in cells), ", ".join(parts)


def _models(row: RunRow) -> str:
    """`flux.1-dev (FLUX.1 [dev]), x and 2 more`; "" if the journal has no names."""
    if not any(each.model_name for each in row.models):
        return ""
    named = (
        shorten(f"{each.model_id} ({each.model_name})" if each.model_name else each.model_id, _CELL)
        for each in row.models[:_NAMED]
    )
    more = f" and {len(row.models) - _NAMED:,} more" if row.models[_NAMED:] else ""
    return ", ".join(named) + more


def _cut(row: RunRow) -> list[str]:
    """How a run ended before its work was done."""
    if row.exit_code is None:
        return ["under way" if row.is_under_way else "interrupted (killed)"]
    return ["interrupted"] if row.exit_code == _OUT_OF_TIME or row.exit_code > _SIGNAL else []


def row_of(records: Iterable[Record], *, is_under_way: bool = False) -> RunRow | None:
    """The row of a journal; a run that surely wrote nothing has none: it cannot be rolled back."""
    begin, end, counts, names = _tallied(records)
    if begin is None or counts["without effect"] >= counts["intents"]:
        return None
    return RunRow(
        run=begin.run,
        command=begin.command,
        profile=begin.profile,
        started_at=begin.started_at,
        finished_at=end.finished_at if end else None,
        exit_code=end.exit_code if end else None,
        writes=counts["intents"],
        applied=counts["applied"],
        failed=counts["failed"],
        refused=counts["refused"],
        base_url=begin.base_url,
        not_attempted=end.summary.get("not_attempted", 0) if end else None,
        planned=max(counts["intents"], counts["planned"], _to_write(end) if end else 0),
        is_under_way=is_under_way,
        models=tuple(RunModel(*each) for each in names.items()),
    )


def _to_write(end: Finish) -> int:
    return sum(end.summary.get(action, 0) for action in WRITES)


def _tallied(
    records: Iterable[Record],
) -> tuple[Begin | None, Finish | None, Counter[str], Mapping[str, str | None]]:
    """How a run started and ended, and the numbers of its intents, of its results by status, and of those in vain.

    Then the names of the models that it may have written, by their ids.
    """
    begin, end, counts = None, None, Counter[str]()
    names: dict[str, str | None] = {}
    for record in records:
        if isinstance(record, Begin):
            begin = record
        elif isinstance(record, Finish):
            end = record
        elif isinstance(record, Intent):
            counts["intents"] += 1
            counts["planned"] += record.planned or 0
            names[record.model_id] = record.model_name
        elif isinstance(record, Result):
            counts[record.status] += 1
            if effect_of(record) == "none":
                counts["without effect"] += 1
                names.pop(record.model_id, None)
    return begin, end, counts, names
