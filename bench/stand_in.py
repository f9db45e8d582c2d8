"""The stand-in, served from a process of its own, with a latency, a rate limit and counters.

It shares the machine's cores with the client that is measured, so it is one event loop that does
little: for clients it gives each model's answer as bytes that were made before it listened. What it
says is what syncjob's own stand-in says.
"""

import asyncio
import selectors
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread

from bench.limits import Admits, Kind, limit
from syncjob.credentials import basic
from syncjob.output.loopback import HOST
from syncjob.sandbox import Sandbox
from syncjob.sandbox.records import asset_row, model_row
from syncjob.scenario.answers import Answer

KEY, SECRET = "key", "secret"
# (method, target, body) -> a whole answer as it goes over the wire.
Respond = Callable[[str, str, bytes], bytes]
_AUTHORIZED = {"authorization": basic(KEY, SECRET).header}


@dataclass(slots=True)
class Count:
    """What the stand-in saw of one client, its warm-up included; `cpu` in seconds, of the stand-in itself."""

    connections: int = 0
    requests: int = 0
    refused: int = 0
    cpu: float = 0.0


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the stand-in holds: models with their texts ("" for none), and assets."""

    texts: Mapping[str, str]
    assets: Sequence[str] = ()


def serve_prepared(pipe: Connection, catalogue: Catalogue, latency: float, limited: tuple[Kind, int] | None) -> None:
    """Reads of descriptions alone, at `latency` seconds each; 429 above the limit, a kind and requests a minute."""
    with Sandbox(Path(":memory:"), is_seeded=False) as sandbox:
        respond = _sandboxed(sandbox, catalogue)
        targets = [f"/v1/models/{id_}/description" for id_ in catalogue.texts]
        answers = {target: respond("GET", target, b"") for target in targets}
    _serve(pipe, lambda method, target, body: answers[target], latency, limit(*limited) if limited else None)


def serve_whole(pipe: Connection, catalogue: Catalogue) -> None:
    """The whole API, with memory, as fast as it goes."""
    with Sandbox(Path(":memory:"), is_seeded=False) as sandbox:
        _serve(pipe, _sandboxed(sandbox, catalogue), 0, None)


def _sandboxed(sandbox: Sandbox, catalogue: Catalogue) -> Respond:
    sandbox.add_models(map(model_row, catalogue.texts), catalogue.texts)
    sandbox.add_assets(map(asset_row, catalogue.assets))
    return lambda method, target, body: _wire(sandbox.handle(method, target, _AUTHORIZED, body))


def _wire(answer: Answer, reason: str = "OK") -> bytes:
    head = [
        f"HTTP/1.1 {answer.status} {reason}",
        "Server: BaseHTTP/0.6 Python",
        "Date: Sun, 22 Nov 2026 12:00:00 GMT",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
        f"content-length: {len(answer.body)}",
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + answer.body


_TOO_MANY = _wire(
    Answer(429, {"content-type": "application/json"}, b'{"reason": "Too many requests"}'), "Too Many Requests"
)


def _serve(pipe: Connection, respond: Respond, latency: float, admits: Admits | None) -> None:
    """Sends the base URL, and a Count once anything is received; ends with the pipe."""
    # select(2), because the time-outs of epoll are whole milliseconds and a latency of 20 ms would be 20.5.
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    count = Count()

    def connection() -> _Connection:
        count.connections += 1
        return _Connection(loop, respond, latency, admits, count)

    listening = loop.run_until_complete(loop.create_server(connection, HOST, 0, backlog=256))
    Thread(target=loop.run_forever, daemon=True).start()
    pipe.send(f"http://{HOST}:{listening.sockets[0].getsockname()[1]}/v1")
    prepared = time.process_time()
    with suppress(EOFError):
        while pipe.recv():
            count.cpu = time.process_time() - prepared
            pipe.send(count)


class _Connection(asyncio.Protocol):
    """One request at a time, as a client without pipelining sends them."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, respond: Respond, latency: float, admits: Admits | None, count: Count
    ) -> None:
        self._loop = loop
        self._respond = respond
        self._latency = latency
        self._admits = admits
        self._count = count
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._write = transport.write

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return
        self._received = b""
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        answer = self._answer(method, target, body)
        if self._latency:
            self._loop.call_later(self._latency, self._write, answer)
        else:
            self._write(answer)

    def _answer(self, method: str, target: str, body: bytes) -> bytes:
        self._count.requests += 1
        if self._admits and not self._admits(self._loop.time()):
            self._count.refused += 1
            return _TOO_MANY
        return self._respond(method, target, body)


def _length(head: bytes) -> int:
    _, _, after = head.lower().partition(b"\r\ncontent-length:")
    return int(after.partition(b"\r\n")[0]) if after else 0
