"""A request ends at `http.deadline`, whatever it waits for."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import repeat
from pathlib import Path

import pytest

from syncjob import errors
from syncjob.scenario.answers import Answer
from syncjob.scenario.http.transport import Limits, Transport
from tests.support.faulty_server import PATIENCE
from tests.support.leaping import Leaping
from tests.support.raw_server import Play, Scripted, answer, scripted
from tests.support.tls import server_context

PATH = "/models/one/description"
DEADLINE = 0.2
LIMITS = Limits(timeout=500, deadline=DEADLINE)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
def leaping(monkeypatch: pytest.MonkeyPatch) -> Leaping:
    return Leaping(monkeypatch)


def endless(piece: bytes, pause: float = 0.01, first: bytes = b"") -> Play:
    """`first`, and then a piece again and again until the client has gone."""

    def play(connection: socket.socket) -> None:
        connection.sendall(first)
        with suppress(OSError):
            for _ in repeat(None):
                connection.sendall(piece)
                time.sleep(pause)

    return play


def drips(raw: bytes) -> Play:
    """Bytes one by one, as separate packets."""

    def play(connection: socket.socket) -> None:
        with suppress(OSError):
            for byte in raw:
                connection.sendall(bytes([byte]))
                time.sleep(0.002)

    return play


def get(opened: Transport) -> Answer:
    return opened.send("GET", PATH, {}, None)


def put(opened: Transport) -> Answer:
    return opened.send("PUT", PATH, {}, b'{"description":"text"}')


def ends_in_time(url: str, send: Callable[[Transport], Answer], limits: Limits = LIMITS) -> errors.ScenarioError:
    """The error of a request that is to end at its deadline, and waits for ever if it does not."""
    opened = Transport(url, None, limits)
    try:
        with pytest.raises(errors.Unavailable) as caught:
            send(opened)
        return caught.value
    finally:
        opened.close()


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
DRIPPED: dict[str, Play] = {
    "header line by line": endless(b"x-more: y\r\n", first=HEAD),
    "header byte by byte": endless(b"y", first=HEAD + b"x-more: "),
    "status line byte by byte": endless(b"K", first=b"HTTP/1.1 200 O"),
    "blank lines first": endless(b"\r\n"),
    "interim answers": endless(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"),
    "interim answers without a pause": endless(b"HTTP/1.1 100 Continue\r\n\r\n" * 500, pause=0),
    "chunk sizes": endless(b"0", first=HEAD + b"transfer-encoding: chunked\r\n\r\n"),
    "a chunk's extension": endless(b"x", first=HEAD + b"transfer-encoding: chunked\r\n\r\n5;"),
    "trailers": endless(b"x-more: y\r\n", first=HEAD + b"transfer-encoding: chunked\r\n\r\n0\r\n"),
    "body": endless(b"x", first=HEAD + b"content-length: 1000000\r\n\r\n"),
    "nothing": lambda _: None,
    "nothing in the head": lambda connection: connection.sendall(HEAD),
}


@pytest.mark.parametrize("play", DRIPPED.values(), ids=DRIPPED)
def test_a_read_ends_at_the_deadline_whatever_drips(play: Play) -> None:
    with scripted(play) as served:
        error = ends_in_time(served.url, get)
    assert (error.retryable, error.http_status) == (True, None)


def test_a_write_whose_answer_drips_may_have_had_its_effect(leaping: Leaping) -> None:
    with scripted(leaping.before(DRIPPED["header line by line"])) as served:
        error = ends_in_time(served.url, put, leaping.LIMITS)
    assert (error.retryable, error.ambiguous) == (False, True)
    assert str(error).endswith(leaping.LATE)


def test_a_slow_answer_within_the_deadline_is_one() -> None:
    with scripted(drips(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")) as served:
        opened = Transport(served.url, None, Limits(timeout=500, deadline=500))
        assert get(opened).body == b"{}"
        opened.close()


def test_the_next_request_has_its_own_time(leaping: Leaping) -> None:
    with scripted(leaping.before(endless(b"x", first=HEAD)), answer(b"{}")) as served:
        opened = Transport(served.url, None, leaping.LIMITS)
        with pytest.raises(errors.Unavailable):
            get(opened)
        assert get(opened).body == b"{}"
        leaping.leap()
        assert get(opened).body == b"{}"
        assert served.connections == 2
        opened.close()


@contextmanager
def unheard() -> Iterator[Scripted]:
    """A port whose queue is full: a connection is neither made nor refused."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.settimeout(0)
            with suppress(OSError):
                each.connect(listener.getsockname())
        try:
            yield Scripted(listener.getsockname()[1])
        finally:
            for each in waiting:
                each.close()


def test_a_connection_that_is_not_made_ends_at_the_deadline() -> None:
    with unheard() as served:
        error = ends_in_time(served.url, put)
    assert (error.retryable, error.ambiguous) == (True, False)  # nothing was sent


def test_all_addresses_of_a_host_share_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    with unheard() as served:
        address = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", served.port))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [address] * 20)
        ends_in_time(served.url, get)


def test_a_resolver_that_hangs_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    resolve = socket.getaddrinfo

    def hangs(host: str, port: int, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> object:
        if not flags & socket.AI_NUMERICHOST:
            release.wait(PATIENCE)
        return resolve(host, port, family, type, proto, flags)

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    error = ends_in_time("http://localhost:1/v1", put)
    release.set()
    assert (error.retryable, error.ambiguous) == (True, False)


@contextmanager
def accepting(play: Play) -> Iterator[str]:
    """An https URL whose server plays as soon as a connection is made."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        play(connection)
                        time.sleep(PATIENCE)

        threading.Thread(target=serve, daemon=True).start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/v1"
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("play", [lambda _: None, endless(b"\x16\x03\x03\x00", pause=0.05)], ids=["nothing", "drips"])
def test_a_handshake_that_hangs_ends_at_the_deadline(play: Play) -> None:
    with accepting(play) as url:
        error = ends_in_time(url, put)
    assert (error.retryable, error.ambiguous) == (True, False)


def test_a_server_that_reads_a_byte_at_a_time_ends_at_the_deadline(leaping: Leaping) -> None:
    is_over = threading.Event()

    def reads_slowly(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with connection, suppress(OSError):
            while connection.recv(4096) and not is_over.is_set():
                leaping.leap()
                time.sleep(0.02)

    def upload(opened: Transport) -> Answer:
        return opened.send("PUT", PATH, {}, b"x" * 16_000_000)

    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=lambda: reads_slowly(listener.accept()[0]), daemon=True)
        thread.start()
        error = ends_in_time(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", upload, leaping.LIMITS)
        is_over.set()
        thread.join(PATIENCE)
    assert (error.retryable, error.ambiguous) == (False, True)


def test_a_proxy_whose_head_drips_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(DRIPPED["header line by line"]) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        error = ends_in_time("https://scenario.invalid/v1", put)
    assert (error.retryable, error.ambiguous) == (True, False)


def test_what_drips_behind_a_proxy_ends_at_the_deadline(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, leaping: Leaping
) -> None:
    trusted = server_context(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "self-signed.pem"))

    def tunnel(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with trusted.wrap_socket(connection, server_side=True) as inner:
            inner.recv(65_536)
            leaping.before(DRIPPED["header line by line"])(inner)

    with scripted(tunnel) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "")
        error = ends_in_time("https://127.0.0.1:1/v1", put, leaping.LIMITS)
    assert (error.retryable, error.ambiguous) == (False, True)
