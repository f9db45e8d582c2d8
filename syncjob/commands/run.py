"""A run that has begun: what it is to do, its client, and what may end it."""

import os
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from syncjob import log
from syncjob.config.config import CACHE_FOLDER, Config
from syncjob.control.circuit_breaker import Breaker
from syncjob.control.progress import Progress, duration
from syncjob.control.signals import Interrupts, ending
from syncjob.control.workers import Stop
from syncjob.errors import Stopped, UsageError
from syncjob.git.git import Git
from syncjob.local.select import Shard
from syncjob.plan.references import Catalogue, Key
from syncjob.remote.connect import connect, offline
from syncjob.remote.descriptions import Remote
from syncjob.remote.lookup import look_up
from syncjob.scenario import Scenario
from syncjob.state import folder, probe_results, sent
from syncjob.state.journal import Begin, Finish, Journal, begun_at, is_held, read, run_ids, started
from syncjob.state.lock import HOLDER, Busy, only_writer
from syncjob.state.memory import cache, older
from syncjob.state.memory.cache import Memory
from syncjob.state.probe_results import Learnt
from syncjob.state.recent import Recent, recent_writes

_T = TypeVar("_T")
Command = Literal["check", "diff", "sync", "pull", "acknowledge", "rollback", "doctor"]
Reach = Literal["offline", "read", "write"]  # how far a run may go
Images = Literal["auto", "all", "never"]  # whose pictures go into the page


class Track(Protocol):
    """Shows progress while `things` are consumed, at most `total` of them."""

    def __call__(self, label: str, things: Iterable[_T], total: int, progress: Progress) -> Iterable[_T]: ...


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks of a run."""

    patterns: tuple[str, ...] = ()
    since: str | None = None
    prune: bool = False
    unfiled: bool = False
    shard: Shard | None = None
    refresh: bool = False
    plan: Path | None = None
    resume: str | None = None
    max_duration: float | None = None  # seconds
    share: float | None = None
    keep_going: bool = False
    overwrite_remote_edits: bool = False
    force: bool = False
    merge: bool = False
    back: bool = False
    exit_code: bool = False
    images: Images = "never"

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Options":
        """Those among the options of a command, by name."""
        return cls(**{name: given[name] for name in cls.__slots__ if name in given})


@dataclass(frozen=True, slots=True)
class Run:
    """A run that has begun: what it is to do, and what may end it.

    `journal` is None if it writes nothing. `distrust` says why the state folder is not believed.
    """

    id: str
    command: Command
    config: Config
    options: Options
    learnt: Learnt
    started_at: str
    progress: Progress
    shown_by: Track
    remote: Remote
    stop: Stop
    breaker: Breaker
    interrupts: Interrupts
    git: Git
    journal: Journal | None
    distrust: str | None = None
    memory: Memory = field(default_factory=Memory)

    @property
    def client(self) -> Scenario:
        return self.remote.client

    def to_write(self) -> Journal:
        """The journal, without which nothing is written."""
        if self.journal is None:
            raise RuntimeError("a run that writes was begun without a journal")
        return self.journal

    def write_end(self, end: Finish) -> bool:
        """Writes the journal's last record; False if that failed."""
        try:
            self.to_write().write(end, is_durable=True)
        except OSError as error:
            log.event("error", "journal", message=f"the journal lacks its end: {error.strerror}")
            return False
        return True

    def look_up(self, keys: set[Key]) -> Catalogue:
        """What is known about the models and assets of some ids."""
        return look_up(
            self.client,
            keys,
            project_id=self.config.project_id,
            count=self.config.http.workers,
            stop=self.stop,
            breaker=self.breaker,
            with_media=self.remote.with_media,
            shown=partial(self.track, "Looking up"),
        )

    def track(self, label: str, things: Iterable[_T], total: int) -> Iterable[_T]:
        """The same things, with the progress shown while they are consumed."""
        return self.shown_by(label, things, total, self.progress)

    def track_pages(self, pages: Iterable[_T]) -> Iterable[_T]:
        """The same for the pages of a list, of which nobody knows how many there are."""
        return self.track("Listing models", pages, 0)


def new_id(state_dir: Path | None = None) -> str:
    """A run id that sorts by time of start, to the microsecond.

    It sorts after those of all runs that have a journal in `state_dir`, whatever the clock then said or says now.
    """
    at = datetime.now(UTC)
    newest = next(iter(run_ids(state_dir)), "") if state_dir else ""
    before = begun_at(newest)
    if before is not None and before >= at:
        try:
            at = before + timedelta(microseconds=1)
        except OverflowError as error:
            raise UsageError(f"no run can begin after {newest}: move its journal out of {state_dir}") from error
    return f"{at:%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(3)}"


@contextmanager
def begin(
    run_id: str, command: Command, config: Config, options: Options, track: Track, reach: Reach = "read"
) -> Iterator[Run]:
    """A run with its client and its signal handlers, until the block ends.

    One that may write has a journal, and is the only one of its profile; raises Busy if it is not.
    """
    stop, started_at = Stop(), now()
    if options.max_duration is not None:
        stop.request_after(options.max_duration, f"--max-duration {duration(options.max_duration)} is over")
    with ExitStack() as stack:
        interrupts = stack.enter_context(ending(stop))
        git = Git(stop)
        distrust = _distrust(config, command, options, reach, git)
        learnt = _learnt(config, reach, is_believed=not distrust)
        memory = stack.enter_context(closing(cache.of(config, learnt, is_believed=not distrust)))
        config = config.with_limit(learnt.refused_bytes).with_share(options.share)
        journal = stack.enter_context(_journal(run_id, command, config, started_at)) if reach == "write" else None
        client = stack.enter_context(offline() if reach == "offline" else connect(config, learnt, stop, distrust))
        # After the lock, so that what the run before has written is all there.
        recent = recent_writes(config, run_id) if reach != "offline" and not distrust else None
        yield Run(
            run_id, command, config, options, learnt, started_at, _progress(client), track,
            _remote(config, client, learnt, recent, options), stop, Breaker(stop), interrupts, git, journal, distrust, memory,
        )  # fmt: skip


def _learnt(config: Config, reach: Reach, *, is_believed: bool) -> Learnt:
    """What probes found out; a run that may ask Scenario moves what an earlier version kept."""
    probed = probe_results.load(config, is_believed=is_believed)
    if probed and is_believed and reach != "offline":
        probe_results.take_over(config, probed)
    return probed.learnt if probed else Learnt()


def _remote(config: Config, client: Scenario, learnt: Learnt, recent: Recent | None, options: Options) -> Remote:
    return Remote(
        client,
        config.project_id,
        config.original_assets,
        recent=recent,
        is_absent_404=learnt.no_description in (None, "404"),
        with_media=options.images != "never",
    )


def _progress(client: Scenario) -> Progress:
    return Progress(
        lambda: client.traffic.total,
        lambda: client.requests_per_minute,
        time.monotonic,
        client.held,
        lambda: client.is_silent,
    )


def _distrust(config: Config, command: Command, options: Options, reach: Reach, git: Git) -> str | None:
    """Why the state folder is not believed; raises UsageError if the run cannot do without it."""
    needs_it = reach == "write" or options.resume is not None or command == "rollback"
    of_runs = [config.state_dir / "runs", config.state_dir / CACHE_FOLDER, older.path_of(config)]
    believed = [
        probe_results.older_path_of(config),
        sent.path_of(config),
        *(of_runs if reach != "offline" else []),
    ]
    if not (needs_it or command == "doctor" or any(map(os.path.lexists, believed))):
        return None  # there is nothing to believe
    try:
        reason = folder.distrust(config.state_dir, git, is_named=config.is_named)
    except Stopped:
        return f"the run ended before it knew whose the state folder {config.state_dir} is"
    if reason and needs_it:
        raise UsageError(f"{reason}; nothing was written")
    if reason and command != "doctor":
        log.event("warning", "state", message=f"{reason}; results of earlier runs are not used")
    return reason


@contextmanager
def _journal(run_id: str, command: Command, config: Config, started_at: str) -> Iterator[Journal]:
    begin = Begin(1, run_id, command, config.profile, config.base_url, config.project_id, started_at)
    holder = f"{HOLDER}{run_id} (process {os.getpid()}, since {started_at})"
    with only_writer(config.state_dir, config.profile, holder):
        _require_first(begin, config.state_dir)
        with started(config.state_dir, begin) as journal:
            yield journal


def _require_first(begin: Begin, state_dir: Path) -> None:
    """Raises Busy if another run of the profile came in between: the order of their ids would be wrong.

    Also if one is still under way: the file that both lock may have been removed.
    """
    for other in run_ids(state_dir):
        is_later = begun_at(other) is not None and other > begin.run
        if not is_later and not is_held(state_dir, other):
            continue
        first = next(read(state_dir, other), None)
        if isinstance(first, Begin) and first.profile == begin.profile:
            what = "started first; try again" if is_later else "is still writing; wait for it or end it"
            raise Busy(f"the run {other} {what}, nothing was changed")


def now() -> str:
    """The time as reports give it, UTC."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
