"""Whether a text that was read is still there, by the `updatedAt` of its model: many models a request.

A stamp from before a text was read and the same one again later say that nobody edited it in between.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from syncjob.errors import ScenarioError
from syncjob.plan.compare import Change
from syncjob.remote.descriptions import Remote
from syncjob.scenario.resources import MODELS_PER_CALL, Rows
from syncjob.state.memory.cache import is_settled

_OLDEST = 1800.0  # seconds for which a text counts at all without being read again
# An edit may show so much later in a stamp than in the text: a look-up tells of the time before that alone.
_LAG = 10.0
# The share of the rate window for the writes of one look-up, so that they are sent before it is old.
_WRITING = 0.7


class Before:
    """The stamps of models from before their texts are read; looked up in the order of `ids`. Safe to share by threads."""

    def __init__(self, remote: Remote, ids: Iterable[str]) -> None:
        self._remote = remote
        self._ids = iter(ids)
        self._found: dict[str, str | None] = {}
        self._lock = threading.Lock()

    def of(self, model_id: str) -> str | None:
        """The stamp, for whoever reads the text after this; None if it is not known, or young. Raises Stopped."""
        with self._lock:
            if model_id not in self._found and (batch := list(islice(self._ids, MODELS_PER_CALL))):
                self._found |= dict.fromkeys(batch)
                self._found |= _settled(_ask(self._remote, batch))
            return self._found.pop(model_id, None)


class Since:
    """When Scenario was last seen to hold what is to be overwritten, by stamps. Safe to share by threads.

    A text read more than `recheck_after` seconds ago is to be read again before it is overwritten, unless its stamp is
    still the same; a look-up counts as long as a reading does.
    """

    def __init__(self, remote: Remote, changes: Iterable[Change], recheck_after: float) -> None:
        self._remote = remote
        self._left = {change.model_id: None for change in changes if change.stamp}
        self.recheck_after = recheck_after
        self._found: dict[str, tuple[str | None, float]] = {}  # a stamp, and from when it tells
        self._lock = threading.Lock()

    def of(self, change: Change) -> float | None:
        """A time, by the remote's clock, at which Scenario still held `before`; None if it must be read. Raises Stopped."""
        if not change.stamp or self.recheck_after <= _LAG or self._is_old(change.read_at, _OLDEST - self.recheck_after):
            return None
        with self._lock:
            stamp, at = self._found.get(change.model_id, (None, change.read_at))
            if self._is_old(at, self.recheck_after):
                self._look_up(change.model_id)
                stamp, at = self._found[change.model_id]
        return at if stamp == change.stamp else None

    def forget(self, change: Change) -> None:
        """Looks that model up no more. Waits for no look-up."""
        self._left.pop(change.model_id, None)
        self._found.pop(change.model_id, None)

    def _look_up(self, model_id: str) -> None:
        at = self._remote.clock() - _LAG
        others = (other for other in tuple(self._left) if other != model_id)
        batch = [model_id, *islice(others, self._size - 1)]
        rows = {row.id: row.updated_at for row in _ask(self._remote, batch).models}
        self._found |= {each: (rows.get(each), at) for each in batch}

    @property
    def _size(self) -> int:
        per_minute = self._remote.client.requests_per_minute
        fitting = int(per_minute * (self.recheck_after - _LAG) / 60 * _WRITING) if per_minute else MODELS_PER_CALL
        return max(1, min(MODELS_PER_CALL, fitting))

    def _is_old(self, at: float, most: float) -> bool:
        return self._remote.clock() - at > most


def _ask(remote: Remote, ids: Sequence[str]) -> Rows:
    """What Scenario says of these models; nothing if it refuses, as it may for one that it does not know."""
    try:
        return remote.client.models.rows(ids, project_id=remote.project_id)
    except ScenarioError:
        return Rows((), None)


def _settled(rows: Rows) -> Mapping[str, str]:
    at = {row.id: row.updated_at for row in rows.models if row.updated_at}
    return {model_id: stamp for model_id, stamp in at.items() if is_settled(stamp, rows.answered_at)}
