"""A run that has begun: what it is told, its client, and what may end it."""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from syncjob.breaker import Breaker
from syncjob.config import Config
from syncjob.connection import connect, offline
from syncjob.remote import Remote
from syncjob.scenario import Scenario
from syncjob.signals import Interrupts, ending
from syncjob.workers import Stop

_T = TypeVar("_T")
Command = Literal["check", "diff", "sync"]


class Track(Protocol):
    """Shows progress while `things` are consumed, `total` of them."""

    def __call__(self, label: str, things: Iterable[_T], total: int) -> Iterable[_T]: ...


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks of a run."""

    patterns: tuple[str, ...] = ()
    since: str | None = None
    prune: bool = False
    plan: Path | None = None
    keep_going: bool = False
    overwrite_remote_edits: bool = False
    force: bool = False
    exit_code: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """A run that has begun: what it is told, and what may end it."""

    id: str
    command: Command
    config: Config
    options: Options
    started_at: str
    track: Track
    remote: Remote
    stop: Stop
    breaker: Breaker
    interrupts: Interrupts

    @property
    def client(self) -> Scenario:
        return self.remote.client


def new_id() -> str:
    """A run id that sorts by time of start."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


@contextmanager
def begin(
    run_id: str, command: Command, config: Config, options: Options, track: Track, *, is_offline: bool = False
) -> Iterator[Run]:
    """A run with its client and its signal handlers, until the block ends."""
    stop = Stop()
    with offline() if is_offline else connect(config, stop) as client, ending(stop) as interrupts:
        remote = Remote(client, config.project_id, config.original_assets)
        yield Run(run_id, command, config, options, now(), track, remote, stop, Breaker(stop), interrupts)


def now() -> str:
    """The time as reports give it, UTC."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
