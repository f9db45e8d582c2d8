"""Responses over HTTP, on loopback alone: the one server that there is."""

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from syncjob.errors import UsageError
from syncjob.output.gate import tell
from syncjob.output.internal import told
from syncjob.text.sanitize import one_line

HOST = "127.0.0.1"
_MAX_BODY = 64 * 2**20  # bytes of a request


class Response(Protocol):
    """An HTTP response; header names in lower case."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...


# Responds to (method, target, headers with names in lower case, body).
Handler = Callable[[str, str, Mapping[str, str], bytes], Response]


class Server(ThreadingHTTPServer):
    """Has a handler respond, each connection in a thread of its own.

    A larger body than `max_body` is refused; a client that says nothing for `patience` seconds is let go.
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, handler: Handler, port: int, max_body: int = _MAX_BODY, patience: float | None = None) -> None:
        self.handler = handler
        self.max_body = max_body
        self.patience = patience
        super().__init__((HOST, port), _Connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is no error; a fault of ours is one line."""
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, OSError):
            tell(one_line(told(error)))


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave in one piece
    disable_nagle_algorithm = True
    server: Server

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(self.server.patience)

    def _answer(self) -> None:
        length = self.headers.get("content-length", "0")
        size = int(length) if length.isdecimal() and len(length) < 20 else 0
        if size > self.server.max_body:
            self.send_error(413)
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.handler(self.command, self.path, headers, self.rfile.read(size))
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _answer

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: request lines hold query strings."""


@contextmanager
def serving(server: Server) -> Iterator[str]:
    """Serves from a thread until the block ends; gives the address, without a slash at its end."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def listening(handler: Handler, port: int = 0, max_body: int = _MAX_BODY, patience: float | None = None) -> Server:
    """A server that listens; raises UsageError if it cannot."""
    try:
        return Server(handler, port, max_body, patience)
    except OSError as error:
        another = "; give another --port" if port else ""
        raise UsageError(f"cannot listen on {HOST}:{port}: {error.strerror}{another}") from error
