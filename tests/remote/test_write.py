"""Writes over real HTTP: what became of each, also where the answer got lost."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from syncjob.commands.run import new_id
from syncjob.control import workers
from syncjob.control.circuit_breaker import Breaker
from syncjob.control.workers import Stop
from syncjob.credentials import basic
from syncjob.local.document import parse
from syncjob.plan.compare import Change, compare
from syncjob.plan.existing import Held
from syncjob.plan.outcome import Outcome
from syncjob.remote.descriptions import Remote
from syncjob.remote.write import apply
from syncjob.scenario import Scenario
from syncjob.scenario.answers import Answer
from syncjob.state.journal import Begin, started
from tests.support.loopback import Loopback, json_answer


def change(model_id: str, after: str, before: str) -> Change:
    return compare(parse(model_id, f"descriptions/{model_id}.md", after.encode()), Held(before, (), 0.0))


def write(
    remote: Loopback,
    *changes: Change,
    stop: Stop | None = None,
    sleep: Callable[[float], None] = lambda _: None,
    now: float = 0.0,
) -> dict[str, Outcome]:
    stop = stop or Stop()
    with Scenario(
        basic("key", "secret"), base_url=remote.url, requests_per_minute=0, attempts=2, sleep=sleep
    ) as client:
        place = Remote(client, clock=lambda: now)
        begin = Begin(1, new_id(), "sync", "test", remote.url, None, "2026-01-01T00:00:00Z")
        with TemporaryDirectory() as folder, started(Path(folder) / ".syncjob", begin) as journal:
            outcomes = apply(changes, place, journal, count=2, recheck_after=60, stop=stop, breaker=Breaker(stop))
            return {outcome.change.model_id: outcome for outcome in outcomes}


def losing_answers(remote: Loopback, *, first: int, and_then: str | None = None, has_effect: bool = True) -> None:
    """The first PUTs get no answer; each has its effect or not, and somebody else may write after it."""
    lost = 0

    def script(method: str, target: str) -> Answer | None:
        nonlocal lost
        if method != "PUT" or lost == first:
            return None
        lost += 1
        if has_effect:
            remote.sandbox.put("one", "new")
        if and_then is not None:
            remote.sandbox.put("one", and_then)
        raise ConnectionAbortedError

    remote.script = script


def test_a_write_whose_answer_got_lost_is_looked_at_and_found_applied(remote: Loopback) -> None:
    remote.add("one", texts={"one": "old"})
    losing_answers(remote, first=9)
    assert write(remote, change("one", "new", "old"))["one"].status == "applied"
    assert remote.counts == {"PUT": 1, "GET": 1}


def test_a_write_that_had_no_effect_is_sent_again(remote: Loopback) -> None:
    remote.add("one", texts={"one": "old"})
    losing_answers(remote, first=1, has_effect=False)
    assert write(remote, change("one", "new", "old"))["one"].status == "applied"
    assert remote.counts == {"PUT": 2, "GET": 1}
    assert remote.sandbox.description("one") == "new"


def test_a_write_that_never_has_an_effect_fails(remote: Loopback) -> None:
    remote.add("one", texts={"one": "old"})
    losing_answers(remote, first=9, has_effect=False)
    outcome = write(remote, change("one", "new", "old"))["one"]
    assert (outcome.status, outcome.failure and outcome.failure.code) == ("failed", "unavailable")
    assert remote.counts["PUT"] == 3


def test_a_third_text_after_a_lost_answer_is_a_conflict_and_left_alone(remote: Loopback) -> None:
    remote.add("one", texts={"one": "old"})
    losing_answers(remote, first=1, and_then="somebody else's")
    outcome = write(remote, change("one", "new", "old"))["one"]
    problems = [(problem.code, problem.severity) for problem in outcome.problems]
    assert (outcome.status, problems) == ("refused", [("remote-edited", "error"), ("write-uncertain", "warning")])
    assert remote.sandbox.description("one") == "somebody else's"


@pytest.mark.parametrize(
    ("answer", "status", "code", "puts"),
    [
        (json_answer(409, b'{"reason": "busy"}'), "refused", "remote-edited", 2),
        (json_answer(413, b'{"reason": "too large"}'), "failed", "rejected", 1),
        (json_answer(403, b"{}"), "failed", "forbidden", 1),
        (json_answer(404, b'{"reason": "Model one not found"}'), "failed", "model-unknown", 1),
        (json_answer(404, b"{}"), "failed", "protocol", 1),
        (json_answer(503, b"{}"), "failed", "unavailable", 2),
        (json_answer(503, b"{}", x_should_retry="false"), "failed", "unavailable", 1),
        (json_answer(200, b"<html>"), "failed", "protocol", 1),
    ],
)
def test_a_refused_write_says_so(remote: Loopback, answer: Answer, status: str, code: str, puts: int) -> None:
    remote.add("one", texts={"one": "old"})
    remote.script = lambda method, target: answer if method == "PUT" else None
    outcome = write(remote, change("one", "new", "old"))["one"]
    codes = [outcome.failure.code] if outcome.failure else [problem.code for problem in outcome.problems]
    assert (outcome.status, codes) == (status, [code])
    assert remote.counts["PUT"] == puts


def test_what_a_stop_kept_from_beginning_is_not_attempted(remote: Loopback) -> None:
    ids: Sequence[str] = [f"m{number}" for number in range(30)]
    remote.add(*ids)
    stop = Stop()

    def script(method: str, target: str) -> None:
        stop.request("enough")

    remote.script = script
    outcomes = write(remote, *(change(id_, "new", "") for id_ in ids), stop=stop)
    statuses = [outcome.status for outcome in outcomes.values()]
    assert len(statuses) == 30
    assert statuses.count("applied") == remote.counts["PUT"] <= 2
    assert statuses.count("not_attempted") == 30 - remote.counts["PUT"]


def test_a_fatal_failure_stops_the_rest(remote: Loopback) -> None:
    ids = [f"m{number}" for number in range(10)]
    remote.add(*ids)
    remote.script = lambda method, target: json_answer(401, b"{}")
    outcomes = write(remote, *(change(id_, "new", "") for id_ in ids))
    assert remote.counts == {"PUT": 1}
    assert sorted({outcome.status for outcome in outcomes.values()}) == ["failed", "not_attempted"]


@pytest.mark.parametrize("answer", [json_answer(504, b"{}"), json_answer(200, b"<html>")])
def test_a_write_that_took_effect_behind_a_bad_answer_is_applied(remote: Loopback, answer: Answer) -> None:
    remote.add("one", texts={"one": "old"})

    def script(method: str, target: str) -> Answer | None:
        if method == "PUT":
            remote.sandbox.put("one", "new")
            return answer
        return None

    remote.script = script
    assert write(remote, change("one", "new", "old"))["one"].status == "applied"


def test_a_write_that_outlasts_the_stop_is_not_called_unattempted(
    remote: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_DRAIN", 0.1)
    remote.add("one")
    stop, release = Stop(), threading.Event()

    def script(method: str, target: str) -> None:
        stop.request("now")
        release.wait(60)

    remote.script = script
    try:
        outcome = write(remote, change("one", "new", ""), stop=stop)["one"]
    finally:
        release.set()
        for thread in threading.enumerate():  # the stand-in must not be closed under it
            if thread.name.startswith("worker-"):
                thread.join(60)
    assert (outcome.status, outcome.failure and outcome.failure.code) == ("failed", "interrupted")
    assert [problem.code for problem in outcome.problems] == ["write-uncertain"]


def test_a_stop_while_a_failed_write_waits_reports_that_failure(remote: Loopback) -> None:
    remote.add("one")
    stop = Stop()

    def script(method: str, target: str) -> Answer:
        stop.request("now")
        return json_answer(503, b"{}", retry_after="60")

    remote.script = script
    outcome = write(remote, change("one", "new", ""), stop=stop, sleep=stop.sleep)["one"]
    assert (outcome.status, outcome.failure and outcome.failure.http_status) == ("failed", 503)
    assert remote.counts == {"PUT": 1}


def test_a_stop_while_a_text_is_read_again_begins_no_write(remote: Loopback) -> None:
    remote.add("one", texts={"one": "old"})
    stop = Stop()

    def script(method: str, target: str) -> None:
        stop.request("now")

    remote.script = script
    outcome = write(remote, change("one", "new", "old"), stop=stop, now=100.0)["one"]
    assert outcome.status == "not_attempted"
    assert remote.counts == {"GET": 1}


def test_a_write_that_comes_late_is_applied_and_no_edit_of_somebody(remote: Loopback) -> None:
    remote.add("one", texts={"one": "old"})
    times = iter(range(0, 10_000, 100))

    def script(method: str, target: str) -> None:
        if method == "PUT":
            raise ConnectionAbortedError
        if remote.counts["GET"] == 2:  # after it was looked at
            remote.sandbox.put("one", "new")

    remote.script = script
    stop = Stop()
    with Scenario(basic("key", "secret"), base_url=remote.url, requests_per_minute=0, sleep=lambda _: None) as client:
        place = Remote(client, clock=lambda: float(next(times)))
        begin = Begin(1, new_id(), "sync", "test", remote.url, None, "2026-01-01T00:00:00Z")
        with TemporaryDirectory() as folder, started(Path(folder) / ".syncjob", begin) as journal:
            changes = [change("one", "new", "old")]
            options = {"count": 1, "recheck_after": 150, "stop": stop, "breaker": Breaker(stop)}
            (outcome,) = apply(changes, place, journal, **options)  # type: ignore[arg-type]
    assert (outcome.status, outcome.problems) == ("applied", ())


def test_a_stop_after_a_write_without_an_answer_does_not_call_it_unattempted(remote: Loopback) -> None:
    remote.add("one", texts={"one": "old"})
    stop = Stop()

    def script(method: str, target: str) -> None:
        if method == "PUT":
            raise ConnectionAbortedError
        stop.note("interrupted")

    remote.script = script
    outcome = write(remote, change("one", "new", "old"), stop=stop)["one"]
    assert (outcome.status, outcome.failure and outcome.failure.code) == ("failed", "unavailable")


def test_a_conflict_with_its_own_earlier_try_is_applied(remote: Loopback) -> None:
    remote.add("one", texts={"one": "old"})
    answers = iter([json_answer(504, b"{}"), json_answer(409, b"{}"), json_answer(409, b"{}")])

    def script(method: str, target: str) -> Answer | None:
        if method != "PUT":
            return None
        remote.sandbox.put("one", "new")
        return next(answers)

    remote.script = script
    assert write(remote, change("one", "new", "old"))["one"].status == "applied"
