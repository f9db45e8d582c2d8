"""Single requests over real loopback HTTP: connections, headers, and every way in which an answer can fail to come."""

import os
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from syncjob import errors
from syncjob.credentials import Credentials, basic, bearer
from syncjob.scenario import Scenario
from syncjob.scenario.answers import Answer
from syncjob.scenario.http import bodies
from syncjob.scenario.http.transport import Exchange, Limits, Transport
from tests.support.faulty_server import PATIENCE, wait_for
from tests.support.leaping import Leaping
from tests.support.loopback import Loopback, json_answer
from tests.support.raw_server import Play, Scripted, answer, drips, scripted, sends, then_closes, then_resets
from tests.support.tls import PEM
from tests.support.workspace import KEY, SECRET

CREDENTIALS = basic(KEY, SECRET)
DEFAULT = Limits()
BODY = b'{"description": {"assets": [], "models": [], "value": "text"}}'
GOOD = answer(BODY)
PATH = "/models/one/description"


@contextmanager
def connected(url: str, limits: Limits = DEFAULT, credentials: Credentials | None = CREDENTIALS) -> Iterator[Transport]:
    opened = Transport(url, credentials, limits)
    with closing(opened):
        yield opened


def get(opened: Transport) -> Answer:
    return opened.send("GET", PATH, {}, None)


def put(opened: Transport) -> Answer:
    return opened.send("PUT", PATH, {}, b'{"description":"text"}')


def in_threads(count: int, work: Callable[[], object]) -> list[Future[object]]:
    """The ends of `count` calls that begin together."""
    begin = threading.Barrier(count)

    def labour() -> object:
        begin.wait(PATIENCE)
        return work()

    with ThreadPoolExecutor(count) as pool:
        futures = [pool.submit(labour) for _ in range(count)]
        wait(futures)
    return futures


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy and no certificates of this machine's own."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
            monkeypatch.delenv(name)


class TestConnections:
    @pytest.mark.parametrize("count", [1, 2, 8])
    def test_there_are_as_many_as_concurrent_callers_and_no_more(self, remote: Loopback, count: int) -> None:
        remote.add("one")
        with connected(remote.url) as opened:
            get(opened)
            everybody_asks = threading.Barrier(count)
            answered_together = []

            def script(method: str, target: str) -> None:
                answered_together.append(everybody_asks.wait(PATIENCE))

            def work() -> None:
                for _ in range(3):
                    get(opened)

            remote.script = script
            for future in in_threads(count, work):
                future.result()
        assert len(answered_together) == 3 * count
        assert (remote.peak_connections, remote.opened_connections) == (count, count)

    def test_one_is_kept_for_the_next_request(self, remote: Loopback) -> None:
        remote.add("one")
        with connected(remote.url) as opened:
            for _ in range(5):
                get(opened)
                put(opened)
        assert (len(remote.asked), remote.opened_connections) == (10, 1)

    def test_one_that_the_server_has_closed_is_opened_anew(self) -> None:
        with scripted(then_closes(answer(BODY, "connection: close")), GOOD) as served, connected(served.url) as opened:
            assert [get(opened).body, get(opened).body] == [BODY, BODY]
            assert served.connections == 2

    def test_a_write_is_never_sent_into_one_that_the_server_has_let_go_meanwhile(self) -> None:
        is_gone = threading.Event()

        def lets_go(connection: socket.socket) -> None:
            then_closes(GOOD)(connection)
            is_gone.set()

        with scripted(lets_go, GOOD) as served, connected(served.url) as opened:
            get(opened)
            assert is_gone.wait(PATIENCE)
            assert put(opened).body == BODY
            assert served.connections == 2

    def test_a_failure_leaves_the_next_request_unharmed(self) -> None:
        with scripted(GOOD, then_resets(answer(b"{", length=99)), GOOD) as served, connected(served.url) as opened:
            get(opened)
            with pytest.raises(errors.Unavailable):
                get(opened)
            assert get(opened).body == BODY
            assert served.connections == 2


class TestRequests:
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_the_target_is_the_base_path_the_path_and_the_query(self, remote: Loopback, slash: str) -> None:
        with connected(remote.url + slash) as opened:
            opened.send("GET", "/models", {"pageSize": "5", "projectId": "p 1&x=\u00fc"}, None)
            opened.send("POST", "/models/get-bulk", {}, b'{"modelIds":[]}')
        assert remote.asked == [
            ("GET", "/v1/models?pageSize=5&projectId=p+1%26x%3D%C3%BC", b""),
            ("POST", "/v1/models/get-bulk", b'{"modelIds":[]}'),
        ]

    def test_the_headers_are_few_and_ask_for_no_compression(self, remote: Loopback) -> None:
        remote.add("one")
        with connected(remote.url) as opened:
            get(opened)
            put(opened)
        read, write = ({name.lower(): value for name, value in headers.items()} for headers in remote.headers)
        assert read.pop("user-agent").startswith("syncjob/")
        assert read == {
            "host": remote.url.removeprefix("http://").removesuffix("/v1"),
            "accept": "application/json",
            "accept-encoding": "identity",
            "authorization": CREDENTIALS.header,
        }
        assert write["content-type"] == "application/json"
        assert write["content-length"] == str(len(b'{"description":"text"}'))

    def test_a_token_is_sent_as_a_bearer(self, remote: Loopback) -> None:
        with connected(remote.url, credentials=bearer("a.b.c")) as opened:
            opened.send("GET", "/models", {}, None)
        assert remote.headers[0]["authorization"] == "Bearer a.b.c"

    def test_without_credentials_none_are_sent(self, remote: Loopback) -> None:
        with connected(remote.url, credentials=None) as opened, pytest.raises(errors.Unauthorized):
            opened.send("GET", "/models", {}, None)
        assert "authorization" not in remote.headers[0]

    def test_a_cookie_is_never_sent_back(self, remote: Loopback) -> None:
        remote.script = lambda method, target: json_answer(200, b"{}", set_cookie="session=1; Path=/")
        with connected(remote.url) as opened:
            get(opened)
            get(opened)
        assert len(remote.headers) == 2
        assert not any("cookie" in headers for headers in remote.headers)

    def test_a_proxy_of_the_environment_never_sees_loopback(
        self, remote: Loopback, no_proxy: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        remote.add("one")
        with scripted(GOOD) as proxy:
            for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
                monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
            with connected(remote.url) as opened:
                get(opened)
        assert (len(remote.asked), proxy.connections) == (1, 0)

    def test_every_exchange_is_told_without_its_query(self) -> None:
        told: list[Exchange] = []
        plays = (answer(b"{}"), answer(b"{}", status="404 Not Found"), then_closes())
        with scripted(*plays) as served:
            opened = Transport(served.url, CREDENTIALS, Limits(), on_exchange=told.append)
            with closing(opened):
                opened.send("GET", PATH, {"projectId": "a secret one"}, None)
                with pytest.raises(errors.ProtocolError):
                    put(opened)
                with pytest.raises(errors.Unavailable):
                    get(opened)
        assert [(exchange.method, exchange.path, exchange.status) for exchange in told] == [
            ("GET", PATH, 200),
            ("PUT", PATH, 404),
            ("GET", PATH, None),
        ]
        assert all(exchange.seconds >= 0 for exchange in told)

    def test_a_handler_answers_in_place_of_the_network(self) -> None:
        asked = []

        def handle(method: str, target: str, headers: object, body: bytes) -> Answer:
            asked.append((method, target, body))
            return Answer(200, {"x-kind": "in process"}, BODY)

        opened = Transport("http://sandbox", CREDENTIALS, Limits(), handler=handle)
        with closing(opened):
            assert get(opened).body == BODY
            put(opened)
        assert asked[-1] == ("PUT", PATH, b'{"description":"text"}')


class TestAnswers:
    def test_header_names_are_read_in_any_case(self) -> None:
        raw = b"HTTP/1.1 200 OK\r\nX-KIND: Some Value\r\nContent-Length: 2\r\n\r\n{}"
        with scripted(sends(raw)) as served, connected(served.url) as opened:
            assert get(opened) == Answer(200, {"x-kind": "Some Value", "content-length": "2"}, b"{}")

    def test_a_chunked_answer_is_read_whole(self) -> None:
        raw = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        with scripted(sends(raw)) as served, connected(served.url) as opened:
            assert [get(opened).body, get(opened).body] == [b"abcde", b"abcde"]
            assert served.connections == 1

    @pytest.mark.parametrize("encoding", ["gzip", "br", "GZIP, deflate", "identity, gzip"])
    def test_a_compressed_body_is_refused_unread(self, encoding: str) -> None:
        bomb = answer(b"\x1f\x8b" + b"\0" * 1_000, f"Content-Encoding: {encoding}")
        with scripted(bomb, GOOD) as served, connected(served.url) as opened:
            with pytest.raises(errors.ProtocolError) as caught:
                get(opened)
            assert str(caught.value) == f"the body is {encoding}-encoded though identity was asked for"
            assert get(opened).body == BODY

    @pytest.mark.parametrize("encoding", ["identity", "Identity"])
    def test_an_identity_encoding_is_none(self, encoding: str) -> None:
        with scripted(answer(BODY, f"content-encoding: {encoding}")) as served, connected(served.url) as opened:
            assert get(opened).body == BODY

    def test_a_body_up_to_the_limit_is_read_and_a_larger_one_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bodies, "MAX_BODY_BYTES", 2_000)
        with (
            scripted(answer(b"x" * 2_000), answer(b"x" * 2_001)) as served,
            connected(served.url) as opened,
        ):
            assert len(get(opened).body) == 2_000
            with pytest.raises(errors.ProtocolError, match="the body holds more than 2,000 bytes") as caught:
                get(opened)
        assert not caught.value.retryable

    def test_a_body_without_end_is_cut_off(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bodies, "MAX_BODY_BYTES", 50_000)
        with (
            scripted(drips(b"x" * 10_000, 0)) as served,
            connected(served.url) as opened,
            pytest.raises(errors.ProtocolError, match="more than 50,000 bytes"),
        ):
            get(opened)

    @pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
    def test_a_redirect_is_never_followed(self, remote: Loopback, status: str) -> None:
        remote.add("one")
        elsewhere = answer(b"", f"Location: {remote.url}{PATH}?token=abc", status=status)
        with scripted(elsewhere) as served, connected(served.url) as opened:
            for send in (get, put):
                with pytest.raises(errors.Redirected, match=r"redirects to 127\.0\.0\.1; not followed") as caught:
                    send(opened)
                assert "token" not in str(caught.value)
            assert len(served.heads) == 2
        assert remote.asked == []


FAULTS: dict[str, Play] = {
    "reset in mid-body": then_resets(answer(BODY[:9], length=len(BODY))),
    "reset in the head": then_resets(sends(b"HTTP/1.1 200 OK\r\ncont")),
    "reset before any byte": then_resets(sends(b"")),
    "short body": then_closes(answer(BODY[:-1], length=len(BODY))),
    "short chunk": then_closes(sends(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nabc")),
    "closed without an answer": then_closes(),
    "not HTTP": then_closes(sends(b"220 mail.example ESMTP\r\n")),
    "silence": lambda _: None,
    "silence in mid-body": answer(BODY[:9], length=len(BODY)),
}
EACH_FAULT = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
HASTY = Limits(timeout=0.1)


class Client:
    """A client of a scripted server that never really sleeps, and has all time after the first failure if `is_hasty_once`."""

    def __init__(self, served: Scripted, attempts: int = 5, *, is_hasty_once: bool = False) -> None:
        self.slept: list[float] = []
        self._is_hasty_once = is_hasty_once
        self.scenario = Scenario(
            CREDENTIALS,
            base_url=served.url,
            limits=HASTY,
            requests_per_minute=0,
            attempts=attempts,
            sleep=self._sleep,
        )

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        for wire in self.scenario._transport._all if self._is_hasty_once else ():
            wire._timeout = PATIENCE


class TestFaults:
    @EACH_FAULT
    def test_a_read_is_asked_again(self, fault: Play) -> None:
        with scripted(fault, GOOD) as served:
            client = Client(served, is_hasty_once=True)
            with client.scenario as scenario:
                assert scenario.models.description.retrieve("one").value == "text"
            assert (len(served.heads), len(client.slept)) == (2, 1)
            assert scenario.traffic.retries == 1

    @EACH_FAULT
    def test_a_read_that_always_fails_says_how_often_it_was_asked(self, fault: Play) -> None:
        with scripted(fault) as served:
            with Client(served, attempts=2).scenario as scenario, pytest.raises(errors.Unavailable) as caught:
                scenario.models.description.retrieve("one")
            assert caught.value.attempts == 2
            wait_for(lambda: len(served.heads) == 2, "both requests to be read")
        assert str(caught.value).startswith("no complete response from Scenario at 127.0.0.1:")
        assert caught.value.http_status is None

    @EACH_FAULT
    def test_a_write_is_not_sent_again_and_may_have_had_its_effect(self, fault: Play) -> None:
        with scripted(fault, GOOD) as served:
            client = Client(served)
            with client.scenario as scenario, pytest.raises(errors.Unavailable) as caught:
                scenario.models.description.update("one", "text")
            wait_for(lambda: len(served.heads) == 1, "the request to be read")
            assert client.slept == []
        assert (caught.value.ambiguous, caught.value.retryable) == (True, False)

    def test_a_body_that_drips_ends_at_the_deadline(self, monkeypatch: pytest.MonkeyPatch) -> None:
        leaping = Leaping(monkeypatch)
        late = leaping.before(drips(b"x", 0.02))
        with scripted(late) as served, connected(served.url, leaping.LIMITS) as opened:
            for send, retryable in ((get, True), (put, False)):
                with pytest.raises(errors.Unavailable, match=re.escape(leaping.LATE)) as caught:
                    send(opened)
                assert (caught.value.retryable, caught.value.ambiguous) == (retryable, True)

    @pytest.mark.parametrize("send", [get, put])
    def test_a_refused_connection_has_sent_nothing_and_is_tried_again(
        self, send: Callable[[Transport], Answer]
    ) -> None:
        with socket.socket() as unheard:
            unheard.bind(("127.0.0.1", 0))
            with (
                connected(f"http://127.0.0.1:{unheard.getsockname()[1]}/v1") as opened,
                pytest.raises(errors.Unavailable, match=r"cannot connect to 127\.0\.0\.1:\d+: .*refused") as caught,
            ):
                send(opened)
        assert (caught.value.retryable, caught.value.ambiguous) == (True, False)

    def test_a_server_that_comes_back_is_found_by_the_next_attempt(self) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            thread = threading.Thread(target=_answer_once, args=(listener,))

            def sleep(_: float) -> None:
                listener.listen()
                thread.start()

            url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
            with Scenario(CREDENTIALS, base_url=url, requests_per_minute=0, sleep=sleep) as scenario:
                assert scenario.models.description.update("one", "text").value == "text"
            thread.join()
        assert scenario.traffic.put == 2

    def test_no_secret_is_in_what_a_fault_says(self) -> None:
        # h11 quotes the line that it cannot read.
        with (
            scripted(then_closes(sends(f"{SECRET}\r\n\r\n".encode()))) as served,
            connected(served.url) as opened,
            pytest.raises(errors.Unavailable) as caught,
        ):
            get(opened)
        assert "[redacted]" in str(caught.value)
        assert SECRET not in str(caught.value)

    def test_what_cannot_be_sent_at_all_is_no_outage(self) -> None:
        with (
            scripted(GOOD) as served,
            connected(served.url, credentials=Credentials("Bearer two\nlines", ("two\nlines",))) as opened,
        ):
            with pytest.raises(errors.ProtocolError, match=r"cannot ask 127\.0\.0\.1:\d+: "):
                get(opened)
            assert served.heads == []


def _answer_once(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65_536)
        GOOD(connection)


class TestRefusedCredentials:
    def test_a_first_refusal_is_the_only_request_of_eight_threads(self) -> None:
        refusal = answer(b'{"reason": "Unauthorized"}', status="401 Unauthorized")
        with scripted(refusal) as served, connected(served.url) as opened:
            ends = [
                type(future.exception()) for future in in_threads(8, lambda: opened.first.call(lambda: get(opened)))
            ]
            assert len(served.heads) == 1
        assert sorted(end.__name__ for end in ends) == ["Stopped"] * 7 + ["Unauthorized"]

    def test_a_later_refusal_lets_nothing_new_start(self) -> None:
        refusal = answer(b"{}", status="401 Unauthorized")
        with scripted(GOOD, refusal, GOOD) as served, connected(served.url) as opened:
            get(opened)
            with pytest.raises(errors.Unauthorized):
                get(opened)
            with pytest.raises(errors.Stopped, match="the credentials were refused"):
                put(opened)
            assert len(served.heads) == 2

    def test_an_answer_of_any_other_kind_shows_that_they_are_good(self) -> None:
        with scripted(answer(b"{}", status="500 Broken"), GOOD) as served, connected(served.url) as opened:
            with pytest.raises(errors.Unavailable):
                get(opened)
            ends = in_threads(4, lambda: get(opened))
            assert [future.exception() for future in ends] == [None] * 4
            assert len(served.heads) == 5


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    path = tmp_path / "self-signed.pem"
    path.write_text(PEM)
    return path


@pytest.fixture
def secured(certificate: Path) -> Iterator[Scripted]:
    """A server with a certificate that nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with scripted(GOOD, tls=context) as served:
        yield served


def https(served: Scripted) -> str:
    return served.url.replace("http:", "https:")


@pytest.mark.usefixtures("no_proxy")
class TestTls:
    def test_an_untrusted_server_gets_no_request_and_no_second_try(self, secured: Scripted) -> None:
        slept: list[float] = []
        client = Scenario(CREDENTIALS, base_url=https(secured), requests_per_minute=0, sleep=slept.append)
        with client, pytest.raises(errors.Untrusted) as caught:
            client.models.description.retrieve("one")
        assert str(caught.value).startswith("the TLS certificate of 127.0.0.1:")
        assert (caught.value.fatal, caught.value.retryable, caught.value.attempts) == (True, False, 1)
        assert (secured.connections, secured.heads, slept) == (1, [], [])

    def test_a_certificate_that_the_environment_trusts_is_good(
        self, secured: Scripted, certificate: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with connected(https(secured)) as opened:
            assert [get(opened).body, get(opened).body] == [BODY, BODY]
        assert secured.connections == 1

    def test_what_is_no_tls_is_no_matter_of_trust(self) -> None:
        with (
            scripted(then_closes(sends(b"HTTP/1.1 400 Bad Request\r\n\r\n"))) as served,
            connected(https(served), HASTY) as opened,
            pytest.raises(errors.Unavailable) as caught,
        ):
            get(opened)
        assert str(caught.value).startswith("cannot connect to 127.0.0.1:")


@pytest.mark.usefixtures("no_proxy")
class TestProxy:
    @pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy"])
    def test_https_goes_through_the_proxy_which_never_sees_the_credentials(
        self, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        with scripted(then_closes(answer(b"", status="502 Bad Gateway"))) as proxy:
            monkeypatch.setenv(name, f"http://user:proxy-password@127.0.0.1:{proxy.port}")
            with connected("https://scenario.invalid/v1") as opened, pytest.raises(errors.ScenarioError) as caught:
                get(opened)
            assert [head.split()[0] for head in proxy.heads] == ["CONNECT"]
            assert CREDENTIALS.header not in proxy.heads[0]
        assert "proxy-password" not in str(caught.value)

    def test_a_host_that_the_environment_excepts_is_asked_directly(
        self, secured: Scripted, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with scripted(GOOD) as proxy:
            monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
            monkeypatch.setenv("no_proxy", "127.0.0.1")
            with connected(https(secured)) as opened, pytest.raises(errors.Untrusted):
                get(opened)
        assert (secured.connections, proxy.connections) == (1, 0)


@pytest.mark.parametrize("scheme", ["http://", ""])
@pytest.mark.usefixtures("no_proxy")
def test_the_proxy_is_asked_for_the_host_and_sees_neither_path_nor_query(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    with scripted(then_closes(answer(b"", status="502 Bad Gateway"))) as proxy:
        monkeypatch.setenv("https_proxy", f"{scheme}127.0.0.1:{proxy.port}")
        with connected("https://scenario.invalid/v1") as opened, pytest.raises(errors.ScenarioError):
            opened.send("GET", "/models", {"projectId": "p"}, None)
        assert [head.split("\r\n")[0] for head in proxy.heads] == ["CONNECT scenario.invalid:443 HTTP/1.1"]


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "ftp://127.0.0.1:1"])
@pytest.mark.usefixtures("no_proxy")
def test_a_proxy_that_cannot_be_used_is_a_message(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(errors.UsageError, match="HTTPS_PROXY"), connected("https://scenario.invalid/v1"):
        pass


def test_once_the_credentials_are_good_all_others_go_together(remote: Loopback) -> None:
    remote.add("one")
    the_rest = threading.Barrier(3)
    first = threading.Event()

    def script(method: str, target: str) -> None:
        if first.is_set():
            the_rest.wait(PATIENCE)
        first.set()

    remote.script = script
    with connected(remote.url) as opened:
        assert [future.exception() for future in in_threads(4, lambda: get(opened))] == [None] * 4
    assert not the_rest.broken


def test_an_encoded_refusal_is_a_refusal(remote: Loopback) -> None:
    remote.script = lambda method, target: json_answer(401, b"\x1f\x8b", content_encoding="gzip")
    with connected(remote.url) as opened, pytest.raises(errors.Unauthorized):
        get(opened)
