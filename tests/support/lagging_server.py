"""The stand-in with random faults and a lag, and a log of its own: which writes came, which landed, over what."""

import json
import random
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from syncjob.sandbox import Sandbox
from syncjob.sandbox.records import model_row
from syncjob.scenario.answers import Answer
from syncjob.text.canonical import canonical
from tests.support.faulty_server import PASS, Asked, Fault, Faulty, _Connection, _Server
from tests.support.loopback import json_answer
from tests.support.raw_server import Play, answer, then_resets

SOON = "retry-after-ms: 1"
NOT_FOUND = (b"404 page not found", b'{"message":"Not Found"}', b"")  # a gateway's, not the API's own
GARBLED = (
    b"<html>busy</html>", b'{"description": {"value": "cut', b'{"description": {"value": 7, "assets": [], "models": []}}', b"{}",
)  # fmt: skip


@dataclass
class Put:
    """One write that came; `over` is the text that it replaced, None if it never landed, `place` counts landings."""

    model_id: str
    text: str
    fault: str
    over: str | None = None
    place: int = 0

    @property
    def has_landed(self) -> bool:
        return self.over is not None


@dataclass
class Weather:
    """How likely each fault is, and for how many seconds a reading does not show the last write."""

    faults: Mapping[str, float] = field(default_factory=dict)
    lag: float = 0.0
    late: float = 0.01  # seconds until a write lands that was answered with an error before


@dataclass
class Lagging(Faulty):
    """`puts` are the writes since they were last taken, in order of arrival; `denied` the models that a 404 of the
    API's own form was told of since, though they have a description.
    """

    chance: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311  to be repeated
    weather: Weather = field(default_factory=Weather)
    puts: list[Put] = field(default_factory=list)
    denied: set[str] = field(default_factory=set)
    _landings: int = 0
    _shown: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    _pending: list[tuple[float, Put]] = field(default_factory=list)
    lied: set[str] = field(default_factory=set)
    _log: threading.RLock = field(default_factory=threading.RLock)

    def next_fault(self, asked: Asked) -> Fault:
        with self._log:
            self.asked.append(asked)
            self._land()
            name = self._drawn(asked)
            if asked.method != "PUT":
                return self._of_reading(asked, name)
            name = "none" if name == "own-404" else name
            put = Put(asked.model_id, canonical(json.loads(asked.body)["description"] or ""), name)
            self.puts.append(put)
            return self._of_write(put)

    def take(self, asked: Asked, headers: dict[str, str], stores: object) -> Answer:
        with self._log:
            if asked.method == "PUT":
                put = next(put for put in reversed(self.puts) if put.model_id == asked.model_id)
                self._store(put)
            elif asked.model_id and (stale := self._stale(asked.model_id)) is not None:
                body = {"description": {"value": stale, "assets": [], "models": []}}
                return json_answer(200, json.dumps(body).encode())
            return self.sandbox.handle(asked.method, asked.target, headers, asked.body)

    def settle(self) -> None:
        """Waits until all has landed; it may not be shown yet."""
        with self._log:
            due = max((at for at, _ in self._pending), default=0.0)
            time.sleep(max(0.0, due - time.monotonic()))
            self._land()

    def calm(self) -> None:
        """From now on there are no faults, and readings show what is there."""
        self.settle()
        self.weather = Weather()

    def _drawn(self, asked: Asked) -> str:
        """The fault of a request; the API's own form of a 404 is drawn once for a model in a run."""
        names = list(self.weather.faults)
        left = max(0.0, 1.0 - sum(self.weather.faults.values()))
        (name,) = self.chance.choices([*names, "none"], [*self.weather.faults.values(), left])
        is_repeated = name == "own-404" and asked.model_id in self.lied
        self.lied |= {asked.model_id} if name == "own-404" else set()
        return "none" if is_repeated else name

    def _of_reading(self, asked: Asked, name: str) -> Fault:
        if name == "own-404" and asked.model_id:
            self.denied.add(asked.model_id)
            return Fault(
                answer(json.dumps({"reason": f"Model {asked.model_id} not found"}).encode(), status="404 Not Found")
            )
        if name in ("late", "erred", "conflict", "own-404"):
            name = "busy"
        return Fault(self._play(name)) if name != "none" else PASS

    def _of_write(self, put: Put) -> Fault:
        if put.fault == "none":
            return PASS
        if put.fault == "late":
            self._pending.append((time.monotonic() + self.weather.late, put))
            return Fault(answer(b'{"reason": "time is over"}', SOON, status="504 Gateway Time-out"))
        return Fault(self._play(put.fault), has_effect=put.fault in ("lost", "erred", "garbled"))

    def _play(self, name: str) -> Play:
        status = self.chance.choice(["400 Bad Request", "403 Forbidden", "422 Unprocessable Entity"])
        plays = {
            "busy": answer(b'{"reason": "busy"}', SOON, status="503 Service Unavailable"),
            "erred": answer(b'{"reason": "broken"}', SOON, status="500 Internal Server Error"),
            "limited": answer(b'{"reason": "slower"}', SOON, status="429 Too Many Requests"),
            "conflict": answer(b'{"reason": "somebody else"}', SOON, status="409 Conflict"),
            "refused": answer(b'{"reason": "no"}', status=status),
            "unauthorized": answer(b'{"reason": "who?"}', status="401 Unauthorized"),
            "dropped": then_resets(lambda _: None),
            "lost": then_resets(lambda _: None),
            "garbled": answer(self.chance.choice(GARBLED)),
            "gateway-404": answer(self.chance.choice(NOT_FOUND), status="404 Not Found"),
        }
        return plays[name]

    def _store(self, put: Put) -> None:
        self._landings += 1
        put.over, put.place = canonical(self.text(put.model_id)), self._landings
        self.sandbox.put(put.model_id, put.text)
        self._shown.setdefault(put.model_id, []).append((time.monotonic(), put.over))

    def _land(self) -> None:
        now = time.monotonic()
        for _, put in [entry for entry in self._pending if entry[0] <= now]:
            self._store(put)
        self._pending = [entry for entry in self._pending if entry[0] > now]

    def _stale(self, model_id: str) -> str | None:
        """What a reading shows in place of writes that are too young."""
        since = time.monotonic() - self.weather.lag
        young = [over for at, over in self._shown.get(model_id, []) if at > since]
        return young[0] if young else None


@contextmanager
def lagging(folder: Path, model_ids: tuple[str, ...], texts: Mapping[str, str], seed: int) -> Iterator[Lagging]:
    """A served stand-in whose faults are drawn by a seed, without any at first."""
    with Sandbox(folder / "remote.sqlite3", is_seeded=False) as sandbox:
        sandbox.add_models((model_row(id_, f"Name of {id_}") for id_ in model_ids), texts)
        server = _Server(("127.0.0.1", 0), _Connection)
        served = Lagging(sandbox, server.server_address[1], folder, chance=random.Random(seed))  # noqa: S311
        server.faulty = served
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
