"""The list of runs, for people and scripts. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from syncjob.display import json_safe, shorten
from syncjob.journal import Begin, Finish, Intent, Record, Result

_CELL = 60  # characters; a journal may come from somebody else, and say what it likes


class RunRow(msgspec.Struct, frozen=True):
    """A run as `syncjob runs` lists it; `finished_at` and `exit_code` are null where it did not come to its end."""

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


def rows(journals: Iterable[Iterable[Record]]) -> list[RunRow]:
    """A row a journal, in the given order; one that a crash left empty has none."""
    return [row for row in map(_row, journals) if row]


def render_text(rows: Sequence[RunRow]) -> str:
    """One line a run, its columns aligned, under a heading; a sentence where there is none."""
    if not rows:
        return "No run has written anything yet.\n"
    table = [("RUN", "COMMAND", "PROFILE", "STARTED", "RESULT"), *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) for cells in table)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def render_json(rows: Sequence[RunRow]) -> str:
    """The same as a JSON array."""
    return json_safe(msgspec.json.format(msgspec.json.encode(rows), indent=2).decode()) + "\n"


def _cells(row: RunRow) -> tuple[str, ...]:
    parts = [f"{row.applied} of {row.writes} applied"]
    parts += [f"{row.failed} failed"] if row.failed else []
    parts += [f"{row.refused} refused"] if row.refused else []
    parts += ["did not come to its end"] if row.finished_at is None else []
    return *(shorten(cell, _CELL) for cell in (row.run, row.command, row.profile, row.started_at)), ", ".join(parts)


def _row(records: Iterable[Record]) -> RunRow | None:
    """The run in one row; None for a journal that a crash left empty."""
    begin: Begin | None = None
    end: Finish | None = None
    counts = Counter[str]()
    intents = 0
    for record in records:
        if isinstance(record, Begin):
            begin = record
        elif isinstance(record, Intent):
            intents += 1
        elif isinstance(record, Result):
            counts[record.status] += 1
        elif isinstance(record, Finish):
            end = record
    if begin is None:
        return None
    return RunRow(
        run=begin.run,
        command=begin.command,
        profile=begin.profile,
        started_at=begin.started_at,
        finished_at=end.finished_at if end else None,
        exit_code=end.exit_code if end else None,
        writes=intents,
        applied=counts["applied"],
        failed=counts["failed"],
        refused=counts["refused"],
    )
