"""The stand-in over HTTP, on loopback alone."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from syncjob.errors import UsageError
from syncjob.sandbox.behaviours import Plays
from syncjob.sandbox.store import Sandbox
from syncjob.scenario.answers import Answer, Handler

HOST = "127.0.0.1"


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, handler: Handler, port: int, tell: Callable[[str], None] = lambda _: None) -> None:
        self._handler = handler
        self._tell = tell
        self._told = ""
        super().__init__((HOST, port), _Connection)

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The handler's response; a 500 if it has none, which is said once."""
        try:
            return self._handler(method, target, headers, body)
        except UsageError as error:
            if (reason := str(error)) != self._told:
                self._told = reason
                self._tell(reason)
            return Answer(500, {"content-type": "application/json"}, json.dumps({"reason": reason}).encode())


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave in one piece
    disable_nagle_algorithm = True
    server: Server

    def _answer(self) -> None:
        length = self.headers.get("content-length", "0")
        body = self.rfile.read(int(length)) if length.isdecimal() else b""
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.answer(self.command, self.path, headers, body)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_PUT = do_POST = do_DELETE = _answer

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: request lines hold query strings."""


@contextmanager
def serving(handler: Handler, port: int = 0, tell: Callable[[str], None] = lambda _: None) -> Iterator[str]:
    """Serves a handler from a thread until the block ends; gives its base URL. `tell` gets why it cannot respond."""
    try:
        server = Server(handler, port, tell)
    except OSError as error:
        raise UsageError(f"cannot listen on {HOST}:{port}: {error.strerror}; give another --port") from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def serve(path: Path, port: int, plays: Plays, announce: Callable[[str], None], tell: Callable[[str], None]) -> None:
    """Serves the stand-in over a file until the process is interrupted; `tell` gets why it cannot respond."""
    with Sandbox(path, plays=plays) as sandbox, serving(sandbox.handle, port, tell) as url:
        announce(url)
        while True:  # in steps: a signal that another thread receives does not wake this one
            time.sleep(0.25)
