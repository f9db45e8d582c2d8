"""A proxy of the environment: what it is told, what its refusals mean, and that nothing of its credentials is printed."""

import base64
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from syncjob import errors
from syncjob.scenario import Scenario
from syncjob.scenario.http import proxy
from syncjob.scenario.http.transport import Limits, Transport
from tests.support.faulty_server import Scene, scene_at
from tests.support.raw_server import Play, Scripted, answer, scripted, sends, then_closes
from tests.support.tls import server_context

USER, PASSWORD = "proxy-user", "pass/word@of:proxy"
RAW = "proxy-user:pass%2Fword%40of:proxy"
PAIR = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
BODY = b'{"description": {"assets": [], "models": [], "value": "text"}}'
PATH = "/models/one/description"
URL = "https://scenario.invalid/v1"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
            monkeypatch.delenv(name)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with scene_at(tmp_path) as made:
        yield made


def refusal(status: str) -> Play:
    return then_closes(answer(b"", status=status))


def through(served: Scripted, userinfo: str = "") -> str:
    return f"http://{userinfo}{'@' if userinfo else ''}127.0.0.1:{served.port}"


@pytest.mark.parametrize("status", ["408 Late", "429 Many", "500 Broken", "502 Bad", "503 Down", "504 Timeout"])
@pytest.mark.parametrize("is_write", [False, True])
def test_a_proxy_that_cannot_connect_now_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, status: str, is_write: bool
) -> None:
    slept: list[float] = []
    with scripted(refusal(status)) as served:
        monkeypatch.setenv("https_proxy", through(served))
        client = Scenario(base_url=URL, requests_per_minute=0, attempts=3, sleep=slept.append)
        ask = (
            partial(client.models.description.update, description="text")
            if is_write
            else client.models.description.retrieve
        )
        with client, pytest.raises(errors.Unavailable) as caught:
            ask("one")
        assert [head.split()[0] for head in served.heads] == ["CONNECT"] * 3
    assert (caught.value.attempts, len(slept), caught.value.ambiguous) == (3, 2, False)
    assert f"the proxy 127.0.0.1:{served.port} responded {status}" in str(caught.value)


@pytest.mark.parametrize(("status", "advice"), [("407 Who", "put its credentials into HTTPS_PROXY"), ("403 No", "let")])
def test_a_proxy_that_lets_nothing_through_is_asked_once(
    monkeypatch: pytest.MonkeyPatch, status: str, advice: str
) -> None:
    with scripted(refusal(status)) as served:
        monkeypatch.setenv("https_proxy", through(served))
        client = Scenario(base_url=URL, requests_per_minute=0)
        with client, pytest.raises(errors.ProxyRefused, match=advice) as caught:
            client.models.description.retrieve("one")
        assert len(served.heads) == 1
    assert (caught.value.fatal, caught.value.ambiguous) == (True, False)


ECHOES = {
    "raw": RAW,
    "decoded": f"{USER}:{PASSWORD}",
    "password": PASSWORD,
    "base64": PAIR,
    "header": f"Proxy-Authorization: Basic {PAIR}",
}


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
@pytest.mark.parametrize(
    "play",
    [
        lambda echo: refusal(f"503 {echo}"),
        lambda echo: refusal(f"407 {echo}"),
        lambda echo: refusal(f"302 {echo}"),
        lambda echo: then_closes(sends(f"{echo}\r\n\r\n".encode())),
        lambda echo: then_closes(sends(f"HTTP/1.1 200 OK\r\n{echo}\x00: x\r\n\r\n".encode())),
    ],
    ids=["503", "407", "302", "status line", "header"],
)
def test_no_credentials_that_a_proxy_echoes_are_printed(
    monkeypatch: pytest.MonkeyPatch, play: Callable[[str], Play], echo: str
) -> None:
    with scripted(play(echo)) as served:
        monkeypatch.setenv("https_proxy", through(served, RAW))
        opened = Transport(URL, None, Limits())
        with pytest.raises(errors.ScenarioError) as caught:
            opened.send("GET", PATH, {}, None)
        opened.close()
        assert f"proxy-authorization: Basic {PAIR}" in served.heads[0]
    said = f"{caught.value} {caught.value!r}"
    assert not [form for form in (RAW, PASSWORD, PAIR, "pass%2Fword") if form in said], said


def test_a_reason_of_any_length_is_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(refusal("503 " + "\x1b[31m" + "x" * 50_000)) as served:
        monkeypatch.setenv("https_proxy", through(served))
        opened = Transport(URL, None, Limits())
        with pytest.raises(errors.ScenarioError) as caught:
            opened.send("GET", PATH, {}, None)
        opened.close()
    assert len(str(caught.value)) < 600
    assert "\x1b" not in str(caught.value)


def test_a_run_prints_and_keeps_nothing_of_them(scene: Scene) -> None:
    scene.stage("one")
    scene.http(URL, attempts=1)
    with scripted(refusal(f"502 Proxy-Authorization: Basic {PAIR} {RAW} {PASSWORD}")) as served:
        ended = scene.workspace.json(
            "--log-level", "debug", "sync", "--report", "report.json", HTTPS_PROXY=through(served, RAW)
        )
    assert ended.status == 1
    files = [path.read_text("utf-8", "replace") for path in scene.workspace.folder.rglob("*") if path.is_file()]
    said = ended.out + ended.err + "".join(files)
    assert "[redacted]" in said
    assert not [form for form in (RAW, PASSWORD, PAIR) if form in said]


def test_a_proxy_that_wants_credentials_ends_a_run_at_once(scene: Scene) -> None:
    scene.stage(*(f"m{number}" for number in range(12)))
    scene.http(URL)
    with scripted(refusal("407 Proxy Authentication Required")) as served:
        ended = scene.sync(HTTPS_PROXY=through(served))
        assert len(served.heads) == 1
    assert ended.status == 1
    assert "put its credentials into HTTPS_PROXY" in ended.report["problems"][0]["message"]


def test_a_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        port = unheard.getsockname()[1]
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
        opened = Transport(URL, None, Limits())
        with pytest.raises(
            errors.Unavailable, match=f"through the proxy 127.0.0.1:{port}.*check `base_url` and HTTPS_PROXY"
        ) as caught:
            opened.send("PUT", PATH, {}, b"{}")
        opened.close()
    assert (caught.value.retryable, caught.value.ambiguous) == (True, False)


def relays_to(port: int) -> Play:
    """A proxy that does its work."""

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while received := source.recv(65_536):
                target.sendall(received)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def play(connection: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", port)) as target:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(target, connection), daemon=True)
            back.start()
            pump(connection, target)
            back.join(60)

    return play


def test_requests_go_through_a_proxy_on_one_connection(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    context = server_context(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "self-signed.pem"))
    with (
        scripted(answer(BODY), tls=context) as served,
        scripted(relays_to(served.port)) as through,
    ):
        monkeypatch.setenv("https_proxy", f"http://{RAW}@127.0.0.1:{through.port}")
        monkeypatch.setenv("no_proxy", "")
        opened = Transport(f"https://127.0.0.1:{served.port}/v1", None, Limits(timeout=500, deadline=500))
        large = b"x" * 1_000_000
        assert [opened.send("PUT", PATH, {}, large).body for _ in range(3)] == [BODY] * 3
        opened.close()
        assert (served.connections, through.connections, len(served.heads)) == (1, 1, 3)
        assert through.heads[0].startswith(f"CONNECT 127.0.0.1:{served.port} HTTP/1.1\r\n")
        assert "roxy-" not in served.heads[0]


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("http://h:1", ("h", 1, None)),
        ("h:1", ("h", 1, None)),
        ("http://H", ("h", 80, None)),
        ("http://[::1]:8080/", ("::1", 8080, None)),
        ("http://u:p%40@h", ("h", 80, "Basic dTpwQA==")),
        ("http://u@h", ("h", 80, "Basic dTo=")),
        ("http://:p@h", ("h", 80, "Basic OnA=")),
    ],
)
def test_a_proxy_is_read_from_its_url(
    monkeypatch: pytest.MonkeyPatch, url: str, parts: tuple[str, int, str | None]
) -> None:
    monkeypatch.setenv("https_proxy", url)
    found = proxy.of_environment("scenario.invalid")
    assert found
    assert (found.host, found.port, found.authorization) == parts


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "http://u:s3cret@",
        "http://u:s3cret@h:port",
        "http://u:s3#cret@h:1",
        "http://[::1",
        "socks5://u:s3cret@h:1",
        "https://u:s3cret@h:1",
        "HTTPS://u:s3cret@h",
        "http://h:99999",
    ],
)
def test_one_that_cannot_be_used_is_not_repeated(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("https_proxy", url)
    with pytest.raises(errors.UsageError, match="HTTPS_PROXY") as caught:
        proxy.of_environment("scenario.invalid")
    assert "s3" not in str(caught.value)
