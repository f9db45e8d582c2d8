"""How much of everything is measured: a look, a quarter of an hour, or all of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from bench.limits import Kind


class Cell(NamedTuple):
    """Reads of a number of descriptions at a latency in milliseconds."""

    latency: int
    workers: int
    items: int


class Limited(NamedTuple):
    """Reads past a limit of requests a minute."""

    kind: Kind
    per_minute: int
    items: int


@dataclass(frozen=True, slots=True)
class Size:
    """`rounds` of each client; `bulk` are the sizes of whole tasks, `in_step`, `local` and `since` numbers of files.

    `commits` are those of a long history.
    """

    rounds: int
    cells: tuple[Cell, ...]
    limits: tuple[Limited, ...]
    changing: int
    remembered: int
    bulk: tuple[int, ...]
    in_step: int
    local: int
    since: int
    commits: int
    starts: int


_USUAL = (
    Cell(0, 8, 2000),
    Cell(0, 32, 3000),
    Cell(20, 1, 100),
    Cell(20, 8, 1000),
    Cell(20, 32, 10_000),
    Cell(20, 64, 3200),
    Cell(100, 32, 960),
)
_MORE = (Cell(0, 1, 1000), Cell(0, 64, 3000), Cell(100, 1, 20), Cell(100, 8, 240), Cell(100, 64, 1920))
_SLIDING = (Limited("sliding", 3000, 3000), Limited("sliding", 3000, 6000))
_FIXED = (Limited("fixed", 3000, 3000), Limited("fixed", 3000, 6000))

SIZES: Mapping[str, Size] = {
    "small": Size(
        rounds=1,
        cells=(Cell(0, 8, 200), Cell(20, 1, 20), Cell(20, 8, 160), Cell(20, 32, 640), Cell(20, 64, 640)),
        limits=(Limited("sliding", 3000, 300),),
        changing=100,
        remembered=100,
        bulk=(100,),
        in_step=640,
        local=1000,
        since=1000,
        commits=3000,
        starts=3,
    ),
    "usual": Size(
        rounds=3,
        cells=_USUAL,
        limits=_SLIDING,
        changing=1000,
        remembered=10_000,
        bulk=(1000, 10_000),
        in_step=10_000,
        local=100_000,
        since=10_000,
        commits=30_000,
        starts=15,
    ),
    "full": Size(
        rounds=5,
        cells=tuple(sorted(_USUAL + _MORE)),
        limits=_SLIDING + _FIXED,
        changing=1000,
        remembered=10_000,
        bulk=(1000, 10_000, 100_000),
        in_step=10_000,
        local=100_000,
        since=10_000,
        commits=30_000,
        starts=25,
    ),
}
