"""A picture is fetched without credentials, from a public host or a local API's own machine, and within bounds."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket

import pytest

from syncjob.scenario.answers import Answer
from syncjob.scenario.http.pictures import ENDED, MAX_BYTES, NotFetched, PictureSource
from syncjob.scenario.http.reach import Reach
from syncjob.scenario.http.stream import Patience, Stream
from tests.support.image_files import image
from tests.support.raw_server import Play, Scripted, answer, scripted, sends, then_closes
from tests.support.tls import server_context

PNG = image()
UNREACHED = "its server cannot be reached, or does not respond as it should"
NOT_PUBLIC = "its address is not a public one"


@contextmanager
def served(*plays: Play) -> Iterator[tuple[Scripted, PictureSource]]:
    with scripted(*plays) as server:
        yield server, PictureSource(server.url, None)


def reason(source: PictureSource, address: str, seconds: float = 60.0) -> str:
    with pytest.raises(NotFetched) as caught:
        source.get(address, seconds)
    return str(caught.value)


def test_a_picture_comes_as_it_was_sent_and_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCENARIO_SDK_API_KEY", "the-key")
    with served(answer(PNG)) as (server, source):
        assert source.get(f"{server.url}/a.png?Signature=s#part", 60.0) == PNG
    (head,) = server.heads
    first, *lines = head.split("\r\n")
    assert first == "GET /v1/a.png?Signature=s HTTP/1.1"
    assert sorted(line.partition(":")[0].lower() for line in lines) == [
        "accept", "accept-encoding", "host", "user-agent",
    ]  # fmt: skip
    assert "the-key" not in head


@pytest.mark.parametrize(
    ("play", "why"),
    [
        (answer(b"", "location: http://127.0.0.1:1/", status="302 Found"), "its server redirects"),
        (answer(b"", "location: https://other.example/", status="301 Moved"), "its server redirects"),
        (answer(b"", status="403 Forbidden"), "its server responded HTTP 403"),
        (answer(PNG, status="206 Partial Content"), "its server responded HTTP 206"),
        (answer(b"", length=10_000_000_000), "its file is larger than 4 MiB"),
        (answer(b"", length=MAX_BYTES + 1), "its file is larger than 4 MiB"),
        (then_closes(answer(PNG, length=len(PNG) + 10)), UNREACHED),
        (then_closes(sends(b"not HTTP at all")), UNREACHED),
        (then_closes(), UNREACHED),
    ],
)
def test_what_is_no_picture_has_a_reason_without_an_address(play: Play, why: str) -> None:
    with served(play) as (server, source):
        assert reason(source, f"{server.url}/a.png?Signature=s") == why


def drips(head: bytes, piece: bytes) -> Play:
    def play(connection: socket) -> None:
        connection.sendall(head)
        while True:  # until the client has gone
            connection.sendall(piece)
            time.sleep(0.01)

    return play


def endless(connection: socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + bytes(65536) + b"\r\n")


def test_a_body_without_an_end_is_given_up_as_soon_as_it_is_too_large() -> None:
    with served(endless) as (server, source):
        assert reason(source, f"{server.url}/a.png") == "its file is larger than 4 MiB"


@pytest.mark.parametrize(
    "play",
    [
        drips(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        lambda connection: None,
    ],
)
def test_a_slow_one_ends_in_time(play: Play) -> None:
    with served(play) as (server, source):
        assert reason(source, f"{server.url}/a.png", 0.2) == "it did not come within 0.2 s"


@pytest.mark.parametrize(
    "address",
    ["", "a.png", "ftp://a.example/a.png", "file:///etc/passwd", "https:///a.png", "https://user:pw@a.example/a.png",
     "https://[::1/a.png", "data:image/png;base64,AAAA", "https://a.example:99999/", "https://a b.example/", "https://\u2028/"],
)  # fmt: skip
def test_an_address_that_is_none_is_not_asked(address: str) -> None:
    assert reason(PictureSource("https://api.example/v1", None), address) in ("its address cannot be used", UNREACHED)


@pytest.mark.parametrize(
    "address",
    ["https://127.0.0.1:9/a", "http://127.0.0.1:9/a", "https://localhost:9/a", "https://10.0.0.1/a", "https://169.254.169.254/latest/meta-data",
     "https://192.168.1.1/a", "https://[::1]/a", "https://[::ffff:127.0.0.1]/a", "https://[fe80::1]/a", "https://[fd00::1]/a", "https://0.0.0.0/a",
     "https://2130706433/a", "https://0x7f.1/a", "https://127.1/a", "https://[64:ff9b::7f00:1]/a", "https://[2002:7f00:1::]/a",
     "https://224.0.0.1/a", "http://93.184.216.34/a"],
)  # fmt: skip
def test_of_a_remote_api_no_address_leads_to_this_machine_or_its_network(address: str) -> None:
    assert reason(PictureSource("https://api.example/v1", None), address) == NOT_PUBLIC


@pytest.mark.parametrize(
    ("scheme", "is_local", "address", "is_allowed"),
    [
        ("https", False, "93.184.216.34", True),
        ("https", False, "2606:2800:220:1::1", True),
        ("https", False, "64:ff9b::5db8:d822", True),
        ("https", True, "127.0.0.1", True),
        ("http", True, "127.0.0.1", True),
        ("http", True, "93.184.216.34", False),
        ("https", True, "10.0.0.1", False),
        ("https", False, "fe80::1%eth0", False),
        ("https", False, "fec0::1", False),  # once what fc00::/7 is now (RFC 3879)
        ("https", False, "64:ff9b:1::a00:1", False),  # a network's own way to 10.0.0.1 (RFC 8215)
        ("https", False, "::a00:1", False),
        ("https", False, "::ffff:0:a00:1", False),
        ("https", False, "no address", False),
    ],
)
def test_which_addresses_may_be_asked(scheme: str, is_local: bool, address: str, is_allowed: bool) -> None:
    assert Reach(scheme, is_local).allows(address) is is_allowed


def test_the_connection_goes_to_the_very_address_that_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is public when it is looked at and local a moment later leads nowhere."""
    asked: list[str] = []

    def resolve(host: str, port: int, **_: object) -> list[object]:
        asked.append(host)
        return [(2, 1, 6, "", ("192.0.2.1" if len(asked) == 1 else "127.0.0.1", port))]

    def connect(host: str, port: int, patience: Patience) -> Stream:
        asked.append(f"to {host}")
        raise NotFetched("enough")

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    monkeypatch.setattr(Reach, "allows", lambda self, address: address == "192.0.2.1")
    monkeypatch.setattr("syncjob.scenario.http.stream.connect", connect)
    assert reason(PictureSource("https://api.example/v1", None), "https://rebinding.example/a.png") == "enough"
    assert asked == ["rebinding.example", "to 192.0.2.1"]


def test_a_name_with_one_address_that_is_not_public_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(2, 1, 6, "", (number, 443)) for number in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: found)
    assert reason(PictureSource("https://api.example/v1", None), "https://both.example/a.png") == NOT_PUBLIC


def test_a_certificate_that_nobody_signed_is_refused_and_one_that_is_trusted_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted(answer(PNG), tls=server_context(tmp_path)) as server:
        address = server.url.replace("http:", "https:") + "/a.png"
        assert reason(PictureSource(server.url, None), address) == "its server's certificate does not verify"
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "self-signed.pem"))
        assert PictureSource(server.url, None).get(address, 60.0) == PNG


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("https://127.0.0.1/a", NOT_PUBLIC),
        ("https://localhost/a", NOT_PUBLIC),
        ("https://0x7f000001/a", NOT_PUBLIC),
        ("https://a.example/a", UNREACHED),
    ],
)
def test_through_a_proxy_no_number_leads_to_its_network(
    monkeypatch: pytest.MonkeyPatch, address: str, why: str
) -> None:
    with scripted(then_closes(answer(b"", status="403 Forbidden"))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        assert reason(PictureSource("https://api.example/v1", None), address) == why
    assert len(proxy.heads) == (why == UNREACHED)


def handler(status: int, body: bytes, asked: list[tuple[str, str]]) -> Callable[..., Answer]:
    def handle(method: str, target: str, headers: object, body_: bytes) -> Answer:
        asked.append((method, target))
        return Answer(status, {}, body)

    return handle


def test_of_a_stand_in_within_the_process_nothing_is_asked_elsewhere() -> None:
    asked: list[tuple[str, str]] = []
    source = PictureSource("http://sandbox", handler(200, PNG, asked))
    assert source.get("http://sandbox/pictures/a.png?x=1", 60.0) == PNG
    assert reason(source, "https://cdn.example/a.png") == "its address leads out of the stand-in"
    assert asked == [("GET", "/pictures/a.png?x=1")]


def test_what_is_in_flight_can_be_ended_and_nothing_follows() -> None:
    def ends(connection: socket) -> None:
        source.abort()
        time.sleep(0.2)

    with served(ends) as (server, source):
        assert reason(source, f"{server.url}/a.png", 60.0) == ENDED
        assert reason(source, f"{server.url}/a.png", 60.0) == ENDED
        assert len(server.heads) == 1
