"""A connection that is being made: it can be broken off at any step, and nothing was sent then."""

import errno
import json
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from syncjob import errors
from syncjob.scenario.http.transport import Limits, Transport
from tests.scenario.test_closing import Asking
from tests.scenario.test_deadline import accepting, unheard
from tests.support.faulty_server import PATIENCE, Scene, scene_at, wait_for
from tests.support.raw_server import answer, scripted, sends, then_closes
from tests.support.tls import server_context
from tests.support.unhurried import UNHURRIED

PATH = "/models/one/description"
PATIENT = Limits(timeout=600, deadline=600)
NOWHERE = "https://scenario.invalid/v1"
CONNECTED = b"HTTP/1.1 200 Connection established\r\n\r\n"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
            monkeypatch.delenv(name)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with scene_at(tmp_path) as made:
        yield made


# Each gives a URL whose connection never comes to be.
Step = Callable[[ExitStack, pytest.MonkeyPatch], str]


def resolving(stack: ExitStack, patched: pytest.MonkeyPatch) -> str:
    release = threading.Event()
    stack.callback(release.set)
    patched.setattr(socket, "getaddrinfo", lambda *_, **__: release.wait(PATIENCE) and [])
    return NOWHERE


def connecting(stack: ExitStack, patched: pytest.MonkeyPatch) -> str:
    return stack.enter_context(unheard()).url


def shaking_hands(stack: ExitStack, patched: pytest.MonkeyPatch) -> str:
    return stack.enter_context(accepting(lambda _: None))


def connecting_to_a_proxy(stack: ExitStack, patched: pytest.MonkeyPatch) -> str:
    patched.setenv("https_proxy", stack.enter_context(unheard()).url)
    return NOWHERE


def asking_a_proxy(stack: ExitStack, patched: pytest.MonkeyPatch) -> str:
    return silent_proxy(stack, patched, b"")


def shaking_hands_through_a_proxy(stack: ExitStack, patched: pytest.MonkeyPatch) -> str:
    return silent_proxy(stack, patched, CONNECTED)


def silent_proxy(stack: ExitStack, patched: pytest.MonkeyPatch, said: bytes) -> str:
    """The proxy says no more than that, until the stack is left."""
    left = threading.Event()

    def say(connection: socket.socket) -> None:
        connection.sendall(said)
        left.wait(PATIENCE)

    patched.setenv("https_proxy", stack.enter_context(scripted(then_closes(say))).url)
    stack.callback(left.set)
    return NOWHERE


STEPS: list[Step] = [
    resolving, connecting, shaking_hands, connecting_to_a_proxy, asking_a_proxy, shaking_hands_through_a_proxy,
]  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("end", [Transport.abort, Transport.close])
def test_it_is_broken_off_at_any_step(
    monkeypatch: pytest.MonkeyPatch, step: Step, end: Callable[[Transport], None]
) -> None:
    with ExitStack() as stack:
        opened = Transport(step(stack, monkeypatch), None, PATIENT)
        asking = Asking(lambda: opened.send("PUT", PATH, {}, b"{}"))
        wait_for(lambda: any(wire._link for wire in opened._all), "the connection to be made")
        time.sleep(0.1)
        end(opened)
        error = asking.ends()
        opened.close()
    assert isinstance(error, errors.Unavailable)
    assert (error.retryable, error.ambiguous) == (True, False)  # nothing was sent


def test_after_that_the_next_request_has_a_connection_of_its_own() -> None:
    """The one that comes to be late is closed."""
    release = threading.Event()
    resolve = socket.getaddrinfo

    def late(*asked: Any, **more: Any) -> object:
        release.wait(PATIENCE)
        return resolve(*asked, **more)

    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.MonkeyPatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", late)
        opened = Transport(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", None, PATIENT)
        asking = Asking(lambda: opened.send("GET", PATH, {}, None))
        wait_for(lambda: any(wire._link for wire in opened._all), "the connection to be made")
        opened.abort()
        assert isinstance(asking.ends(), errors.Unavailable)
        release.set()
        listener.settimeout(PATIENCE)
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(PATIENCE)
            assert connection.recv(100) == b""  # nothing was sent, and nobody holds it open
        again = Asking(lambda: opened.send("GET", PATH, {}, None))
        connection, _ = listener.accept()
        with connection:
            assert connection.recv(65_536).startswith(b"GET ")
            sends(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")(connection)
            assert again.ends() is None
        opened.close()


@contextmanager
def without(family: int) -> Iterator[None]:
    """A machine that lacks a family of addresses."""
    made = socket.socket.__init__

    def refuses(self: socket.socket, asked: int = -1, *more: Any, **named: Any) -> None:
        if asked == family:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        made(self, asked, *more, **named)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(socket.socket, "__init__", refuses)
        yield


def test_an_address_of_a_family_that_the_machine_lacks_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(answer(b"{}")) as served:
        rows = [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", served.port, 0, 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", served.port)),
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: rows)
        opened = Transport(served.url, None, PATIENT)
        with without(socket.AF_INET6):
            assert opened.send("GET", PATH, {}, None).body == b"{}"
        opened.close()


def test_an_https_proxy_is_refused_before_anything_is_sent(scene: Scene) -> None:
    scene.stage("one")
    scene.http(NOWHERE)
    with scripted(answer(b"")) as proxy:
        ended = scene.workspace.run("sync", HTTPS_PROXY=f"https://user:s3cret-word@127.0.0.1:{proxy.port}")
        assert proxy.connections == 0
    assert (ended.status, ended.out) == (2, "")
    assert "https:// proxies are not supported; HTTPS_PROXY must be http://host:port" in ended.err
    assert "s3cret" not in ended.err


def relayed(secure: ssl.SSLSocket, target: socket.socket, until: Callable[[], bool]) -> None:
    """One request after another."""
    while not until() and (request := secure.recv(65_536)):
        while b"content-length" in request.lower() and not request.endswith(b"}"):
            request += secure.recv(65_536)
        target.sendall(request)
        secure.sendall(target.recv(65_536))


@contextmanager
def secured(scene: Scene, context: ssl.SSLContext, hung: list[socket.socket]) -> Iterator[str]:
    """An https URL of the scene's server. Once all was read, each connection is closed, and none is made."""

    def has_read() -> bool:
        return {"GET", "POST"} <= {each.method for each in scene.remote.asked}

    def serve(connection: socket.socket) -> None:
        if has_read():
            hung.append(connection)
            return
        with (
            suppress(OSError),
            context.wrap_socket(connection, server_side=True) as secure,
            socket.create_connection(("127.0.0.1", scene.remote.port)) as target,
        ):
            relayed(secure, target, has_read)

    def listen() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=listen, daemon=True).start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/v1"
        listener.shutdown(socket.SHUT_RDWR)
        for connection in hung:
            connection.close()


@pytest.mark.deep
def test_a_write_that_a_signal_ends_before_it_has_a_connection_was_not_written(scene: Scene, tmp_path: Path) -> None:
    scene.stage("one")
    hung: list[socket.socket] = []
    with secured(scene, server_context(tmp_path), hung) as url:
        scene.http(url, timeout=600, deadline=600, workers=1)
        trusted = str(tmp_path / "self-signed.pem")
        environment = {**UNHURRIED, "SSL_CERT_FILE": trusted}
        with scene.running("sync", "--force", "--report", "report.json", environment=environment) as running:
            wait_for(lambda: hung, "the handshake of the write")
            wait_for(lambda: any(each["record"] == "intent" for each in scene.journal()), "its intent")
            running.send(signal.SIGTERM)
            ended = running.end()
    (item,) = json.loads((scene.workspace.folder / "report.json").read_text())["items"]
    assert (ended.status, item["status"]) == (143, "failed")
    assert [problem["code"] for problem in item["problems"]] == []
    assert "cannot connect" in item["error"]["message"]
    (result,) = [each for each in scene.journal() if each["record"] == "result"]
    assert result["effect"] == "none"
