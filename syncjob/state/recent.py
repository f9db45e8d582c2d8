"""What our own journals say of the last minutes: a reading that shows an earlier text of ours may be a late one."""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from syncjob.config.config import Config
from syncjob.state import journals
from syncjob.state.past_runs import Write, all_writes
from syncjob.text.canonical import sha256


@dataclass(frozen=True, slots=True)
class RecentWrite:
    """A write of a run, less its texts: the digests of what Scenario held before and may then hold, None for no text."""

    run: str
    at: datetime
    before: str | None
    left: frozenset[str | None]
    is_sure: bool  # that Scenario took it

    @classmethod
    def of(cls, run: str, at: datetime, write: Write) -> "RecentWrite":
        return cls(run, at, write.before_sha256, write.left, write.effect == "written")


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a reading may be late: the write that it does not show.

    With `is_sure` Scenario took that write, so it is late, unless somebody put the text back by hand.
    """

    run: str
    at: datetime
    is_sure: bool


class Recent:
    """The writes of the last minutes, each model's oldest first; safe to share by threads."""

    def __init__(self) -> None:
        self._writes: dict[str, list[RecentWrite]] = {}
        self._lock = threading.Lock()

    def add(self, model_id: str, write: RecentWrite) -> None:
        with self._lock:
            self._writes.setdefault(model_id, []).append(write)

    def doubt(self, model_id: str, text: str) -> Doubt | None:
        """Why a canonical text may be one from before a write; None if it is not."""
        with self._lock:
            writes = tuple(self._writes.get(model_id, ()))
        if not writes:
            return None
        latest, digest = writes[-1], sha256(text)
        if digest in latest.left:
            return None
        last_sure = next((place for place in reversed(range(len(writes))) if writes[place].is_sure), -1)
        standing = set(writes[last_sure].left) if last_sure >= 0 else set()
        for write in writes[last_sure + 1 :]:  # Scenario may have taken it, or still hold what it found
            standing |= {write.before, *write.left}
        if digest in standing:
            return Doubt(latest.run, latest.at, is_sure=False)
        is_ours = any(digest in (write.before, *write.left) for write in writes)
        return Doubt(writes[last_sure].run, writes[last_sure].at, is_sure=True) if is_ours else None


def recent_writes(config: Config, own_run: str) -> Recent | None:
    """The writes of the last `http.lag` seconds to the same project; None if no lag is expected."""
    lag = config.http.lag
    if not lag or config.is_sandbox:
        return None
    recent = Recent()
    for path, begin, records in journals.of_project(config, but=own_run, since=time.time() - lag):
        for each in all_writes(records):
            at = each.at or datetime.fromtimestamp(path.stat().st_mtime, UTC)
            # On either side of now: a clock may have been set back.
            if each.effect != "none" and abs((datetime.now(UTC) - at).total_seconds()) <= lag:
                recent.add(each.intent.model_id, RecentWrite.of(begin.run, at, each))
    return recent
