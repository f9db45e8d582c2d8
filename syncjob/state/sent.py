"""When requests of the last minute were answered, kept for the next run on this machine: the server counts them too."""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

from syncjob.config.config import Config
from syncjob.errors import UsageError
from syncjob.files import regular, whole
from syncjob.state.folder import state_folder

_KEPT = 60.0  # seconds
_MAX_BYTES = 1_000_000
_MOST = 30_000  # times, the newest; so many fit


class Sent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: times of responses, in seconds since 1970."""

    version: Literal[1]
    answered: tuple[float, ...]


def path_of(config: Config) -> Path:
    """The path of a limit's file, by a digest of base URL, project and API key; a session token is another each time."""
    credentials = config.credentials
    key = credentials.key if credentials else ""
    whose = "\0".join((config.base_url, key, config.project_id or ""))
    return config.state_dir / f"sent-{hashlib.sha256(whose.encode()).hexdigest()[:16]}.json"


class Ledger:
    """What the runs before sent, by the clock of this run, and what it leaves to the next one."""

    def __init__(self, config: Config, clock: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._clock = clock
        here, now = clock(), time.time()
        # By the clock of this run, and as the file has them: a time that is kept again stays the same.
        self._found = [(here - (now - at), at) for at in _recent(path_of(config), now)]

    @property
    def sent_before(self) -> list[float]:
        """When each request was answered, in order."""
        return [here for here, _ in self._found]

    def keep(self, answered: Sequence[float]) -> None:
        """Keeps what was answered, what was `sent_before` with it, beside what other runs kept in the meantime."""
        if not answered:
            return
        path, now, here = path_of(self._config), time.time(), self._clock()
        found = dict(self._found)
        others = Counter(_recent(path, now)) - Counter(found.values())
        times = sorted((*others.elements(), *(found.get(at, now - (here - at)) for at in answered)))[-_MOST:]
        with suppress(OSError, UsageError):  # whoever needs the folder says what is wrong with it
            state_folder(self._config.state_dir)
            whole.write(path, msgspec.json.encode(Sent(1, tuple(times))))


def _recent(path: Path, now: float) -> list[float]:
    """The times in a file that are of the last minute, in order; a clock that was set makes none of them recent."""
    try:
        sent = msgspec.json.decode(regular.read(path, _MAX_BYTES), type=Sent)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    return sorted(at for at in sent.answered if 0 <= now - at < _KEPT)
