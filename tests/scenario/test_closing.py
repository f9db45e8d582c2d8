"""A client that is closed, or breaks off what is in flight, while other threads wait for answers."""

import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from syncjob import errors
from syncjob.scenario.http.transport import Limits, Transport
from tests.support.faulty_server import PATIENCE, wait_for
from tests.support.raw_server import answer, scripted
from tests.support.tls import server_context

PATH = "/models/one/description"
PATIENT = Limits(timeout=600, deadline=600)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


def hangs(connection: socket.socket) -> None:
    """Until the client has gone."""
    connection.settimeout(PATIENCE)
    connection.recv(1)


class Asking:
    """A request that another thread has sent."""

    def __init__(self, ask: Callable[[], object]) -> None:
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(ask,), daemon=True)
        self._thread.start()

    def ends(self) -> BaseException | None:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "it still waits"
        return self.error

    def _run(self, ask: Callable[[], object]) -> None:
        try:
            ask()
        except errors.SyncjobError as error:
            self.error = error


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("end", [Transport.close, Transport.abort])
def test_whoever_waits_is_told_at_once(method: str, end: Callable[[Transport], None]) -> None:
    with scripted(hangs) as served:
        opened = Transport(served.url, None, PATIENT)
        asking = Asking(lambda: opened.send(method, PATH, {}, b"{}" if method == "PUT" else None))
        wait_for(lambda: served.heads, "the request")
        time.sleep(0.05)
        end(opened)
        error = asking.ends()
        opened.close()
    assert isinstance(error, errors.Unavailable)
    assert (error.ambiguous, error.retryable) == (True, method == "GET")


def test_after_a_breaking_off_the_next_request_is_sent() -> None:
    with scripted(hangs, answer(b"{}")) as served:
        opened = Transport(served.url, None, PATIENT)
        asking = Asking(lambda: opened.send("GET", PATH, {}, None))
        wait_for(lambda: served.heads, "the request")
        time.sleep(0.05)
        opened.abort()
        assert asking.ends()
        assert opened.send("GET", PATH, {}, None).body == b"{}"
        opened.abort()  # of one that nobody uses
        assert opened.send("GET", PATH, {}, None).body == b"{}"
        opened.close()


def test_a_connection_that_was_being_made_when_the_client_closed_is_not_used() -> None:
    """A proxy answers late."""
    begun, release = threading.Event(), threading.Event()

    def connects_late(connection: socket.socket) -> None:
        begun.set()
        release.wait(PATIENCE)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    with scripted(connects_late) as proxy, pytest.MonkeyPatch.context() as patched:
        patched.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        opened = Transport("https://scenario.invalid/v1", None, PATIENT)
        asking = Asking(lambda: opened.send("PUT", PATH, {}, b"{}"))
        assert begun.wait(PATIENCE)
        opened.close()
        release.set()
        error = asking.ends()
    assert isinstance(error, errors.Unavailable)
    assert not error.ambiguous
    with pytest.raises(errors.Stopped):
        opened.send("GET", PATH, {}, None)


def test_a_write_that_is_broken_off_goes_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The descriptor of a closed socket is the next file's; TLS would go on writing to its number."""
    context = server_context(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "self-signed.pem"))
    release = threading.Event()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        begun = threading.Event()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, context.wrap_socket(connection, server_side=True):
                begun.set()
                release.wait(PATIENCE)

        server = threading.Thread(target=serve, daemon=True)
        server.start()
        opened = Transport(f"https://127.0.0.1:{listener.getsockname()[1]}/v1", None, PATIENT)
        asking = Asking(lambda: opened.send("PUT", PATH, {}, b"x" * 30_000_000))
        assert begun.wait(PATIENCE)
        time.sleep(0.3)  # until the way is full
        opened.close()
        files = [(tmp_path / f"{number}.txt").open("wb") for number in range(50)]
        error = asking.ends()
        for file in files:
            file.close()
        release.set()
        server.join(PATIENCE)
    assert isinstance(error, errors.Unavailable)
    assert {path.stat().st_size for path in tmp_path.glob("*.txt")} == {0}


def test_a_connection_that_is_taken_while_the_client_closes_is_no_fault() -> None:
    class Taken(list[object]):
        """Another thread takes the last one just after it was seen."""

        def __len__(self) -> int:
            seen = super().__len__()
            if seen == 1:
                super().pop()
            return seen

    with scripted(answer(b"{}")) as served:
        opened = Transport(served.url, None, PATIENT)
        opened.send("GET", PATH, {}, None)
        taken = Taken(opened._idle)
        opened._idle = taken  # type: ignore[assignment]
        opened.close()
        with pytest.raises(errors.Stopped):
            opened.send("GET", PATH, {}, None)
