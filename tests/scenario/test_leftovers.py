"""An answer belongs to the request that it follows: nothing else on a connection is ever read as one."""

import json
import os
import socket
import time
from pathlib import Path

import pytest

from syncjob import errors
from syncjob.scenario import Scenario
from syncjob.scenario.http.transport import Limits, Transport
from tests.scenario.test_proxy import relays_to
from tests.support.faulty_server import wait_for
from tests.support.raw_server import Play, Scripted, answer, scripted, sends, then_closes
from tests.support.tls import server_context

LIMITS = Limits(timeout=500, deadline=500)


def body(text: str) -> bytes:
    return json.dumps({"description": {"assets": [], "models": [], "value": text}}).encode()


def raw(text: str, status: str = "200 OK") -> bytes:
    content = body(text)
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(content)}\r\n\r\n".encode() + content


def texts(served: Scripted, *model_ids: str) -> list[str | None]:
    with Scenario(base_url=served.url, limits=LIMITS, requests_per_minute=0, sleep=lambda _: None) as scenario:
        return [scenario.models.description.retrieve(model_id).value for model_id in model_ids]


LEFT = {
    "a second answer": raw("of nobody"),
    "two more": raw("of nobody") * 2,
    "the beginning of one": raw("of nobody")[:30],
    "a head alone": b"HTTP/1.1 200 OK\r\ncontent-length: 62\r\n\r\n",
    "an interim answer": b"HTTP/1.1 100 Continue\r\n\r\n",
    "a line break": b"\r\n",
    "a byte": b"x",
}


def more_has_come(opened: Transport) -> None:
    """Waits until there are bytes behind the answer, which nobody has asked for."""
    (wire,) = opened._idle
    assert wire._connection
    assert wire._link
    stream = wire._link.stream()
    wait_for(lambda: stream.get_extra_info("is_readable"), "bytes behind the answer")


@pytest.mark.parametrize("left", LEFT.values(), ids=LEFT)
def test_a_connection_with_bytes_behind_an_answer_is_not_used_again(left: bytes) -> None:
    with scripted(sends(raw("of one") + left), sends(raw("of two"))) as served:
        assert texts(served, "one", "two") == ["of one", "of two"]
        assert (len(served.heads), served.connections) == (2, 2)


@pytest.mark.parametrize("is_proxied", [False, True], ids=["at once", "through a proxy"])
@pytest.mark.parametrize("pause", [0, 0.05], ids=["in the same packet", "later"])
def test_nor_with_a_tls_record_behind_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_proxied: bool, pause: float
) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    context = server_context(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "self-signed.pem"))

    def two_records(connection: socket.socket) -> None:
        connection.sendall(raw("of one"))
        time.sleep(pause)
        connection.sendall(raw("of nobody"))

    with scripted(two_records, sends(raw("of two")), tls=context) as served:
        with scripted(relays_to(served.port)) as proxy:
            if is_proxied:
                monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
            opened = Transport(served.url.replace("http:", "https:"), None, LIMITS)
            first = opened.send("GET", "/models/one/description", {}, None)
            more_has_come(opened)
            second = opened.send("GET", "/models/two/description", {}, None)
            opened.close()
        assert (first.body, second.body) == (body("of one"), body("of two"))
        assert (served.connections, proxy.connections) == (2, 2 if is_proxied else 0)


def test_one_behind_chunks_is_not_used_again_either() -> None:
    content = body("of one")
    chunks = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)
    with scripted(sends(chunks + raw("of nobody")), sends(raw("of two"))) as served:
        assert texts(served, "one", "two") == ["of one", "of two"]
        assert served.connections == 2


def test_bytes_that_come_later_are_seen_before_the_next_request() -> None:
    def late(connection: socket.socket) -> None:
        connection.sendall(raw("of one"))
        time.sleep(0.05)
        connection.sendall(raw("of nobody"))

    with scripted(late, sends(raw("of two"))) as served:
        opened = Transport(served.url, None, LIMITS)
        first = opened.send("GET", "/models/one/description", {}, None)
        more_has_come(opened)
        second = opened.send("GET", "/models/two/description", {}, None)
        opened.close()
        assert (first.body, second.body) == (body("of one"), body("of two"))
        assert served.connections == 2


def test_a_refusal_with_bytes_behind_it_is_not_used_again() -> None:
    with scripted(sends(raw("", "500 Broken") + raw("of nobody")), sends(raw("of one"))) as served:
        assert texts(served, "one") == ["of one"]
        assert served.connections == 2


def test_a_connection_without_any_is_used_again() -> None:
    with scripted(sends(raw("of one")), sends(raw("of two"))) as served:
        assert texts(served, "one", "two") == ["of one", "of two"]
        assert served.connections == 1


def large(lines: int, length: int) -> bytes:
    more = b"".join(b"x-%d: %b\r\n" % (number, b"y" * length) for number in range(lines))
    return b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n" + more + b"\r\n{}"


TWO_LENGTHS = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 62\r\n\r\n"
CHUNKED_WITH_LENGTH = (
    b"HTTP/1.1 200 OK\r\ncontent-length: 62\r\ntransfer-encoding: chunked\r\n\r\n3e\r\n"
    + body("text")
    + b"\r\n0\r\n\r\n"
)
NONSENSE = {
    "a header of 1 MB": then_closes(sends(large(1, 1_000_000))),
    "100,000 headers": then_closes(sends(large(100_000, 1))),
    "another protocol": sends(
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n" + raw("no")
    ),
    "two lengths": then_closes(sends(TWO_LENGTHS + body("text"))),
    "a length and chunks": sends(CHUNKED_WITH_LENGTH),
    "an unknown transfer encoding": then_closes(
        sends(b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n")
    ),
    "a negative length": then_closes(sends(b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n" + body("text"))),
    "no content": answer(b"", status="204 No Content"),
    "a part": answer(body("text"), status="206 Partial Content"),
    "not modified": answer(b"", status="304 Not Modified"),
    "a folded header": then_closes(sends(b"HTTP/1.1 200 OK\r\n content-length: 62\r\n\r\n" + body("text"))),
}


@pytest.mark.parametrize("nonsense", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_an_error_and_its_connection_is_not_used_again(nonsense: Play) -> None:
    with scripted(nonsense, sends(raw("of two"))) as served:
        opened = Transport(served.url, None, LIMITS)
        with pytest.raises(errors.ScenarioError) as caught:
            opened.send("GET", "/models/one/description", {}, None)
        assert len(str(caught.value)) < 500
        assert opened.send("GET", "/models/two/description", {}, None).body == body("of two")
        opened.close()
