"""The stand-in, served from a process of its own, with a latency and counters.

It shares the machine's cores with the client that is measured, so it asks the stand-in for each
model's answer once, before it listens, and then gives the same bytes again: no SQLite and no JSON
per request.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from socket import socket
from threading import Thread
from typing import Any

from syncjob.credentials import basic
from syncjob.scenario.answers import Answer
from syncjob.scenario.sandbox import Sandbox, server
from syncjob.scenario.sandbox.rows import model_row

_SENTENCE = "A model for product photos on plain ground, with *soft* light and long shadows. "


@dataclass(frozen=True, slots=True)
class Count:
    """What the stand-in saw of one client, its warm-up included."""

    connections: int
    requests: int


class _Server(server.Server):
    opened = 0

    def get_request(self) -> tuple[socket, Any]:
        self.opened += 1
        return super().get_request()


def serve(pipe: Connection, ids: Sequence[str], latency: float) -> None:
    """Sends the base URL, and a Count once anything is received; ends with the pipe."""
    answers = _answers(ids)
    asked: list[str] = []

    def handle(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        asked.append(target)
        if latency:
            time.sleep(latency)
        return answers[target]

    http = _Server(handle, 0)
    Thread(target=http.serve_forever, daemon=True).start()
    pipe.send(f"http://{server.HOST}:{http.server_address[1]}/v1")
    with suppress(EOFError):
        while pipe.recv():
            pipe.send(Count(http.opened, len(asked)))


def _answers(ids: Sequence[str]) -> Mapping[str, Answer]:
    """The stand-in's answer to the read of each model's description, by request target."""
    targets = [f"/v1/models/{id_}/description" for id_ in ids]
    headers = {"authorization": basic("key", "secret").header}
    with Sandbox(Path(":memory:")) as sandbox:
        texts = {id_: f"# {id_}\n\n{_SENTENCE * 7}" for id_ in ids}
        sandbox.add_models((model_row(id_) for id_ in ids), texts)
        return {target: sandbox.handle("GET", target, headers, b"") for target in targets}
