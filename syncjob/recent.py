"""What our own journals say of the last minutes: a reading that shows an earlier text of ours may be a late one."""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from syncjob import journal
from syncjob.config import Config
from syncjob.errors import UsageError
from syncjob.journal import Begin
from syncjob.runs import Write, all_writes


@dataclass(frozen=True, slots=True)
class RecentWrite:
    """A write of a run, less its texts."""

    run: str
    at: datetime
    before: str | None
    left: frozenset[str | None]
    is_sure: bool  # that Scenario took it


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a reading may be late: the write that it does not show.

    With `is_sure` Scenario took that write, and only somebody who put the text back by hand could
    explain the reading.
    """

    run: str
    at: datetime
    is_sure: bool


class Recent:
    """The writes of the last minutes, each model's oldest first; safe to share by threads."""

    def __init__(self, writes: Iterable[tuple[str, RecentWrite]] = ()) -> None:
        self._writes: dict[str, list[RecentWrite]] = {}
        self._lock = threading.Lock()
        for model_id, write in writes:
            self.add(model_id, write)

    def add(self, model_id: str, write: RecentWrite) -> None:
        """Takes in one more write, the latest."""
        with self._lock:
            self._writes.setdefault(model_id, []).append(write)

    def doubt(self, model_id: str, sha256: str | None) -> Doubt | None:
        """Why the text of that digest, None for no text, may be one from before a write; None where it is not."""
        with self._lock:
            writes = tuple(self._writes.get(model_id, ()))
        if not writes:
            return None
        latest = writes[-1]
        if sha256 in latest.left:
            return None
        last_sure = next((place for place in reversed(range(len(writes))) if writes[place].is_sure), -1)
        standing = set(writes[last_sure].left) if last_sure >= 0 else set()
        for write in writes[last_sure + 1 :]:  # Scenario may have taken it, or still hold what it found
            standing |= {write.before, *write.left}
        if sha256 in standing:
            return Doubt(latest.run, latest.at, is_sure=False)
        is_ours = any(sha256 in (write.before, *write.left) for write in writes)
        return Doubt(writes[last_sure].run, writes[last_sure].at, is_sure=True) if is_ours else None


def recent_writes(config: Config, own_run: str) -> Recent | None:
    """The writes of the last `http.lag` seconds to the same project; None where no lag is expected."""
    if not config.http.lag or config.is_sandbox:
        return None
    recent = Recent()
    for run in _runs(config):
        if run == own_run:
            continue
        try:
            _take_in(recent, config, run)
        except (UsageError, OSError):
            continue  # a damaged journal hides nothing but itself
    return recent


def _runs(config: Config) -> Iterator[str]:
    """Oldest first; a run that only reads makes no folder, and needs none that it can read."""
    try:
        if (config.state_dir / "runs").is_dir():
            yield from reversed(journal.run_ids(config.state_dir))
    except (UsageError, OSError):
        return


def _take_in(recent: Recent, config: Config, run: str) -> None:
    last = datetime.fromtimestamp((config.state_dir / "runs" / f"{run}.jsonl").stat().st_mtime, UTC)
    if not _is_recent(last, config.http.lag):
        return
    records = journal.read(config.state_dir, run)
    begin = next(records, None)
    if not isinstance(begin, Begin) or not begin.is_for(config.profile, config.base_url, config.project_id):
        return
    for write in all_writes(records):
        at = (write.result and write.result.at) or write.intent.at or last
        if write.effect != "none" and _is_recent(at, config.http.lag):
            recent.add(write.intent.model_id, of(run, at, write))


def _is_recent(at: datetime, lag: float) -> bool:
    """On either side of now: a clock may have been set back."""
    return abs((datetime.now(UTC) - at).total_seconds()) <= lag


def of(run: str, at: datetime, write: Write) -> RecentWrite:
    """The write, less its texts."""
    return RecentWrite(run, at, write.before_sha256, write.left, write.effect == "written")
