"""A real HTTP server on loopback for the tests: the stand-in, with what it was asked, and scripted answers."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket
from typing import Any

from syncjob.output.loopback import Server
from syncjob.sandbox import Sandbox, behaviours
from syncjob.sandbox.records import asset_row, model_row
from syncjob.scenario.answers import Answer

# All tests of behaviour hold whatever the API does that is not documented: `make test-deep` runs them under each play.
PLAYS = behaviours.parse(os.environ.get(behaviours.VARIABLE, "").split())

# Called with (method, target); an Answer stands in for the stand-in's own, None lets it answer.
Script = Callable[[str, str], Answer | None]


@dataclass
class Loopback:
    """A served stand-in; `asked` holds (method, target, body) of every request, in order of arrival."""

    sandbox: Sandbox
    url: str = ""
    script: Script = lambda method, target: None
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    open_connections: int = 0
    peak_connections: int = 0
    opened_connections: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        with self._lock:
            self.asked.append((method, target, body))
            self.headers.append(headers)
        return self.script(method, target) or self.sandbox.handle(method, target, headers, body)

    def add(self, *model_ids: str, texts: Mapping[str, str] | None = None, privacy: str = "private") -> None:
        """Models named after their ids, with their remote texts."""
        self.sandbox.add_models((model_row(id_, f"Name of {id_}", privacy=privacy) for id_ in model_ids), texts or {})

    def add_assets(self, *asset_ids: str, privacy: str = "private") -> None:
        self.sandbox.add_assets(asset_row(id_, privacy=privacy) for id_ in asset_ids)

    @property
    def counts(self) -> Counter[str]:
        """How many requests of each method came."""
        return Counter(method for method, _, _ in self.asked)

    def connected(self, change: int) -> None:
        with self._lock:
            self.open_connections += change
            self.opened_connections += max(change, 0)
            self.peak_connections = max(self.peak_connections, self.open_connections)


class _CountingServer(Server):
    loopback: Loopback

    def get_request(self) -> tuple[socket, Any]:
        accepted = super().get_request()
        self.loopback.connected(+1)
        return accepted

    def shutdown_request(self, request: Any) -> None:
        self.loopback.connected(-1)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A script that raises drops the connection without an answer; nothing is printed."""


@contextmanager
def loopback(path: Path) -> Iterator[Loopback]:
    """A served stand-in over a new file at `path`, without the demo's catalogue; it plays what the environment says."""
    with Sandbox(path, is_seeded=False, plays=PLAYS) as sandbox:
        served = Loopback(sandbox)
        http = _CountingServer(served.handle, 0)
        http.loopback = served
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        served.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
        try:
            yield served
        finally:
            http.shutdown()
            http.server_close()
            thread.join()


def json_answer(status: int, body: bytes, **headers: str) -> Answer:
    """An answer with a JSON body and more headers, `_` in their names read as `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"content-type": "application/json", **named}, body)
