"""A raw server on loopback that plays scripted bytes: responses that no decent server would send."""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingTCPServer

# Does what it likes with the connection once a request has come; what it leaves open is used again.
Play = Callable[[socket.socket], None]


@dataclass
class Scripted:
    """A served script; `heads` holds the head of every request, in order of arrival."""

    port: int
    heads: list[str] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"


def answer(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> Play:
    """A whole answer, or a lie about its length."""
    head = [f"HTTP/1.1 {status}", f"content-length: {len(body) if length is None else length}", *headers]
    return sends("\r\n".join([*head, "", ""]).encode() + body)


def sends(raw: bytes) -> Play:
    return lambda connection: connection.sendall(raw)


def then_closes(play: Play = lambda _: None) -> Play:
    def both(connection: socket.socket) -> None:
        play(connection)
        connection.shutdown(socket.SHUT_RDWR)

    return both


def then_resets(play: Play) -> Play:
    """After the play the client's next read fails, as when a machine on the way dies."""

    def both(connection: socket.socket) -> None:
        play(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    return both


def drips(piece: bytes, pause: float) -> Play:
    """A head that promises much, and a body that comes a piece at a time, a hundred of them at most."""

    def play(connection: socket.socket) -> None:
        answer(b"", length=1_000_000_000)(connection)
        for _ in range(100):
            connection.sendall(piece)
            time.sleep(pause)

    return then_closes(play)


@contextmanager
def scripted(*plays: Play, tls: ssl.SSLContext | None = None) -> Iterator[Scripted]:
    """Serves one play per request, the last one for ever; close the client first."""
    with _served(_Server(plays, tls)) as served:
        yield served


@contextmanager
def routed(plays: Mapping[str, Play]) -> Iterator[Scripted]:
    """Serves the play of each request's path; the others get a 404."""
    with _served(_Routed(plays)) as served:
        yield served


@contextmanager
def _served(server: "_Server") -> Iterator[Scripted]:
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server.served
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingTCPServer):
    request_queue_size = 64

    def __init__(self, plays: tuple[Play, ...], tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.plays = plays
        self.tls = tls
        self.lock = threading.Lock()
        self.served = Scripted(self.server_address[1])

    def next_play(self, head: str) -> Play:
        with self.lock:
            self.served.heads.append(head)
            return self.plays[min(len(self.served.heads), len(self.plays)) - 1]


class _Routed(_Server):
    def __init__(self, plays: Mapping[str, Play]) -> None:
        super().__init__((), None)
        self._routes = plays

    def next_play(self, head: str) -> Play:
        with self.lock:
            self.served.heads.append(head)
        return self._routes.get(head.split(" ")[1].partition("?")[0], answer(b"", status="404 Not Found"))


class _Connection(BaseRequestHandler):
    server: _Server
    request: socket.socket

    def handle(self) -> None:
        with self.server.lock:
            self.server.served.connections += 1
        self.request.settimeout(60)
        with suppress(OSError):  # of a client that has gone, or of a play that has ended the connection
            if self.server.tls:
                self.request = self.server.tls.wrap_socket(self.request, server_side=True)
            while head := _request_head(self.request):
                self.server.next_play(head)(self.request)

    def finish(self) -> None:
        self.request.close()


def _request_head(connection: socket.socket) -> str:
    """The head of the next request, its body read and dropped; "" at the end of the connection."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        received = connection.recv(65_536)
        if not received:
            return ""
        raw += received
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").lower().split("\r\n")
    length = sum(int(line.removeprefix("content-length:")) for line in lines if line.startswith("content-length:"))
    while len(body) < length:
        received = connection.recv(65_536)
        if not received:
            break
        body += received
    return head.decode("latin-1")
