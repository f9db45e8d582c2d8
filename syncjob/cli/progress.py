"""The progress of a long run: a bar on a terminal, elsewhere an event in the log each minute."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO, TypeVar, cast

import click

from syncjob.output import gate

if TYPE_CHECKING:
    from syncjob.control.progress import Progress, Standing

_T = TypeVar("_T")
_LONG = 20  # items; that many have a bar at once, fewer once they take `_SLOW` seconds
_SLOW = 2.0
_TICK = 1.0
_LEAST = 6  # columns of a bar
_NARROW = 60  # columns of a terminal that has no room for what is left


def tracked(label: str, things: Iterable[_T], total: int, progress: "Progress") -> Iterable[_T]:
    """The same things, with the progress shown while they are consumed; a `total` of 0 is one that nobody knows."""
    return _told(label, things, total, progress, _log)


def tracked_aloud(label: str, things: Iterable[_T], total: int, progress: "Progress") -> Iterable[_T]:
    """The same, with a line on stderr in place of an event that most logs leave out: a pull prints only at its end."""
    return _told(label, things, total, progress, _say)


def untracked(label: str, things: Iterable[_T], total: int, progress: "Progress") -> Iterable[_T]:
    """The same things, and nothing said of them."""
    return things


def _told(
    label: str, things: Iterable[_T], total: int, progress: "Progress", say: Callable[[str, "Standing"], None]
) -> Iterable[_T]:
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        yield from _with_bar(label, things, total, progress)
        return
    for thing in things:
        yield thing
        if standing := progress.news():
            say(label, standing)


def _say(label: str, standing: "Standing") -> None:
    done = f"{standing.done:,} of {standing.items:,}, " if standing.items else ""
    click.echo(f"{label}: {done}{standing}", err=True)


def _with_bar(label: str, things: Iterable[_T], total: int, progress: "Progress") -> Iterable[_T]:
    columns = gate.columns(sys.stderr)
    bar: Any = click.progressbar(
        things,  # which click leaves to us to take
        length=total or None,
        label=label,
        width=bar_width(label, total, columns, progress.standing().items),
        show_pos=True,
        show_eta=False,
        item_show_func=_shown if columns >= _NARROW else None,
        file=cast("TextIO", gate.Bar(sys.stderr)),
        hidden=total < _LONG,
    )
    before, began = progress.standing().requests, time.monotonic()
    lock = threading.Lock()
    with bar:
        with _ticking(bar, progress, lock):
            for thing in things:
                yield thing
                with lock:
                    bar.update(1, progress.standing())
        with lock:  # nothing is left of this phase, and no tick draws over it
            bar.current_item = _took(progress.standing().requests - before, time.monotonic() - began)
            bar.render_progress()


def bar_width(label: str, total: int, columns: int, items: int = 0) -> int:
    """The columns that are left to a bar beside the longest text that may stand there; `items` are all of the run."""
    position = f"{total}/{total}" if total else "9999"
    left = f"{2 * max(total, items):,} requests left, 99 h 59 min at 100/min" if columns >= _NARROW else ""
    return max(_LEAST, columns - len(f"{label}  []  {position}  {left}") - 1)


@contextmanager
def _ticking(bar: Any, progress: "Progress", lock: threading.Lock) -> Iterator[None]:
    """Within it the bar is drawn each second, also while nothing comes; one that is hidden shows after a while."""
    ended = threading.Event()

    def tick() -> None:
        until = time.monotonic() + _SLOW
        while not ended.wait(_TICK):
            with lock:
                if ended.is_set():
                    return
                bar.hidden = bar.hidden and time.monotonic() < until
                bar.current_item = progress.standing()
                bar.render_progress()

    thread = threading.Thread(target=tick, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(_TICK)


def _shown(standing: "Standing | str | None") -> str | None:
    return str(standing) if standing else None


def _took(requests: int, seconds: float) -> str:
    from syncjob.control.progress import duration

    return f"{requests:,} {'request' if requests == 1 else 'requests'} in {duration(seconds)}"


def _log(label: str, standing: "Standing") -> None:
    from syncjob import log

    left = standing.seconds_left
    log.event(
        "info",
        "progress",
        doing=label.lower(),
        done=standing.done,
        of=standing.items,
        requests=standing.requests,
        requests_per_minute=round(standing.rate),
        requests_left=standing.requests_left,
        seconds_left=None if left is None else round(left),
    )
