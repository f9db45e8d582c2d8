"""What can go wrong, each over real loopback HTTP, and what then is true: of the report, the journal and the remote.

Each test is one kind of fault, and bears its name.
"""

import json
import os
import re
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.faulty_server import (
    PATIENCE,
    Fault,
    Scene,
    faulty,
    held,
    intents,
    landed,
    scene_at,
    then,
    wait_for,
    workspace_at,
)
from tests.support.raw_server import Play, answer, drips, scripted, sends, then_closes, then_resets
from tests.support.tls import PEM
from tests.support.unhurried import PATIENT, UNHURRIED
from tests.support.workspace import MEASURED, Ended

# Without the measure of coverage, which writes files of its own and takes memory.
pytestmark = pytest.mark.deep

HASTY = 4  # seconds in which nothing but what is to hang takes longer, however busy the machine is
AT_ONCE = "retry-after-ms: 1"
NOW = "Date: Sun, 22 Nov 2026 10:00:00 GMT"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with scene_at(tmp_path) as made:
        yield made


def status(code: int, *headers: str, reason: str = "as scripted", **more: str) -> Fault:
    """An answer with a status in place of any effect."""
    return Fault(answer(json.dumps({"reason": reason, **more}).encode(), *headers, status=f"{code} As Scripted"))


def statuses(ended: Ended) -> dict[str, str]:
    return {item["model_id"]: item["status"] for item in ended.report["items"]}


def errors(ended: Ended) -> dict[str, dict[str, Any]]:
    """The errors of the items that have one."""
    return {item["model_id"]: item["error"] for item in ended.report["items"] if item["error"]}


def codes(ended: Ended) -> dict[str, str]:
    return {model_id: error["code"] for model_id, error in errors(ended).items()}


def results(scene: Scene) -> dict[str, tuple[str, str | None]]:
    """(status, error code) of each write, as the latest journal has it."""
    found = [record for record in scene.journal() if record["record"] == "result"]
    assert len({record["model_id"] for record in found}) == len(found)
    return {record["model_id"]: (record["status"], record.get("error")) for record in found}


def agrees_with_the_journal(scene: Scene, ended: Ended) -> None:
    """The report, the journal and the remote tell the same."""
    end = scene.journal()[-1]
    assert (end["record"], end["exit_code"]) == ("end", ended.status)
    assert end["summary"] == ended.report["summary"]
    begun = {record["model_id"] for record in scene.journal() if record["record"] == "intent"}
    for item in ended.report["items"]:
        model_id = item["model_id"]
        if item["status"] == "applied":
            assert results(scene)[model_id][0] == "applied"
            assert scene.remote.text(model_id) == (scene.workspace.descriptions / f"{model_id}.md").read_text().rstrip()
        if item["status"] == "not_attempted":
            assert model_id not in begun or results(scene)[model_id] == ("not_attempted", None)
            assert scene.remote.text(model_id) == f"old of {model_id}"
    assert ended.report["requests"]["total"] == len(scene.remote.asked)


def waits(ended: Ended) -> list[tuple[int, float]]:
    """(attempt, seconds) of every wait that the log tells of."""
    events = [json.loads(line) for line in ended.err.splitlines() if line.startswith("{")]
    return [(event["attempt"], event["wait_seconds"]) for event in events if "wait_seconds" in event]


JSON_LOG = ("--log-format", "json", "--log-level", "info")


# The rate limit


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (("retry-after-ms: 300", "Retry-After: 7000"), 0.3),
        (("Retry-After: 0.3",), 0.3),
        ((NOW, "Retry-After: Sun, 22 Nov 2026 10:00:01 GMT"), 1.0),
    ],
)
def test_429_with_retry_after_ms_retry_after_seconds_or_http_date(
    scene: Scene, headers: tuple[str, ...], seconds: float
) -> None:
    scene.stage("a", "b", "c", "d")
    everybody_writes = threading.Barrier(4)
    sent: list[float] = []
    with scene.running("sync", "--format", "json") as process:
        # All four workers write; one has to wait, the others ask again only when it has noticed that.
        def together() -> None:
            everybody_writes.wait(PATIENCE)

        def after_the_first() -> None:
            everybody_writes.wait(PATIENCE)
            process.until("all workers wait")

        def in_time(line: socket.socket) -> None:
            sent.append(time.monotonic())
            told.play(line) if told.play else None

        told = status(429, *headers)
        scene.remote.on("PUT", "a", Fault(in_time, first=together))
        scene.remote.on("PUT", "[bcd]", *[then(status(429, AT_ONCE), after_the_first)] * 3)
        ended = process.end()
    assert ended.status == 0
    assert set(statuses(ended).values()) == {"applied"}
    again = [asked.at for asked in scene.remote.asked if asked.method == "PUT"][4:]
    assert len(again) == 4
    assert min(again) - sent[0] >= seconds
    assert ended.report["requests"]["retries"] == 4
    assert ended.report["requests"]["waited_seconds"] >= seconds
    scene.nothing_is_lost()
    scene.converges()


def test_429_uses_up_no_attempt(scene: Scene) -> None:
    scene.stage("a", "b")
    scene.remote.on("PUT", "a", *[status(429, AT_ONCE)] * 5)
    ended = scene.sync()
    assert ended.status == 0
    assert statuses(ended) == {"a": "applied", "b": "applied"}
    assert scene.remote.counts("PUT") == {"a": 6, "b": 1}
    agrees_with_the_journal(scene, ended)
    scene.converges()


def test_429_for_longer_than_max_wait_ends_the_run_in_order(scene: Scene) -> None:
    ids = [f"m{number:02}" for number in range(40)]
    scene.http(workers=2, max_wait=1)
    scene.stage(*ids)
    both = threading.Barrier(2)
    refusal = status(429, AT_ONCE, reason="slow down")
    first = then(refusal, lambda: both.wait(PATIENCE))  # of either worker
    scene.remote.on("PUT", "*", *[Fault(has_effect=True)] * 5, first, first, refusal, always=True)
    ended = scene.sync("--force")
    assert ended.status == 4
    summary = ended.report["summary"]
    assert (summary["applied"], summary["failed"], summary["not_attempted"]) == (5, 2, 33)
    assert set(codes(ended).values()) == {"rate-limited"}
    assert set(results(scene).values()) == {("applied", None), ("failed", "rate-limited")}
    (problem,) = ended.report["problems"]
    assert problem["code"] == "rate-limited"
    for part in ("Scenario admitted no PUT (HTTP 429: slow down)", "http.max_wait (1 s)", "another run", "--resume"):
        assert part in problem["message"]
    agrees_with_the_journal(scene, ended)
    scene.converges()


def test_429_without(scene: Scene) -> None:
    scene.stage("a", "b", "c", "d")
    for model_id in "abcd":
        scene.remote.on("PUT", model_id, status(429), status(429))
    ended = scene.sync(*JSON_LOG, "sync")
    assert ended.status == 0
    assert len(waits(ended)) == 8
    # Full jitter: anything from nothing up to half a second, doubled at each attempt, and no two alike.
    assert all(0 <= seconds <= 0.5 * 2 ** (attempt - 1) for attempt, seconds in waits(ended))
    assert len(set(waits(ended))) > 2
    agrees_with_the_journal(scene, ended)
    scene.converges()


def test_429_with_name_plan_limit_reached_error(scene: Scene) -> None:
    ids = [f"m{number:02}" for number in range(40)]
    scene.http(workers=2)
    scene.stage(*ids)
    ceiling = status(429, AT_ONCE, reason="upgrade your plan", name="PlanLimitReachedError")
    ceiling = then(ceiling, lambda: time.sleep(0.4))  # of 35 writes some are left when the first answer is seen
    scene.remote.on("PUT", "*", *[Fault(has_effect=True)] * 5, ceiling, always=True)
    ended = scene.sync("--force")
    assert ended.status == 4
    summary = ended.report["summary"]
    assert (summary["applied"], ended.report["requests"]["retries"]) == (5, 0)
    assert set(scene.remote.counts("PUT").values()) == {1}
    assert summary["failed"] == len(scene.remote.counts("PUT")) - 5
    assert summary["not_attempted"] == 40 - len(scene.remote.counts("PUT")) > 0
    assert set(codes(ended).values()) == {"plan-limit"}
    (problem,) = ended.report["problems"]
    assert problem["code"] == "plan-limit"
    assert "upgrade your plan" in problem["message"]
    agrees_with_the_journal(scene, ended)
    scene.converges()


NONSENSE = [
    ("Retry-After: nan",),
    ("Retry-After: inf",),
    ("Retry-After: -1",),
    ("Retry-After: soon",),
    ("Retry-After: 5, 10",),
    ("Retry-After: \u0665",),
    ("retry-after-ms: \u0661\u0660\u0660",),
    ("retry-after-ms: 1e9", "Retry-After: "),
    (NOW, "Retry-After: Fri, 31 Dec 100000 23:59:59 GMT"),
    (NOW, "Retry-After: Sun, 22 Nov 2026 09:59:59 GMT"),
    ("Retry-After: " + "9" * 400,),
]


def test_retry_after_nonsense(scene: Scene) -> None:
    ids = [f"m{number:02}" for number in range(len(NONSENSE))]
    scene.http(workers=12)
    scene.stage(*ids)
    for model_id, headers in zip(ids, NONSENSE, strict=True):
        scene.remote.on("PUT", model_id, status(429, *headers))
    ended = scene.sync(*JSON_LOG, "sync", "--force")
    assert ended.status == 0
    assert set(statuses(ended).values()) == {"applied"}
    assert set(scene.remote.counts("PUT").values()) == {2}
    assert len(waits(ended)) == len(NONSENSE)
    assert all(attempt == 1 and 0 <= seconds <= 0.5 for attempt, seconds in waits(ended))
    agrees_with_the_journal(scene, ended)
    scene.converges()


def test_retry_after_above_the_cap(scene: Scene) -> None:
    scene.stage("a", "b", "c", "d")
    scene.remote.on("PUT", "a", status(429, "retry-after-ms: 2500"))
    scene.remote.on("PUT", "b", status(503, "Retry-After: 5.5"), always=True)
    scene.remote.on("PUT", "c", status(429, NOW, "Retry-After: Sun, 22 Nov 2026 10:00:03 GMT"))
    ended = scene.sync()
    assert ended.status == 1
    assert statuses(ended) == {"a": "applied", "b": "failed", "c": "applied", "d": "applied"}
    assert codes(ended) == {"b": "unavailable"}
    assert "the server asks to wait 6 s" in errors(ended)["b"]["message"]
    assert errors(ended)["b"]["attempts"] == 1
    assert scene.remote.counts("PUT") == {"a": 2, "b": 1, "c": 2, "d": 1}
    assert ended.report["requests"]["retries"] == 2
    assert ended.report["requests"]["waited_seconds"] >= 2.9
    agrees_with_the_journal(scene, ended)
    scene.converges()


def test_retry_after_beyond_max_wait_is_not_waited_for(scene: Scene) -> None:
    scene.http(max_wait=3)
    scene.stage("a")
    scene.remote.on("GET", "a", status(429, "Retry-After: 86400"), always=True)
    ended = scene.sync()
    assert ended.status == 4
    assert statuses(ended) == {"a": "not_attempted"}
    assert ended.report["requests"]["total"] == 1
    assert "the next could be sent in 86,400 s" in ended.report["problems"][0]["message"]


# Statuses


def test_408_425_500_502_503_504(scene: Scene) -> None:
    retried = (408, 425, 500, 502, 503, 504)
    ids = [f"once-{code}" for code in retried]
    scene.http(workers=8)
    scene.stage(*ids, "always-500", "always-504")
    for code, model_id in zip(retried, ids, strict=True):
        for method in ("GET", "PUT"):
            scene.remote.on(method, model_id, status(code, AT_ONCE))
    for code in (500, 504):
        scene.remote.on("PUT", f"always-{code}", status(code, AT_ONCE), always=True)
    ended = scene.sync()
    assert ended.status == 1
    assert statuses(ended) == {**dict.fromkeys(ids, "applied"), "always-500": "failed", "always-504": "failed"}
    assert scene.remote.counts("PUT") == {**dict.fromkeys(ids, 2), "always-500": 3, "always-504": 3}
    # Twice to plan, and a look before the write is sent again.
    assert {id_: scene.remote.counts("GET")[id_] for id_ in ids} == dict.fromkeys(ids, 3)
    for code in (500, 504):
        error = errors(ended)[f"always-{code}"]
        assert (error["code"], error["http_status"], error["attempts"]) == ("unavailable", code, 3)
    agrees_with_the_journal(scene, ended)
    scene.converges()


def test_409_retried_once_then_a_conflict(scene: Scene) -> None:
    scene.http(attempts=5)
    scene.stage("once", "always")
    scene.remote.on("PUT", "once", status(409, AT_ONCE))
    scene.remote.on("PUT", "always", status(409, AT_ONCE), always=True)
    ended = scene.sync()
    assert ended.status == 1
    assert statuses(ended) == {"once": "applied", "always": "refused"}
    assert ended.item("always")["action"] == "conflict"
    assert [problem["code"] for problem in ended.item("always")["problems"]] == ["remote-edited"]
    assert scene.remote.counts("PUT") == {"once": 2, "always": 2}
    assert scene.remote.text("always") == "old of always"
    assert results(scene)["always"] == ("refused", None)
    agrees_with_the_journal(scene, ended)
    scene.converges()


def test_501_505_400_404_413_422_other_4xx(scene: Scene) -> None:
    refusals = (501, 505, 400, 402, 404, 405, 410, 413, 415, 418, 422, 451)
    scene.http(attempts=5)
    scene.stage(*(f"m{code}" for code in refusals), "fine")
    reason = "no\x1b[2J good\u202e \x00" + "at all, " * 200
    for code in refusals:
        scene.remote.on("PUT", f"m{code}", status(code, AT_ONCE, reason=reason), always=True)
    ended = scene.sync("--force")
    assert ended.status == 1
    assert scene.remote.counts("PUT") == {**{f"m{code}": 1 for code in refusals}, "fine": 1}
    assert ended.report["requests"]["retries"] == 0
    assert statuses(ended) == {**{f"m{code}": "failed" for code in refusals}, "fine": "applied"}
    for code in refusals:
        error = errors(ended)[f"m{code}"]
        assert (error["http_status"], error["attempts"]) == (code, 1)
        assert error["code"] == ("model-unknown" if code == 404 else "rejected")
        assert error["message"].startswith(rf"HTTP {code}: no\x1b[2J good\u202e \x00at all, at all,")
        assert len(error["message"]) < 400
    agrees_with_the_journal(scene, ended)
    scene.converges()


def test_x_should_retry_true_false(scene: Scene) -> None:
    told = {
        "yes-400": status(400, AT_ONCE, "x-should-retry: true"),
        "yes-404": status(404, AT_ONCE, "X-Should-Retry: TRUE"),
        "yes-501": status(501, AT_ONCE, "x-should-retry: true"),
        "no-429": status(429, AT_ONCE, "x-should-retry: false"),
        "no-503": status(503, AT_ONCE, "x-should-retry: false"),
        "what-500": status(500, AT_ONCE, "x-should-retry: perhaps"),
        "what-400": status(400, AT_ONCE, "x-should-retry: perhaps"),
    }
    scene.stage(*told)
    for model_id, fault in told.items():
        scene.remote.on("PUT", model_id, fault)
    ended = scene.sync()
    assert ended.status == 1
    retried = ("yes-400", "yes-404", "yes-501", "what-500")
    expected = {id_: (2, "applied") if id_ in retried else (1, "failed") for id_ in told}
    assert {id_: (scene.remote.counts("PUT")[id_], statuses(ended)[id_]) for id_ in told} == expected
    agrees_with_the_journal(scene, ended)
    scene.converges()


# The connection


def test_refused(tmp_path: Path) -> None:
    with faulty(tmp_path, is_listening=False) as (remote, listen):
        scene = workspace_at(tmp_path / "work", remote)
        scene.http(attempts=8)
        scene.stage("a", "b")
        with scene.running("--log-level", "info", "sync", "--format", "json") as process:
            process.until("refused")
            listen()
            ended = process.end()
        assert ended.status == 0
        assert set(statuses(ended).values()) == {"applied"}
        assert remote.counts("PUT") == {"a": 1, "b": 1}
        assert ended.report["requests"]["retries"] > 0
        scene.converges()


def test_dns(scene: Scene) -> None:
    scene.stage("a")
    scene.http("https://scenario.invalid/v1", attempts=2)
    failed_to_connect(scene, "cannot reach Scenario at scenario.invalid (no such host name, 2 attempts)")


def test_connect_timeout(scene: Scene) -> None:
    scene.stage("a")
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for one in (first, second):  # the kernel has a place for one, and then answers nobody
            one.settimeout(0)
            one.connect_ex(full.getsockname())
        scene.http(f"http://127.0.0.1:{full.getsockname()[1]}/v1", attempts=2, timeout=0.2)
        failed_to_connect(scene, "nothing came within http.timeout (0.2 s)")


def failed_to_connect(scene: Scene, told: str) -> None:
    ended = scene.sync()
    assert ended.status == 1
    error = errors(ended)["a"]
    assert (error["code"], error["attempts"], error["http_status"]) == ("unavailable", 2, None)
    assert told in error["message"]
    assert (ended.report["requests"]["put"], ended.report["requests"]["retries"]) == (0, 1)
    assert scene.remote.text("a") == "old of a"
    scene.http()
    scene.converges()


def test_tls_verification(scene: Scene, tmp_path: Path) -> None:
    ids = [f"m{number:02}" for number in range(40)]
    scene.stage(*ids)
    certificate = tmp_path / "self-signed.pem"
    certificate.write_text(PEM)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with scripted(answer(b"{}"), tls=context) as served:
        scene.http(served.url.replace("http:", "https:"))
        ended = scene.sync("--keep-going", "--force")
        assert served.heads == []  # nothing was said to it
        assert served.connections < 40
    assert ended.status == 1
    assert ended.report["requests"]["retries"] == 0
    assert ended.report["summary"]["not_attempted"] > 0
    assert set(codes(ended).values()) == {"unavailable"}
    assert "the TLS certificate of 127.0.0.1:" in ended.report["problems"][0]["message"]
    everything = (ended.out + ended.err).lower()
    for hint in ("insecure", "verify=", "no-verify", "disable", "verification off", "ssl_cert_file"):
        assert hint not in everything
    scene.http()
    scene.converges()


SILENCE: Play = lambda _: None  # noqa: E731  a play is a value
NO_ANSWER = {"silence": SILENCE, "reset": then_resets(SILENCE), "closed": then_closes(SILENCE)}


def test_read_timeout_or_reset_after_a_put(scene: Scene) -> None:
    scene.http(timeout=HASTY, workers=9)
    scene.stage(*(f"{what}-{how}" for what in ("landed", "lost", "third") for how in NO_ANSWER))
    for how, play in NO_ANSWER.items():
        scene.remote.on("PUT", f"landed-{how}", landed(play))
        scene.remote.on("PUT", f"lost-{how}", Fault(play))
        edit = lambda how=how: scene.remote.edit(f"third-{how}", "somebody else's")  # noqa: E731
        scene.remote.on("PUT", f"third-{how}", Fault(play, first=edit))
    ended = scene.sync()
    assert ended.status == 1
    for how in NO_ANSWER:
        assert (statuses(ended)[f"landed-{how}"], scene.remote.counts("PUT")[f"landed-{how}"]) == ("applied", 1)
        assert (statuses(ended)[f"lost-{how}"], scene.remote.counts("PUT")[f"lost-{how}"]) == ("applied", 2)
        assert (statuses(ended)[f"third-{how}"], scene.remote.counts("PUT")[f"third-{how}"]) == ("refused", 1)
        assert ended.item(f"third-{how}")["problems"][0]["code"] == "remote-edited"
        assert scene.remote.text(f"third-{how}") == "somebody else's"
    assert set(scene.remote.counts("GET").values()) == {2}  # to plan, and to see what became of it
    agrees_with_the_journal(scene, ended)
    scene.converges()


BODY = b'{"description": {"assets": [], "models": [], "value": "other"}}'
TORN = {
    "reset-mid-body": then_resets(answer(BODY[:9], length=len(BODY))),
    "reset-mid-head": then_resets(sends(b"HTTP/1.1 200 OK\r\ncont")),
    "short-body": then_closes(answer(BODY[:-1], length=len(BODY))),
    "short-chunk": then_closes(sends(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nabc")),
    "stalled-body": answer(BODY[:9], length=len(BODY)),
}


def test_reset_mid_body_short_body(scene: Scene) -> None:
    scene.http(timeout=HASTY, workers=16)
    scene.stage(*(f"{what}-{how}" for what in ("read", "landed", "lost") for how in TORN), "never")
    for how, play in TORN.items():
        scene.remote.on("GET", f"read-{how}", Fault(play))
        scene.remote.on("PUT", f"landed-{how}", landed(play))
        scene.remote.on("PUT", f"lost-{how}", Fault(play))
    scene.remote.on("GET", "never", Fault(TORN["short-body"]), always=True)
    scene.remote.drop(connections=1)
    ended = scene.sync("--keep-going", "--force")
    assert ended.status == 1
    assert {id_: end for id_, end in statuses(ended).items() if end != "applied"} == {"never": "failed"}
    error = errors(ended)["never"]
    assert (error["code"], error["attempts"]) == ("unavailable", 3)
    for how in TORN:
        gets, puts = scene.remote.counts("GET"), scene.remote.counts("PUT")
        assert (gets[f"read-{how}"], puts[f"read-{how}"]) == (2, 1)
        assert (gets[f"landed-{how}"], puts[f"landed-{how}"]) == (2, 1)
        assert (gets[f"lost-{how}"], puts[f"lost-{how}"]) == (2, 2)
    assert "never" not in scene.remote.counts("PUT")
    scene.converges()


NOT_THE_PROMISED = {
    "html": b"<!doctype html><html><body>Sign in</body></html>",
    "truncated": b'{"description": {"assets": [], "models": [], "value": "te',
    "a-number": b'{"description": {"assets": [], "models": [], "value": 7}}',
    "an-object": b'{"description": {"assets": {}, "models": [], "value": ""}}',
    "a-list": b"[]",
    "no-value": b'{"description": {"assets": [], "models": []}}',
    "no-lists": b'{"description": {"value": ""}}',
    "no-members": b'{"description": {}}',
    "nothing": b"",
    "null": b"null",
    "null-description": b'{"description": null}',
    "brackets": b"[" * 200_000,
    "deep-value": b'{"description": {"assets": [], "models": [], "value": ' + b'{"a":' * 200_000,
    "surrogates": b'{"description": {"assets": [], "models": [], "value": "\\ud800"}}',
    "surrogates-raw": b'{"description": {"assets": [], "models": [], "value": "\xed\xa0\x80"}}',
    "not-utf-8": b'{"description": {"assets": [], "models": [], "value": "\xff"}}',
    "utf-16": '{"description": {"assets": [], "models": [], "value": ""}}'.encode("utf-16"),
}


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_200_with_html_truncated_json_wrong_types_missing_members_200k_nested_brackets_lone_surrogates(
    scene: Scene, method: str
) -> None:
    scene.stage(*NOT_THE_PROMISED, "fine")
    for model_id, body in NOT_THE_PROMISED.items():
        scene.remote.on(method, model_id, Fault(answer(body, "content-type: application/json")))
    ended = scene.sync("--keep-going", "--force")
    assert ended.status == 1
    assert codes(ended) == dict.fromkeys(NOT_THE_PROMISED, "protocol")
    assert statuses(ended) == {**dict.fromkeys(NOT_THE_PROMISED, "failed"), "fine": "applied"}
    assert ended.report["requests"]["retries"] == 0
    for model_id in NOT_THE_PROMISED:
        assert scene.remote.text(model_id) == f"old of {model_id}"
        assert ended.item(model_id)["action"] == ("invalid" if method == "GET" else "update")
    # Never read as "no description": nothing is created over a text that could not be read.
    writes = {"fine": 1} if method == "GET" else dict.fromkeys((*NOT_THE_PROMISED, "fine"), 1)
    assert scene.remote.counts("PUT") == writes
    scene.converges()


def test_200_with_html_after_a_put_that_landed(scene: Scene) -> None:
    scene.stage(*NOT_THE_PROMISED)
    for model_id, body in NOT_THE_PROMISED.items():
        scene.remote.on("PUT", model_id, landed(answer(body)))
    ended = scene.sync("--force")
    assert ended.status == 0
    assert set(statuses(ended).values()) == {"applied"}
    assert set(scene.remote.counts("PUT").values()) == {1}
    agrees_with_the_journal(scene, ended)
    scene.converges()


def test_200_with_html_for_a_look_up(scene: Scene) -> None:
    scene.stage("a", "b")
    scene.add_asset("asset_a")
    scene.workspace.write("a", "see {asset:asset_a}\n")
    scene.remote.on("POST", "/assets/get-bulk", Fault(answer(b"<html>")), always=True)
    ended = scene.sync()
    assert ended.status == 1
    assert codes(ended) == {"a": "protocol"}  # not known to be missing either
    assert ended.item("a")["problems"] == []
    assert scene.remote.counts("PUT") == {}
    scene.converges()


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_3xx(scene: Scene, method: str) -> None:
    redirects = (300, 301, 302, 303, 304, 305, 307, 308)
    scene.stage(*(f"m{code}" for code in redirects), "fine")
    with scripted(answer(BODY)) as elsewhere:
        target = f"http://localhost:{elsewhere.port}/v1/stolen?token=hush-hush"
        for code in redirects:  # without a body, which a 304 never has
            play = answer(b"", f"Location: {target}", status=f"{code} Elsewhere")
            scene.remote.on(method, f"m{code}", Fault(play))
        ended = scene.sync("--keep-going")
        assert (elsewhere.connections, elsewhere.heads) == (0, [])
    assert ended.status == 1
    assert codes(ended) == {f"m{code}": "redirected" for code in redirects}
    assert statuses(ended)["fine"] == "applied"
    for error in errors(ended).values():
        assert f"HTTP {error['http_status']} redirects to localhost; not followed" in error["message"]
    for hidden in ("hush-hush", "stolen", "token="):
        assert hidden not in ended.out + ended.err
    assert max(scene.remote.counts(method).values()) == 1
    scene.converges()


# Refusals


def test_first_answer_is_401(scene: Scene) -> None:
    scene.http(workers=8)
    scene.stage(*(f"m{number:02}" for number in range(30)))
    scene.remote.on("GET", "*", status(401), always=True)
    ended = scene.sync("--keep-going", "--force")
    assert ended.status == 2
    assert len(scene.remote.asked) == 1
    assert ended.report["summary"] | {"failed": 1, "not_attempted": 29} == ended.report["summary"]
    assert set(codes(ended).values()) == {"unauthorized"}
    scene.converges()


def test_401_later(scene: Scene) -> None:
    scene.http(workers=1)
    scene.stage(*(f"m{number:02}" for number in range(20)))
    scene.remote.on("PUT", "m0[0-4]", *[Fault(has_effect=True)] * 5, always=True)
    scene.remote.on("PUT", "m05", status(401), always=True)
    ended = scene.sync("--force")
    assert ended.status == 1  # something was written: 2 would say that nothing was
    assert list(scene.remote.counts("PUT")) == ["m00", "m01", "m02", "m03", "m04", "m05"]
    assert scene.remote.asked[-1].model_id == "m05"  # nothing starts after it
    assert ended.report["summary"] | {"applied": 5, "failed": 1, "not_attempted": 14} == ended.report["summary"]
    assert ended.report["problems"][0]["code"] == "unauthorized"
    agrees_with_the_journal(scene, ended)
    scene.converges()


def test_403_for_one_model(scene: Scene) -> None:
    ids = [f"m{number:02}" for number in range(39)]
    scene.http(workers=1)
    scene.stage(*ids)
    scene.remote.on("PUT", "m20", Fault(has_effect=True))
    scene.remote.on("PUT", "*", status(403, reason="missing scope"), always=True)
    ended = scene.sync("--force")
    # m19 is the twentieth failure in a row; with a success before it there are never twenty.
    assert ended.status == 4
    scene.remote.calm()
    scene.remote.forget()
    for model_id in ids:
        scene.remote.edit(model_id, f"old of {model_id}")
    scene.remote.on("PUT", "m19", Fault(has_effect=True))
    scene.remote.on("PUT", "m[0-3][0-8]", status(403, reason="missing scope"), always=True)
    scene.remote.on("PUT", "m[0-3]9", status(403, reason="missing scope"), always=True)
    again = scene.sync("--force")
    assert again.status == 1
    assert {id_: end for id_, end in statuses(again).items() if end != "failed"} == {"m19": "applied"}
    assert set(codes(again).values()) == {"forbidden"}
    assert scene.remote.counts("PUT") == dict.fromkeys(ids, 1)
    agrees_with_the_journal(scene, again)
    scene.converges()


def test_20_failures_in_a_row_of_any_kind(scene: Scene) -> None:
    ids = [f"m{number:02}" for number in range(60)]
    scene.http(workers=2)
    scene.stage(*ids)
    kinds = (status(403), status(400), Fault(answer(b"<html>")), status(301), status(503, "x-should-retry: false"))
    slowly = then(kinds[0], lambda: time.sleep(0.4))  # of 37 writes some are left when the twentieth failure is seen
    scene.remote.on("PUT", "*", *[Fault(has_effect=True)] * 3, *kinds * 4, slowly, always=True)
    ended = scene.sync("--force")
    assert ended.status == 4
    summary = ended.report["summary"]
    assert (summary["applied"], summary["applied"] + summary["failed"] + summary["not_attempted"]) == (3, 60)
    assert summary["failed"] >= 20
    assert summary["not_attempted"] > 0
    assert "20 failures in a row, the last: " in ended.report["problems"][0]["message"]
    agrees_with_the_journal(scene, ended)
    scene.converges()


# Bodies without end


def test_a_body_that_drips_for_ever(scene: Scene) -> None:
    scene.http(deadline=HASTY, attempts=2)
    scene.stage("read", "landed", "lost", "fine")
    scene.remote.on("GET", "read", Fault(drips(b" ", HASTY / 50)), always=True)
    scene.remote.on("PUT", "landed", landed(drips(b" ", HASTY / 50)))
    scene.remote.on("PUT", "lost", Fault(drips(b" ", HASTY / 50)))
    ended = scene.sync("--keep-going")
    assert ended.status == 1
    assert statuses(ended) == {"read": "failed", "landed": "applied", "lost": "applied", "fine": "applied"}
    error = errors(ended)["read"]
    assert (error["code"], error["attempts"]) == ("unavailable", 2)
    assert f"no complete response within http.deadline ({HASTY} s)" in error["message"]
    assert scene.remote.counts("PUT") == {"landed": 1, "lost": 2, "fine": 1}
    scene.converges()


def gzip_bomb() -> bytes:
    """200 KB that would be 210 MB."""
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(1_000_000)
    return b"".join([*(packer.compress(zeros) for _ in range(210)), packer.flush()])


def test_a_gzip_bomb(scene: Scene) -> None:
    bomb = gzip_bomb()
    assert len(bomb) < 300_000
    scene.stage("bomb", "landed", "flood", "fine")
    packed = answer(bomb, "Content-Encoding: gzip", "content-type: application/json")
    scene.remote.on("GET", "bomb", Fault(packed), always=True)
    scene.remote.on("PUT", "landed", landed(packed))
    scene.remote.on("GET", "flood", Fault(then_closes(sends(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 40_000_000))))
    with scene.running("sync", "--keep-going", "--format", "json", wrapper=MEASURED) as process:
        ended = process.end()
    assert ended.status == 1
    assert statuses(ended) == {"bomb": "failed", "landed": "applied", "flood": "failed", "fine": "applied"}
    assert codes(ended) == {"bomb": "protocol", "flood": "protocol"}
    assert "gzip-encoded though identity was asked for" in errors(ended)["bomb"]["message"]
    assert "more than 33,554,432 bytes" in errors(ended)["flood"]["message"]
    assert int(ended.err.split()[-1]) / 1024 < 150
    scene.converges()


# Somebody else


def test_two_runs_at_once(scene: Scene) -> None:
    scene.stage("a")
    release = threading.Event()
    scene.remote.on("PUT", "a", held(release))
    with scene.running("sync", "--format", "json") as first:
        wait_for(lambda: scene.remote.counts("PUT"), "the first run's write")
        asked = len(scene.remote.asked)
        second = scene.workspace.run("sync")
        assert second.status == 1
        run = json.loads(scene.runs[0].read_text().splitlines()[0])["run"]
        assert f"the run {run} (process {first.process.pid}, since 2" in second.err
        assert "is writing to the profile 'test'" in second.err
        assert len(scene.remote.asked) == asked
        assert scene.workspace.run("diff").status == 0  # who only reads need not wait
        release.set()
        assert first.end().status == 0
    scene.converges()


def test_two_runs_at_once_of_which_the_first_has_died(scene: Scene) -> None:
    scene.stage("a")
    release = threading.Event()
    scene.remote.on("PUT", "a", held(release))
    with scene.running("sync") as first:
        wait_for(lambda: scene.remote.counts("PUT"), "the first run's write")
        first.process.kill()
        first.process.wait(PATIENCE)
    release.set()
    wait_for(lambda: scene.remote.text("a") == "new of a", "the write to land")
    assert "the run" in (scene.workspace.folder / ".syncjob" / "test.lock").read_text()
    ended = scene.sync()
    assert ended.status == 0
    assert statuses(ended) == {"a": "unchanged"}
    scene.converges()


@pytest.mark.parametrize("recheck_after", [0, 0.3])
def test_an_edit_between_read_and_write(scene: Scene, tmp_path: Path, recheck_after: float) -> None:
    scene.http(recheck_after=recheck_after)
    scene.stage("a", "b")
    other = workspace_at(tmp_path / "other", scene.remote)
    other.workspace.held({"a": "old of a"})
    other.workspace.write("a", "written by another machine")
    look_up = threading.Event()
    scene.remote.on("POST", "/models/get-bulk", held(look_up))
    with scene.running("sync", "--format", "json") as process:
        wait_for(lambda: any(asked.method == "POST" for asked in scene.remote.asked), "the plan")
        assert other.sync().status == 0
        time.sleep(recheck_after)
        scene.remote.forget()
        look_up.set()
        ended = process.end()
    assert ended.status == 1
    assert statuses(ended) == {"a": "refused", "b": "applied"}
    assert ended.item("a")["action"] == "conflict"
    assert ended.item("a")["problems"][0]["code"] == "remote-edited"
    assert scene.remote.counts("PUT") == {"b": 1}
    assert scene.remote.counts("GET") == {"a": 1, "b": 1}
    assert scene.remote.text("a") == "written by another machine"
    scene.converges()


def test_the_server_stores_other_text_than_was_sent(scene: Scene) -> None:
    forms: dict[str, Callable[[str], str]] = {
        "crlf": lambda text: text.replace("\n", "\r\n"),
        "newline": lambda text: text + "\n\n",
        "nfc": lambda text: unicodedata.normalize("NFC", text),
        "nfd": lambda text: unicodedata.normalize("NFD", text),
    }
    others: dict[str, Callable[[str], str]] = {"shouted": str.upper}
    parts: dict[str, Callable[[str], str]] = {"cut": lambda text: text[:5], "gone": lambda _: ""}
    scene.stage(*forms, *others, *parts)
    for model_id, stores in (forms | others | parts).items():
        scene.workspace.write(model_id, f"new {model_id}\nna\u00efve, e\u0301t\u00e9\n")
        scene.remote.on("PUT", model_id, Fault(has_effect=True, stores=stores), always=True)
    ended = scene.sync()
    assert ended.status == 1
    problems = {item["model_id"]: [found["code"] for found in item["problems"]] for item in ended.report["items"]}
    assert problems == {id_: ["remote-normalised"] if id_ in others else [] for id_ in (*forms, *others, *parts)}
    assert codes(ended) == dict.fromkeys(parts, "remote-normalised")
    assert statuses(ended) == {id_: "failed" if id_ in parts else "applied" for id_ in (*forms, *others, *parts)}
    stored = {
        record["model_id"]: record.get("stored_sha256") for record in scene.journal() if record["record"] == "result"
    }
    assert stored["gone"] is None
    scene.remote.forget()
    again = scene.sync(*forms)
    assert (again.status, scene.remote.counts("PUT")) == (0, {})
    assert set(statuses(again).values()) == {"unchanged"}
    scene.workspace.write("shouted", "another text")  # as it was, it is in step with what Scenario made of it
    scene.converges()


# The process


@contextmanager
def writing(scene: Scene, *faults: Fault, environment: Mapping[str, str] = UNHURRIED, count: int = 12) -> Iterator[Any]:
    """A run of four workers whose first four writes play the faults."""
    scene.stage(*(f"m{number:02}" for number in range(count)))
    scene.remote.on("PUT", "*", *faults)
    with scene.running("sync", "--force", "--format", "json", environment=environment) as process:
        wait_for(lambda: len(scene.remote.counts("PUT")) == 4, "four writes")
        yield process


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_sigint_sigterm(scene: Scene, number: signal.Signals, code: int) -> None:
    release = threading.Event()
    with writing(scene, *[held(release)] * 4, environment=PATIENT) as process:
        process.send(number)
        process.until("finishing requests in flight")
        release.set()
        ended = process.end()
    assert ended.status == code
    assert ended.report["exit_code"] == code
    assert scene.remote.counts("PUT") == {f"m{number:02}": 1 for number in range(4)}
    assert ended.report["summary"] | {"applied": 4, "failed": 0, "not_attempted": 8} == ended.report["summary"]
    assert ended.report["problems"][0]["code"] == "interrupted"
    assert "4 of 12 applied, 8 not attempted, interrupted" in scene.workspace.run("runs").out
    agrees_with_the_journal(scene, ended)
    scene.converges()


def test_sigint_while_what_is_in_flight_does_not_end(scene: Scene) -> None:
    scene.http(timeout=600, deadline=600)
    release = threading.Event()
    with writing(scene, *[held(release)] * 4) as process:
        process.send(signal.SIGINT)
        ended = process.end()
    release.set()
    assert ended.status == 130
    assert ended.report["summary"] | {"failed": 4, "not_attempted": 8} == ended.report["summary"]
    assert set(codes(ended).values()) == {"unavailable"}  # the requests were broken off
    assert ended.report["summary"]["uncertain"] == 4
    assert scene.journal()[-1]["record"] == "end"
    wait_for(lambda: scene.remote.text("m03") == "new of m03", "the writes to land")
    scene.converges()


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [(signal.SIGINT, signal.SIGINT, 130), (signal.SIGINT, signal.SIGTERM, 143), (signal.SIGTERM, signal.SIGTERM, 143)],
)
def test_sigint_sigterm_a_second_time(scene: Scene, first: signal.Signals, second: signal.Signals, code: int) -> None:
    scene.http(timeout=600, deadline=600)
    release = threading.Event()
    with writing(scene, *[held(release)] * 4, environment=PATIENT) as process:
        process.send(first)
        process.until("finishing requests in flight")
        process.send(second)
        process.process.wait(PATIENCE)
    ended = process.end()
    assert ended.status in (code, -second)  # a shell shows both as the same
    assert ended.out == ""
    release.set()
    wait_for(lambda: scene.remote.text("m03") == "new of m03", "the writes to land")
    assert len(scene.remote.counts("PUT")) == 4
    scene.converges()


def test_kill_9_power_loss(scene: Scene) -> None:
    release = threading.Event()

    def unanswered(line: socket.socket) -> None:
        release.wait(PATIENCE)

    with writing(scene, *[landed(unanswered)] * 4) as process:
        wait_for(lambda: len(scene.remote.overwritten) == 4, "four writes to land")
        process.send(signal.SIGKILL)
        assert process.end().status == -signal.SIGKILL
    release.set()
    scene.nothing_is_lost()
    (path,) = scene.runs
    with path.open("ab") as file:
        file.write(b'{"record":"intent","model_id":"m0')  # what a power loss leaves of a line
    scene.nothing_is_lost()
    listed = json.loads(scene.workspace.run("runs", "--format", "json").out)
    assert (listed[0]["run"], listed[0]["exit_code"], listed[0]["writes"]) == (path.stem, None, 4)
    ended = scene.workspace.json("rollback", path.stem)
    assert ended.status == 0
    for number in range(12):
        assert scene.remote.text(f"m{number:02}") == f"old of m{number:02}"
    scene.converges()


def with_small_files(size: int) -> tuple[str, ...]:
    """What runs a command that can make no file larger than `size` bytes.

    Python has to be run with -B: it would leave the first bytes of its bytecode, and read them for ever.
    """
    limit = f"import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size})); "
    return (sys.executable, "-c", f"{limit}os.execvp(sys.argv[1], sys.argv[1:])")


@pytest.mark.parametrize("size", [1500, 2001])
def test_disk_full(scene: Scene, size: int) -> None:
    scene.http(workers=1)
    ids = [f"m{number:02}" for number in range(30)]
    scene.stage(*ids)
    # The journal alone is as large as that: the report goes to a pipe.
    done = subprocess.run(
        [*with_small_files(size), sys.executable, "-B", "-m", "syncjob", "sync", "--force", "--format", "json"],
        cwd=scene.workspace.folder, env=scene.workspace.environment(), capture_output=True, timeout=300, check=False,
    )  # fmt: skip
    ended = Ended(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert ended.status == 1
    assert "Traceback" not in ended.err
    applied = {id_ for id_, end in statuses(ended).items() if end == "applied"}
    assert applied == {id_ for id_ in ids if scene.remote.text(id_) == f"new of {id_}"} != set()
    assert ended.report["summary"] | {"failed": 0, "not_attempted": 30 - len(applied)} == ended.report["summary"]
    assert "cannot write the journal: File too large" in ended.report["problems"][0]["message"]
    path = scene.runs[-1]
    assert path.stat().st_size <= size
    assert path.read_bytes().endswith(b"}\n")  # a record that did not fit was taken back
    assert scene.remote.overwritten
    scene.nothing_is_lost()
    assert scene.workspace.json("rollback", path.stem).status == 0
    assert [scene.remote.text(id_) for id_ in ids] == [f"old of {id_}" for id_ in ids]
    scene.converges()


def test_disk_full_before_the_first_put(scene: Scene) -> None:
    scene.stage("a")
    for wrapper in (with_small_files(0), with_small_files(100)):
        done = subprocess.run(
            [*wrapper, sys.executable, "-B", "-m", "syncjob", "sync"],
            cwd=scene.workspace.folder, env=scene.workspace.environment(), capture_output=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode in (1, 2)
        assert b"nothing was" in done.stderr or b"cannot make the state folder" in done.stderr, done.stderr
        assert b"Traceback" not in done.stderr
        assert scene.remote.counts("PUT") == {}
        assert scene.workspace.run("runs").status == 0
    scene.converges()


def can_mount() -> bool:
    done = subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False) if has_unshare() else None
    return done is not None and done.returncode == 0


def has_unshare() -> bool:
    return any((Path(folder) / "unshare").exists() for folder in os.environ["PATH"].split(os.pathsep))


def on_a_disk(scene: Scene, options: str, fill: str = "true") -> subprocess.CompletedProcess[bytes]:
    """`syncjob sync` with a file system of its own for the state; what is there in the end is in `.syncjob`."""
    script = (
        f"mkdir -p .syncjob && mkdir ../disk && mount -t tmpfs -o mode=700,{options} tmpfs ../disk && {fill}\n"
        f"SYNCJOB_STATE_DIR=../disk {shlex.quote(sys.executable)} -m syncjob sync --force --format json\n"
        "status=$?; cp -r ../disk/. .syncjob; exit $status"
    )
    return subprocess.run(
        ["unshare", "-rm", "sh", "-c", script],
        cwd=scene.workspace.folder,
        env=scene.workspace.environment(),
        capture_output=True,
        timeout=300,
        check=False,
    )


@pytest.mark.skipif(not can_mount(), reason="file systems cannot be mounted here")
def test_disk_full_in_earnest(scene: Scene) -> None:
    scene.http(workers=2)
    ids = [f"m{number:02}" for number in range(30)]
    scene.stage(*ids)
    done = on_a_disk(scene, "size=16k", "head -c 4096 /dev/zero > ../disk/ballast")
    ended = Ended(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert ended.status == 1, ended
    applied = {id_ for id_, end in statuses(ended).items() if end == "applied"}
    assert applied == {id_ for id_ in ids if scene.remote.text(id_) == f"new of {id_}"} != set()
    assert "cannot write the journal: No space left on device" in ended.report["problems"][0]["message"]
    # The file system was not to be seen from here while it was written to.
    overwritten = {(gone.model_id, gone.text) for gone in scene.remote.overwritten}
    assert {(id_, f"old of {id_}") for id_ in applied} == overwritten <= intents(scene.remote.journals)
    scene.remote.overwritten.clear()
    scene.converges()


@pytest.mark.skipif(not can_mount(), reason="file systems cannot be mounted here")
def test_a_state_folder_that_is_read_only(scene: Scene) -> None:
    scene.stage("a")
    done = on_a_disk(scene, "ro,size=16k")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"Read-only file system" in done.stderr
    assert b"Traceback" not in done.stderr
    assert scene.remote.asked == []
    scene.converges()


@pytest.mark.parametrize("state", ["file/state", "/proc/none"])
def test_a_state_folder_that_cannot_be(scene: Scene, state: str) -> None:
    scene.stage("a")
    (scene.workspace.folder / "file").touch()
    ended = scene.workspace.run("sync", SYNCJOB_STATE_DIR=state)
    assert (ended.status, ended.out) == (2, "")
    assert state in ended.err
    assert scene.remote.asked == []
    scene.converges()


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("redirection", [">&-", "> /dev/full", "| true"])
def test_closed_stdout(scene: Scene, redirection: str, form: str) -> None:
    scene.stage("a")
    command = f"set -o pipefail; {shlex.quote(sys.executable)} -m syncjob sync --format {form} {redirection}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=scene.workspace.folder,
        env=scene.workspace.environment(),
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == (2 if redirection == ">&-" else 1)
    assert b"Traceback" not in done.stderr
    if redirection != ">&-":  # what was agreed to is written, and said
        assert scene.remote.text("a") == "new of a"
        assert b"Applied 1" in done.stderr
        assert results(scene) == {"a": ("applied", None)}
    else:
        assert scene.remote.counts("PUT") == {}
    scene.converges()


# The disk


def test_an_intent_is_synced_to_the_disk_before_its_request_is_sent(scene: Scene) -> None:
    scene.stage("a", "b", "c")
    done: dict[threading.Thread, list[str]] = {}

    def observe(frame: object, event: str, function: Any) -> None:
        name = getattr(function, "__name__", "")
        if event == "c_call" and name in ("fsync", "send", "sendall"):
            done.setdefault(threading.current_thread(), []).append("fsync" if name == "fsync" else "send")

    threading.setprofile(observe)
    try:
        scene.converges()
    finally:
        threading.setprofile(None)
    writers = [calls for calls in done.values() if "fsync" in calls]
    assert sum(calls.count("fsync") for calls in writers) == 3
    for calls in writers:
        assert re.fullmatch("(?:fsync(?: send)+ ?)+", " ".join(calls)), calls
