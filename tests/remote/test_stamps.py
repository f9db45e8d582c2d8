"""A text is not read again if its model's `updatedAt` is as it was before the text was read; on a clock of the tests' own."""

import json
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from syncjob.commands.run import new_id
from syncjob.control.circuit_breaker import Breaker
from syncjob.control.workers import Stop
from syncjob.credentials import basic
from syncjob.local.document import parse
from syncjob.plan.compare import Change, compare
from syncjob.plan.existing import Held
from syncjob.plan.outcome import Outcome
from syncjob.remote.descriptions import Remote
from syncjob.remote.stamps import Before, Since
from syncjob.remote.write import apply
from syncjob.sandbox.behaviours import parse as plays
from syncjob.scenario import Scenario
from syncjob.scenario.answers import Answer
from syncjob.state.journal import Begin, started
from tests.support.loopback import Loopback, json_answer

_SECONDS = 0.6  # that each request takes, as 100 a minute do
IDS = [f"m{number:03}" for number in range(70)]
BULK = "/v1/models/get-bulk"


class Scene:
    """Models that hold `old`, and a run that reads all before it writes `new`; whatever is asked passes time."""

    def __init__(self, remote: Loopback) -> None:
        remote.add(*IDS, texts=dict.fromkeys(IDS, "old"))
        remote.script = self._answer
        self.served = remote
        self.waited = 0.0
        self.then: Callable[[str, str], Answer | None] = lambda method, target: None

    @property
    def now(self) -> float:
        return 1000 + self.waited + _SECONDS * len(self.served.asked)

    def _answer(self, method: str, target: str) -> Answer | None:
        return self.then(method, target)

    def run(
        self, *, wait: float = 0.0, recheck_after: float = 60, between: Callable[[], None] = lambda: None
    ) -> dict[str, Outcome]:
        """`between` happens after the readings, and then `wait` seconds pass before the first write."""
        with Scenario(basic("key", "secret"), base_url=self.served.url, requests_per_minute=0, attempts=1) as client:
            place = Remote(client, clock=lambda: self.now)
            before = Before(place, IDS)
            changes = [self._read(place, before, model_id) for model_id in IDS]
            between()
            self.waited += wait
            self.served.asked.clear()
            return _written(self.served, changes, place, recheck_after)

    def _read(self, place: Remote, before: Before, model_id: str) -> Change:
        stamp = before.of(model_id)
        document = parse(model_id, f"descriptions/{model_id}.md", b"new")
        change = compare(document, place.read(model_id))
        return type(change)(**{name: getattr(change, name) for name in change.__slots__} | {"stamp": stamp})

    @property
    def asked(self) -> dict[str, int]:
        return dict(self.served.counts)

    def texts(self, ids: Iterable[str] = IDS) -> set[str]:
        return {self.served.sandbox.description(model_id) for model_id in ids}


def _written(remote: Loopback, changes: list[Change], place: Remote, recheck_after: float) -> dict[str, Outcome]:
    begin = Begin(1, new_id(), "sync", "test", remote.url, None, "2026-01-01T00:00:00Z")
    stop = Stop()
    with TemporaryDirectory() as folder, started(Path(folder) / ".syncjob", begin) as journal:
        outcomes = apply(
            changes, place, journal, count=2, recheck_after=recheck_after, stop=stop, breaker=Breaker(stop)
        )
        return {outcome.change.model_id: outcome for outcome in outcomes}


@pytest.fixture
def scene(remote: Loopback) -> Scene:
    return Scene(remote)


def test_texts_whose_models_have_not_changed_are_not_read_again(scene: Scene) -> None:
    assert {outcome.status for outcome in scene.run(wait=600).values()} == {"applied"}
    assert scene.asked == {"PUT": 70, "POST": 2}
    assert scene.texts() == {"new"}


def test_a_look_up_counts_as_long_as_a_reading_and_no_longer(scene: Scene) -> None:
    scene.then = lambda method, target: setattr(scene, "waited", scene.waited + 5) if method == "PUT" else None
    assert {outcome.status for outcome in scene.run(wait=600).values()} == {"applied"}
    assert (scene.asked["PUT"], scene.asked.get("GET", 0)) == (70, 0)
    assert 7 <= scene.asked["POST"] <= 10  # 50 seconds hold nine writes of 5.6 seconds


def test_an_edit_between_the_two_look_ups_is_not_overwritten(scene: Scene) -> None:
    edited = IDS[::7]

    def edit() -> None:
        for model_id in edited:
            scene.served.sandbox.put(model_id, "theirs")

    outcomes = scene.run(wait=600, between=edit)
    assert scene.texts(edited) == {"theirs"}
    assert {outcomes[model_id].status for model_id in edited} == {"refused"}
    assert scene.asked == {"GET": len(edited), "PUT": 70 - len(edited), "POST": 2}


def test_an_edit_back_to_the_same_text_is_only_read_again(scene: Scene) -> None:
    outcomes = scene.run(wait=600, between=lambda: scene.served.sandbox.put("m003", "old"))
    assert outcomes["m003"].status == "applied"
    assert scene.asked["GET"] == 1


def test_a_model_that_changed_shortly_before_it_was_looked_up_is_read_again(scene: Scene) -> None:
    scene.served.sandbox.put("m003", "old")
    assert scene.run(wait=600)["m003"].status == "applied"
    assert scene.asked == {"GET": 1, "PUT": 70, "POST": 2}


@pytest.mark.parametrize(
    "answer",
    [
        json_answer(200, b'{"models": []}'),
        json_answer(404, b'{"reason": "no m003"}'),
        json_answer(200, b"<html>"),
    ],
    ids=["none", "refused", "html"],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_look_up_that_tells_nothing_means_that_all_is_read(scene: Scene, answer: Answer, is_first: bool) -> None:
    def tell(method: str, target: str) -> Answer | None:
        is_before = scene.served.counts["PUT"] == 0 and not scene.waited
        return answer if target == BULK and is_before == is_first else None

    scene.then = tell
    assert {outcome.status for outcome in scene.run(wait=600).values()} == {"applied"}
    assert (scene.asked["GET"], scene.asked["PUT"]) == (70, 70)


def test_a_model_that_is_gone_from_a_bulk_call_that_refuses_it_is_not_guessed(scene: Scene) -> None:
    scene.served.sandbox.plays = plays(["unknown_in_bulk=refused"])
    assert {outcome.status for outcome in scene.run(wait=600).values()} == {"applied"}
    assert scene.asked == {"PUT": 70, "POST": 2}


@pytest.mark.parametrize(("wait", "recheck_after"), [(1800, 60), (600, 10), (600, 0)])
def test_a_text_of_half_an_hour_or_a_recheck_of_seconds_is_read_again(
    scene: Scene, wait: float, recheck_after: float
) -> None:
    assert {outcome.status for outcome in scene.run(wait=wait, recheck_after=recheck_after).values()} == {"applied"}
    assert (scene.asked["GET"], scene.asked.get("POST", 0)) == (70, 0)


@pytest.mark.parametrize("lag", [0.0, 9.0])
def test_a_stamp_that_shows_an_edit_seconds_late_hides_none_that_a_reading_had_shown(scene: Scene, lag: float) -> None:
    """Somebody edits a model just before it is looked up; look-ups show it late, and each write is slow."""
    edited: dict[str, float] = {}
    written: dict[str, float] = {}

    def rows() -> bytes:
        return json.dumps({"models": [scene.served.sandbox.row("model", model_id) for model_id in IDS]}).encode()

    def late(method: str, target: str) -> Answer | None:
        if method == "PUT":
            written[target.split("/")[3]] = scene.now
            scene.waited += 7
        if target != BULK or scene.waited < 600:
            return None
        shown, left = rows(), [model_id for model_id in IDS if model_id not in written]
        for model_id in left[5:12]:
            scene.served.sandbox.put(model_id, "theirs")
            edited.setdefault(model_id, scene.now - lag)
        return json_answer(200, shown if lag else rows())

    scene.then = late
    outcomes = scene.run(wait=600)
    assert len(edited) > 10
    for model_id, at in edited.items():
        is_lost = outcomes[model_id].status == "applied"
        # The other of the two workers may write between a look and the write that it allows.
        assert (
            written[model_id] - at <= 60 + _SECONDS + 7 + _SECONDS if is_lost else scene.texts([model_id]) == {"theirs"}
        )


def test_whoever_takes_results_waits_for_no_look_up(scene: Scene) -> None:
    with Scenario(basic("key", "secret"), base_url=scene.served.url) as client:
        since = Since(Remote(client), [], 60)
        with since._lock:  # as long as a look-up takes
            since.forget(compare(parse("m000", "descriptions/m000.md", b"new"), Held("old", (), 0.0)))


class _Strangers:
    """They edit at random; a look-up shows each edit `lag` seconds late, in whole minutes or finer; a write takes long."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.scene = scene
        self.chance = random.Random(seed)  # noqa: S311  no secret
        self.is_coarse = self.chance.random() < 0.5
        self.lag, self.slowness = self.chance.choice([0, 2, 9]), self.chance.choice([0, 3, 10])
        self.edits: dict[str, float] = {}  # the last of each model
        self.written: dict[str, float] = {}
        self.due: list[tuple[float, str]] = []
        self.shown = {model_id: scene.served.sandbox.row("model", model_id) for model_id in IDS}

    def play(self, method: str, target: str) -> Answer | None:
        if method == "PUT":
            self.written[target.split("/")[3]] = self.scene.now
            self.scene.waited += self.slowness
        model_id = self.chance.choice(IDS)
        if self.chance.random() < 0.2 and model_id not in self.written:
            self.scene.served.sandbox.put(model_id, f"theirs {len(self.due)}")
            self.edits[model_id] = self.scene.now
            self.due.append((self.scene.now + self.lag, model_id))
        return self._looked_up() if target == BULK else None

    def _looked_up(self) -> Answer:
        for at, model_id in self.due:
            if at <= self.scene.now:
                self.shown[model_id] = self.scene.served.sandbox.row("model", model_id)
        rows = [{**row, "updatedAt": self._ticked(row["updatedAt"])} for row in self.shown.values() if row]
        return json_answer(200, json.dumps({"models": rows}).encode())

    def _ticked(self, at: str) -> str:
        return f"{at[:16]}:00Z" if self.is_coarse else at


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(30))
def test_whenever_somebody_edits_only_what_is_younger_than_a_reading_may_be_is_lost(scene: Scene, seed: int) -> None:
    strangers = _Strangers(scene, seed)
    scene.then = strangers.play
    outcomes = scene.run(wait=strangers.chance.choice([0, 100, 600]))
    for model_id, at in strangers.edits.items():
        change = outcomes[model_id].change
        if outcomes[model_id].status == "applied" and at > change.read_at:
            assert strangers.written[model_id] - at <= 60 + 2 * _SECONDS
