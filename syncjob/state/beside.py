"""How many runs of this machine send at one limit, by a file of each that is touched as long as it sends."""

import os
import re
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from syncjob.config.config import Config
from syncjob.errors import UsageError
from syncjob.state.folder import BESIDE, state_folder
from syncjob.state.sent import path_of

_NAME = re.compile(BESIDE)
# In seconds. A run that waits for an answer to its question, or that was killed, leaves the limit to the others soon.
_PRESENT, _OLD = 5.0, 60.0
_AHEAD = 1.0  # another run may have touched its file since we looked at the clock


class Beside:
    """This run among those of one base URL, project and key; alone if the state folder cannot be written."""

    def __init__(self, config: Config, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._folder, self._limit = config.state_dir, path_of(config).stem
        self._own = self._folder / f"{self._limit}-{secrets.token_hex(4)}.run"
        self._is_possible = True

    def count(self) -> int:
        """How many are sending, this one included; it is from now on."""
        if not self._is_possible:
            return 1
        now = self._clock()
        try:
            self._touch(now)
            return 1 + sum(now - _PRESENT < at < now + _AHEAD for at in self._others(now))
        except (OSError, UsageError):  # whoever needs the folder says what is wrong with it
            self._is_possible = False
            return 1

    def end(self) -> None:
        with suppress(OSError):
            self._own.unlink()

    def _touch(self, now: float) -> None:
        try:
            os.utime(self._own, (now, now), follow_symlinks=False)
        except FileNotFoundError:
            state_folder(self._folder)
            os.close(os.open(self._own, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
            os.utime(self._own, (now, now))

    def _others(self, now: float) -> Iterator[float]:
        """When each was touched; the file of one that must have been killed is removed."""
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name == self._own.name or not self._is_of_one(entry.name):
                    continue
                with suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    if not stat.S_ISREG(status.st_mode):
                        continue
                    if abs(now - status.st_mtime) >= _OLD:
                        Path(entry.path).unlink()
                    yield status.st_mtime

    def _is_of_one(self, name: str) -> bool:
        return name.startswith(f"{self._limit}-") and _NAME.fullmatch(name) is not None
