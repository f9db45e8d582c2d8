"""The client's calls over real loopback HTTP: what they send, what they read, how they pause, and their count."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from jsonschema import Draft202012Validator

from syncjob import errors
from syncjob.credentials import basic
from syncjob.sandbox.records import asset_row, model_row
from syncjob.scenario import Scenario, calls, resources, types
from syncjob.scenario.answers import Answer
from syncjob.scenario.calls import Patience
from syncjob.scenario.counters import Meter
from syncjob.scenario.http.transport import Exchange, Limits
from syncjob.scenario.rate_limit import Lowered
from syncjob.scenario.retry import Retry
from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import KEY, SECRET

CREDENTIALS = basic(KEY, SECRET)


@pytest.fixture
def scenario(remote: Loopback) -> Iterator[Scenario]:
    """A client of the served stand-in, without pacing; a wait ends the test."""

    def sleep(seconds: float) -> None:
        raise AssertionError(f"nothing here waits, not even {seconds} s")

    with Scenario(CREDENTIALS, base_url=remote.url, requests_per_minute=0, sleep=sleep) as opened:
        yield opened


def bodies(remote: Loopback) -> list[Any]:
    return [json.loads(body) for _, _, body in remote.asked if body]


def test_a_plain_200_is_no_error(scenario: Scenario, remote: Loopback) -> None:
    body = b'{"description": {"assets": [], "models": [], "value": "a text"}}'
    remote.script = lambda method, target: json_answer(200, body, x_should_retry="true")
    assert scenario.models.description.retrieve("flux.1-dev").value == "a text"
    assert remote.counts == {"GET": 1}


# Descriptions


def test_a_description_is_written_read_and_removed(scenario: Scenario, remote: Loopback) -> None:
    remote.add("flux.1-dev", "other")
    remote.add_assets("asset_1")
    text = "see {asset:asset_1} and {model:other}\n"
    description = scenario.models.description
    assert description.retrieve("flux.1-dev") == types.Description(assets=(), models=(), value="")
    written = description.update("flux.1-dev", text)
    assert written == description.retrieve("flux.1-dev")
    assert (written.value, written.assets[0].id, written.models[0].name) == (text, "asset_1", "Name of other")
    assert description.update("flux.1-dev", None).value == ""
    assert bodies(remote) == [{"description": text}, {"description": None}]
    path = "/v1/models/flux.1-dev/description"
    assert [(method, target) for method, target, _ in remote.asked] == [
        ("GET", path),
        ("PUT", path),
        ("GET", path),
        ("PUT", path),
    ]


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ({}, ""),
        ({"original_assets": False}, ""),
        ({"original_assets": True}, "?originalAssets=true"),
        ({"project_id": "proj 1/\u00fc"}, "?projectId=proj+1%2F%C3%BC"),
        ({"original_assets": True, "project_id": "p"}, "?originalAssets=true&projectId=p"),
    ],
)
def test_the_options_of_a_description_are_its_query(
    scenario: Scenario, remote: Loopback, options: dict[str, Any], query: str
) -> None:
    remote.add("one")
    scenario.models.description.retrieve("one", **options)
    scenario.models.description.update("one", "text", **options)
    assert {target for _, target, _ in remote.asked} == {f"/v1/models/one/description{query}"}


def test_an_unknown_model_is_not_found(scenario: Scenario) -> None:
    with pytest.raises(errors.NotFound, match=r"^HTTP 404: Model unknown not found$") as caught:
        scenario.models.description.retrieve("unknown")
    assert (caught.value.code, caught.value.http_status, caught.value.attempts) == ("model-unknown", 404, 1)


BAD_IDS = [
    "",
    ".",
    "..",
    "...",
    "a/b",
    "/",
    "a?b",
    "a#b",
    "a%2Fb",
    "a b",
    "a\nb",
    "a\0",
    "\u00e9",
    ".hidden",
    "a" * 257,
]


@pytest.mark.parametrize("id_", BAD_IDS)
@pytest.mark.parametrize(
    "call",
    [
        lambda scenario, id_: scenario.models.description.retrieve(id_),
        lambda scenario, id_: scenario.models.description.update(id_, "text"),
        lambda scenario, id_: scenario.models.get_bulk(["good", id_]),
        lambda scenario, id_: scenario.assets.get_bulk(["good", id_]),
    ],
    ids=["retrieve", "update", "models", "assets"],
)
def test_what_could_climb_a_path_is_refused_before_any_request(
    scenario: Scenario, remote: Loopback, call: Callable[[Scenario, str], object], id_: str
) -> None:
    with pytest.raises(ValueError, match=r"^not an id: "):
        call(scenario, id_)
    assert remote.asked == []


@pytest.mark.parametrize("id_", ["flux.1-dev", "model_alibaba-happy-horse-1.1", "-_-", "a" * 256, "a..b"])
def test_an_id_may_hold_dots_and_hyphens(scenario: Scenario, remote: Loopback, id_: str) -> None:
    remote.add(id_)
    assert scenario.models.description.update(id_, "text").value == "text"


def test_an_answer_that_is_none_is_a_protocol_error_and_not_an_empty_description(
    scenario: Scenario, remote: Loopback
) -> None:
    remote.add("one", texts={"one": "text"})
    for body in (b"", b"<html>", b"{}", b'{"description": null}', b'{"description": {"value": ""}}'):
        remote.script = lambda method, target, body=body: json_answer(200, body)  # type: ignore[misc]
        with pytest.raises(errors.ProtocolError) as caught:
            scenario.models.description.retrieve("one")
        assert caught.value.attempts == 1
    assert len(remote.asked) == 5


# Bulk reads


def test_models_are_read_fifty_a_call_each_once(scenario: Scenario, remote: Loopback) -> None:
    ids = [f"model_{number}" for number in range(120)]
    remote.add(*ids)
    rows = scenario.models.get_bulk([*ids, "unknown", *ids], project_id="p")
    assert [row.id for row in rows] == ids
    assert rows[7].name == "Name of model_7"
    assert [len(body["modelIds"]) for body in bodies(remote)] == [50, 50, 21]
    assert {target for _, target, _ in remote.asked} == {"/v1/models/get-bulk?projectId=p"}


def test_assets_are_read_two_hundred_a_call_each_once(scenario: Scenario, remote: Loopback) -> None:
    ids = [f"asset_{number}" for number in range(401)]
    remote.add_assets(*ids)
    rows = scenario.assets.get_bulk(iter(["unknown", *reversed(ids), *ids]), project_id="p")
    assert [row.id for row in rows] == ids[::-1]
    assert [len(body["assetIds"]) for body in bodies(remote)] == [200, 200, 2]
    assert {target for _, target, _ in remote.asked} == {"/v1/assets/get-bulk?projectId=p"}


def test_no_ids_are_no_request(scenario: Scenario, remote: Loopback) -> None:
    assert (scenario.models.get_bulk([]), scenario.assets.get_bulk([])) == ([], [])
    assert remote.asked == []


@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize("kind", ["models", "assets"])
def test_where_batches_are_refused_whole_single_look_ups_settle_them(
    scenario: Scenario, remote: Loopback, kind: str, status: int
) -> None:
    remote.add("a", "b", "c")
    remote.add_assets("a", "b", "c")
    refusal = json_answer(status, b'{"reason": "unknown is not known"}')
    remote.script = lambda method, target: refusal if "get-bulk" in target else None
    rows = getattr(scenario, kind).get_bulk(["a", "unknown", "c"], project_id="p")
    assert [row.id for row in rows] == ["a", "c"]
    singles = [target for method, target, _ in remote.asked if method == "GET"]
    assert singles == [f"/v1/{kind}/{id_}?projectId=p" for id_ in ("a", "unknown", "c")]


@pytest.mark.parametrize("kind", ["models", "assets"])
def test_a_key_without_the_scope_costs_three_requests(scenario: Scenario, remote: Loopback, kind: str) -> None:
    remote.script = lambda method, target: json_answer(403, b'{"reason": "missing scope"}')
    with pytest.raises(errors.Forbidden, match="missing scope"):
        getattr(scenario, kind).get_bulk(str(number) for number in range(500))
    assert len(remote.asked) == 3


@pytest.mark.parametrize("kind", ["models", "assets"])
def test_rows_come_in_any_order_and_with_strangers(scenario: Scenario, remote: Loopback, kind: str) -> None:
    row = model_row if kind == "models" else asset_row
    body = json.dumps({kind: [row("stranger"), row("b"), row("a"), row("b")]}).encode()
    remote.script = lambda method, target: json_answer(200, body)
    assert [found.id for found in getattr(scenario, kind).get_bulk(["a", "x", "b"])] == ["a", "b"]


# Listings


@pytest.mark.parametrize(("page_size", "requests"), [(1, 5), (2, 3), (5, 1), (500, 1)])
def test_a_listing_reads_all_pages(scenario: Scenario, remote: Loopback, page_size: int, requests: int) -> None:
    remote.add(*(f"m{number}" for number in range(5)))
    listed = list(scenario.models.list(page_size=page_size))
    assert sorted(model.id for model in listed) == ["m0", "m1", "m2", "m3", "m4"]
    assert len(remote.asked) == requests


def test_a_listing_asks_as_it_is_told(scenario: Scenario, remote: Loopback) -> None:
    remote.add("mine")
    remote.add("everybodys", privacy="public")
    assert [model.id for model in scenario.models.list(privacy="public", status="trained", project_id="p")] == [
        "everybodys"
    ]
    query = parse_qs(urlsplit(remote.asked[0][1]).query)
    assert query == {"pageSize": ["500"], "privacy": ["public"], "status": ["trained"], "projectId": ["p"]}


def test_a_listing_reads_no_page_before_it_is_wanted(scenario: Scenario, remote: Loopback) -> None:
    remote.add("m0", "m1")
    listing = scenario.models.list(page_size=1)
    assert remote.asked == []
    next(listing)
    assert len(remote.asked) == 1


def page(ids: str, token: str | None) -> Answer:
    end = {} if token is None else {"nextPaginationToken": token}
    return json_answer(200, json.dumps({"models": [model_row(id_) for id_ in ids], **end}).encode())


@pytest.mark.parametrize(
    ("pages", "ids", "requests"),
    [
        ([("ab", "1"), ("bc", "2"), ("ca", None)], "abc", 3),
        ([("ab", "1"), ("", "2"), ("cd", "")], "abcd", 3),
        ([("", None)], "", 1),
    ],
    ids=["repeated rows", "empty page", "nothing"],
)
def test_a_listing_gives_each_model_once_and_ends(
    scenario: Scenario, remote: Loopback, pages: list[tuple[str, str | None]], ids: str, requests: int
) -> None:
    def script(method: str, target: str) -> Answer:
        asked.append(parse_qs(urlsplit(target).query).get("paginationToken", [None])[0])
        return page(*pages[len(asked) - 1])

    asked: list[str | None] = []
    remote.script = script
    assert "".join(model.id for model in scenario.models.list()) == ids
    assert asked == [None, *(token for _, token in pages)][:requests]


# What is sent


def test_every_request_is_one_that_the_api_page_knows(scenario: Scenario, remote: Loopback) -> None:
    remote.add("one", "two")
    remote.add_assets("asset_1")
    scenario.models.description.retrieve("one", original_assets=True, project_id="p")
    scenario.models.description.update("one", "text", original_assets=True, project_id="p")
    scenario.models.description.update("one", None)
    list(scenario.models.list(privacy="public", status="trained", page_size=1, project_id="p"))
    list(scenario.models.list(page_size=1))
    scenario.models.get_bulk(["one"], project_id="p")
    scenario.assets.get_bulk(["asset_1"], project_id="p")
    remote.script = lambda method, target: json_answer(400, b"{}") if "get-bulk" in target else None
    scenario.models.get_bulk(["one"], project_id="p")
    scenario.assets.get_bulk(["asset_1"], project_id="p")
    document = yaml.safe_load((Path(__file__).parents[2] / "docs" / "openapi.yaml").read_text("utf-8"))
    assert len(remote.asked) == 12
    for method, target, body in remote.asked:
        _assert_known(document, method, target.removeprefix("/v1"), body)


def _assert_known(document: dict[str, Any], method: str, target: str, body: bytes) -> None:
    url = urlsplit(target)
    # A path without parameters is nearer than one with them, as the specification has it.
    routes = sorted(document["paths"], key=lambda route: route.count("{"))
    route = next(route for route in routes if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", route), url.path))
    operation = document["paths"][route][method.lower()]
    parameters = {}
    for parameter in operation["parameters"]:
        if "$ref" in parameter:
            parameter = document["components"]["parameters"][parameter["$ref"].rpartition("/")[2]]
        parameters[parameter["name"]] = parameter["schema"]
    for name, (value,) in parse_qs(url.query).items():
        kind = parameters[name].get("type")
        parsed = json.loads(value) if kind in ("integer", "boolean") else value
        Draft202012Validator({**document, **parameters[name]}).validate(parsed)
    assert bool(body) is ("requestBody" in operation)
    if body:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        Draft202012Validator({**document, **schema}).validate(json.loads(body))


# Pauses, retries and their count


class Waits:
    """A sleep that only takes note, and the thread that slept."""

    def __init__(self) -> None:
        self.slept: list[tuple[str, float]] = []

    def __call__(self, seconds: float) -> None:
        self.slept.append((threading.current_thread().name, seconds))


def fails_first(status: int, **headers: str) -> Callable[[str, str], Answer | None]:
    """A script that answers the first request so, and leaves the rest to the stand-in."""
    answers = [json_answer(status, b'{"reason": "busy"}', **headers)]
    return lambda method, target: answers.pop() if answers else None


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("write", [False, True], ids=["read", "write"])
def test_a_passing_failure_is_retried_over_http(remote: Loopback, status: int, write: bool) -> None:
    remote.add("one")
    remote.script = fails_first(status, retry_after_ms="7")
    waits = Waits()
    told: list[Exchange | Retry | Lowered] = []
    opened = Scenario(CREDENTIALS, base_url=remote.url, requests_per_minute=0, sleep=waits, observe=told.append)
    with opened:
        description = opened.models.description
        value = description.update("one", "text") if write else description.retrieve("one")
    assert value.value == ("text" if write else "")
    exchange, retry, last = told
    assert isinstance(exchange, Exchange)
    assert isinstance(retry, Retry)
    assert isinstance(last, Exchange)
    assert (exchange.status, retry.attempt, retry.wait, retry.error.http_status, last.status) == (
        status,
        1,
        0.007,
        status,
        200,
    )
    assert waits.slept[0][1] == 0.007


def test_no_more_than_the_given_attempts_are_made(remote: Loopback) -> None:
    remote.script = lambda method, target: json_answer(500, b"{}")
    opened = Scenario(CREDENTIALS, base_url=remote.url, requests_per_minute=0, attempts=3, sleep=Waits())
    with opened, pytest.raises(errors.Unavailable) as caught:
        opened.models.description.retrieve("one")
    assert (caught.value.attempts, len(remote.asked)) == (3, 3)
    assert (opened.traffic.total, opened.traffic.retries) == (3, 2)


def test_a_longer_wait_than_the_cap_is_not_slept(remote: Loopback) -> None:
    remote.script = lambda method, target: json_answer(503, b"{}", retry_after="3")
    waits = Waits()
    limits = Limits(max_retry_after=2)
    opened = Scenario(CREDENTIALS, base_url=remote.url, limits=limits, requests_per_minute=0, sleep=waits)
    with opened, pytest.raises(errors.Unavailable, match="the server asks to wait 3 s, more than"):
        opened.models.description.retrieve("one")
    assert (len(remote.asked), waits.slept) == (1, [])


class Passing:
    """A clock that goes forward only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("per_minute", [0, 100])
@pytest.mark.parametrize("retry_after", [None, "0", "7"])
def test_a_429_uses_up_no_attempt(remote: Loopback, retry_after: str | None, per_minute: int) -> None:
    remote.add("one", texts={"one": "text"})
    asked = {} if retry_after is None else {"retry_after": retry_after}
    remote.script = lambda method, target: json_answer(429, b"{}", **asked) if len(remote.asked) < 10 else None
    clock = Passing()
    opened = Scenario(
        CREDENTIALS, base_url=remote.url, requests_per_minute=per_minute, attempts=1, sleep=clock.sleep, clock=clock
    )
    with opened:
        assert opened.models.description.retrieve("one").value == "text"
    assert len(remote.asked) == 10


@pytest.mark.parametrize("per_minute", [0, 100])
@pytest.mark.parametrize(
    ("retry_after", "waited"), [(None, (550, 610)), ("0", (590, 610)), ("50", (550, 610)), ("601", (0, 0))]
)
def test_what_is_refused_for_longer_than_max_wait_is_given_up(
    remote: Loopback, retry_after: str | None, waited: tuple[float, float], per_minute: int
) -> None:
    asked = {} if retry_after is None else {"retry_after": retry_after}
    remote.script = lambda method, target: json_answer(429, b"{}", **asked)
    clock, given_up = Passing(), list[str]()
    opened = Scenario(
        CREDENTIALS,
        base_url=remote.url,
        requests_per_minute=per_minute,
        sleep=clock.sleep,
        clock=clock,
        patience=Patience(give_up=given_up.append),
    )
    with opened, pytest.raises(errors.RateLimited):
        opened.models.description.retrieve("one")
    assert waited[0] <= clock.now <= waited[1]
    assert len(remote.asked) < 250
    assert f"for {clock.now:,.0f} s Scenario admitted no GET (HTTP 429" in given_up[0]
    assert "beyond http.max_wait (600 s): another run, workflow or program may be using" in given_up[0]


def test_a_call_that_is_made_once_pauses_the_next_for_max_wait_at_most(remote: Loopback) -> None:
    remote.add("one", texts={"one": "text"})
    remote.script = lambda method, target: json_answer(429, b"{}", retry_after="86400") if method == "PUT" else None
    clock = Passing()
    opened = Scenario(CREDENTIALS, base_url=remote.url, requests_per_minute=0, sleep=clock.sleep, clock=clock)
    with opened:
        with pytest.raises(errors.RateLimited):
            opened.call("PUT", "/models/one/description", dict, body={"description": "new"}, attempts=1)
        assert opened.models.description.retrieve("one").value == "text"
    assert clock.now == 600


def test_a_full_plan_is_asked_once(remote: Loopback, scenario: Scenario) -> None:
    remote.script = lambda method, target: json_answer(429, b'{"name": "PlanLimitReachedError"}', retry_after="1")
    with pytest.raises(errors.PlanLimit):
        scenario.models.description.retrieve("one")
    assert len(remote.asked) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_for_time_is_left_alone_by_all_workers(remote: Loopback, status: int) -> None:
    arrived: list[float] = []
    paused = threading.Event()

    def script(method: str, target: str) -> Answer | None:
        arrived.append(time.monotonic())
        if target.endswith("/first/description") and len(arrived) == 2:
            return json_answer(status, b"{}", retry_after_ms="200")
        return None

    def observe(event: Exchange | Retry | Lowered) -> None:
        if isinstance(event, Retry):
            paused.set()

    remote.add("first", "other")
    remote.script = script
    with Scenario(CREDENTIALS, base_url=remote.url, requests_per_minute=0, observe=observe) as opened:
        retrieve = opened.models.description.retrieve
        retrieve("other")  # shows that the credentials are good
        first = threading.Thread(target=retrieve, args=("first",))
        first.start()
        assert paused.wait(5)
        others = [threading.Thread(target=retrieve, args=("other",)) for _ in range(6)]
        for thread in others:
            thread.start()
        for thread in (first, *others):
            thread.join()
    refused_at = arrived[1]
    assert len(arrived) == 9
    assert min(arrived[2:]) - refused_at >= 0.199
    assert opened.traffic.waited_seconds >= 0.199


def test_a_server_that_asks_for_time_gets_it_though_nothing_is_retried(remote: Loopback) -> None:
    arrived: list[float] = []

    def script(method: str, target: str) -> Answer | None:
        arrived.append(time.monotonic())
        return json_answer(429, b"{}", retry_after_ms="100") if len(arrived) == 1 else None

    remote.add("one")
    remote.script = script
    with Scenario(CREDENTIALS, base_url=remote.url, requests_per_minute=0) as opened:
        with pytest.raises(errors.RateLimited):
            opened.call("GET", "/models/one", dict, attempts=1)
        opened.models.description.retrieve("one")
    assert arrived[1] - arrived[0] >= 0.099


def test_one_call_may_be_asked_once(remote: Loopback) -> None:
    remote.add("one")
    remote.script = lambda method, target: json_answer(425, b"{}", retry_after_ms="100")
    waits = Waits()
    with Scenario(CREDENTIALS, base_url=remote.url, requests_per_minute=0, attempts=3, sleep=waits) as opened:
        with pytest.raises(errors.Unavailable) as caught:
            opened.call("GET", "/models/one", dict, attempts=1)
        assert (remote.counts["GET"], caught.value.attempts, caught.value.retry_after) == (1, 1, 0.1)
        with pytest.raises(errors.Unavailable):
            opened.call("GET", "/models/one", dict)
        assert remote.counts["GET"] == 4


def test_a_failure_of_one_request_pauses_nobody_else(remote: Loopback) -> None:
    remote.add("one", "other")
    other_is_done = threading.Event()
    waits = Waits()

    def sleep(seconds: float) -> None:
        waits(seconds)
        other = threading.Thread(target=retrieve_other, name="other")
        other.start()
        other.join()

    def retrieve_other() -> None:
        opened.models.description.retrieve("other")
        other_is_done.set()

    remote.script = fails_first(500, retry_after="100")
    with Scenario(CREDENTIALS, base_url=remote.url, requests_per_minute=0, sleep=sleep) as opened:
        opened.models.description.retrieve("one")
    assert other_is_done.is_set()
    assert [thread for thread, _ in waits.slept] == [threading.current_thread().name]


def test_requests_are_paced(remote: Loopback) -> None:
    remote.add("one")
    now = [0.0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    opened = Scenario(CREDENTIALS, base_url=remote.url, requests_per_minute=2, sleep=sleep, clock=lambda: now[0])
    with opened:
        for _ in range(5):
            opened.models.description.retrieve("one")
    assert slept == [60, 60]
    assert opened.traffic.waited_seconds == 120


def test_a_stop_in_a_wait_ends_the_call(remote: Loopback) -> None:
    def stop(_: float) -> None:
        raise errors.Stopped("interrupted")

    remote.script = lambda method, target: json_answer(503, b"{}")
    opened = Scenario(CREDENTIALS, base_url=remote.url, requests_per_minute=0, sleep=stop)
    with opened, pytest.raises(errors.Stopped) as caught:
        opened.models.description.retrieve("one")
    assert isinstance(caught.value.pending, errors.Unavailable)
    assert len(remote.asked) == 1


def test_nothing_is_sent_by_who_was_in_flight_when_the_client_closed(remote: Loopback) -> None:
    remote.add("one")
    arrived, released = threading.Event(), threading.Event()

    def script(method: str, target: str) -> None:
        arrived.set()
        released.wait(10)
        raise ConnectionAbortedError

    remote.script = script
    opened = Scenario(CREDENTIALS, base_url=remote.url, requests_per_minute=0, attempts=3, sleep=lambda _: None)
    ends: list[errors.SyncjobError] = []

    def ask() -> None:
        try:
            opened.models.description.retrieve("one")
        except errors.SyncjobError as error:
            ends.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    assert arrived.wait(10)
    opened.close()
    released.set()
    asking.join(10)
    assert [type(end) for end in ends] == [errors.Stopped]
    assert len(remote.asked) == 1
    with pytest.raises(errors.Stopped):
        opened.models.description.retrieve("one")
    assert len(remote.asked) == 1


def test_the_traffic_counts_requests_by_method(scenario: Scenario, remote: Loopback) -> None:
    remote.add("one")
    scenario.models.description.retrieve("one")
    scenario.models.description.retrieve("one")
    scenario.models.description.update("one", "text")
    scenario.models.get_bulk(["one"])
    with pytest.raises(errors.NotFound):
        scenario.models.description.retrieve("unknown")
    traffic = scenario.traffic
    assert (traffic.total, traffic.get, traffic.put, traffic.post) == (5, 3, 1, 1)
    assert (traffic.retries, traffic.waited_seconds) == (0, 0)


def test_waits_that_overlap_count_once() -> None:
    now = [0.0]
    waiting = [5.0, 3.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds
        if waiting:
            meter.sleep(waiting.pop())

    meter = Meter(sleep, lambda: now[0])
    meter.sleep(2.0)
    now[0] += 100
    meter.sleep(4.0)
    assert meter.traffic.waited_seconds == 2 + 3 + 5 + 4


def test_a_wait_that_is_ended_is_counted_as_long_as_it_was() -> None:
    now = [0.0]

    def sleep(_: float) -> None:
        now[0] += 1.5
        raise errors.Stopped("interrupted")

    meter = Meter(sleep, lambda: now[0])
    for _ in range(2):
        with pytest.raises(errors.Stopped):
            meter.sleep(60)
    assert meter.traffic.waited_seconds == 3


def test_the_defaults_are_those_of_the_service() -> None:
    assert calls.BASE_URL == "https://api.cloud.scenario.com/v1"
    assert (resources.ASSETS_PER_CALL, resources.MODELS_PER_CALL, resources.PAGE_SIZE) == (200, 50, 500)
    with Scenario() as opened:
        assert opened.traffic.total == 0


def test_a_wait_that_is_asked_for_holds_the_next_call_even_where_no_attempt_is_left(remote: Loopback) -> None:
    remote.add("one", texts={"one": "text"})
    now = 0.0
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(seconds)
        now += seconds

    overrun = json_answer(429, b"{}", retry_after="7")
    remote.script = lambda method, target: overrun if len(remote.asked) == 1 else None
    with Scenario(basic("key", "secret"), base_url=remote.url, sleep=sleep, clock=lambda: now) as client:
        with pytest.raises(errors.RateLimited):
            client.call("GET", "/models/one", dict, attempts=1)
        assert slept == []
        assert client.models.description.retrieve("one").value == "text"
    assert slept == [7.0]
