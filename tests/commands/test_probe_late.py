"""A probe of a server that answers late: the model's own text is put back and seen, or the run says what may come."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any, Literal

import pytest

from syncjob.sandbox.behaviours import Plays
from syncjob.scenario.answers import Answer
from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import Ended, Workspace

# The same probe with all its waits a tenth of what they are.
QUICK = (
    "-c",
    "from syncjob import __main__; from syncjob.commands.probe import scratch as s; s.PAUSE, s._LAG, s._STEP = .2, .3, .05; __main__.main()",
)
OWN = "# Own text \r\n\nwith an odd end  \n\n"
PATH = "/v1/models/scratch/description"
When = Literal["never", "at once", "while the end is watched", "ended"]


@pytest.fixture
def quick(workspace: Workspace, remote: Loopback) -> Workspace:
    remote.sandbox.plays = Plays()
    workspace.expect_no_lag()  # what is put back by hand is no late reading
    remote.add("scratch", texts={"scratch": OWN})
    workspace.write("scratch", "text of one")
    return replace(workspace, program=QUICK)


@pytest.fixture
def slow(quick: Workspace) -> Workspace:
    """With the waits as they are."""
    return replace(quick, program=("-m", "syncjob"))


def probe(workspace: Workspace) -> Ended:
    return workspace.run("doctor", "--probe", "scratch", "--yes")


def restore(workspace: Workspace, ended: Ended) -> Ended:
    """What the run says is to be done."""
    found = re.search(r"syncjob (rollback \S+ --force)", ended.err)
    assert found, ended.err
    return workspace.run(*found[1].split())


def answers(workspace: Workspace) -> dict[str, str]:
    (learnt,) = json.loads((workspace.folder / "scenario-api.json").read_text())["apis"].values()
    return {finding["question"]: finding["answer"] for finding in learnt["findings"]}


@dataclass
class Behind:
    """Answers that many GETs after each PUT as if it had not come, however fast they follow."""

    remote: Loopback
    looks: float
    shown: str = OWN
    held: str = OWN
    since: int = 0

    def __call__(self, method: str, target: str) -> Answer | None:
        if not target.startswith(PATH):
            return None
        if method == "PUT":
            self.shown, self.since = self._seen(), 0
            self.held = json.loads(self.remote.asked[-1][2])["description"] or ""
            return None
        text = self._seen()
        self.since += 1
        return json_answer(200, json.dumps({"description": {"value": text, "assets": [], "models": []}}).encode())

    def _seen(self) -> str:
        return self.held if self.since >= self.looks else self.shown


@dataclass
class Lagging:
    """Answers a GET of the description as it was so many seconds ago."""

    remote: Loopback
    lag: float
    held: list[tuple[float, str]] = field(default_factory=lambda: [(0.0, OWN)])

    def __call__(self, method: str, target: str) -> Answer | None:
        if not target.startswith(PATH):
            return None
        if method == "PUT":
            self.held.append((time.monotonic(), json.loads(self.remote.asked[-1][2])["description"] or ""))
            return None
        then = time.monotonic() - self.lag
        text = [text for at, text in self.held if at <= then][-1]
        return json_answer(200, json.dumps({"description": {"value": text, "assets": [], "models": []}}).encode())


@dataclass
class Late:
    """Answers the PUT of that number as `answer` says, and obeys it when it says, or so many seconds after the next
    reading, which so never shows that it came.
    """

    remote: Loopback
    number: int
    answer: Callable[[], Answer]
    when: When | float
    seen: int = 0
    awaited: str | None = None
    looks: int = 0  # since the model's own text was sent
    timers: list[threading.Timer] = field(default_factory=list)

    def __call__(self, method: str, target: str) -> Answer | None:
        if not target.startswith(PATH):
            return None
        if method == "GET":
            self._look()
            return None
        self.seen += 1
        text = json.loads(self.remote.asked[-1][2])["description"] or ""
        self.looks = 0 if text == OWN else -100
        if self.seen != self.number:
            return None
        self.awaited = text if self.when != "never" else None
        if self.when == "at once":
            self._obey()
        return self.answer()

    def _look(self) -> None:
        self.looks += 1
        if self.when == "while the end is watched" and self.looks == 2:
            self._obey()
        if isinstance(self.when, float) and self.awaited is not None:
            self.timers.append(threading.Timer(self.when, self.remote.sandbox.put, ("scratch", self.awaited)))
            self.awaited = None
            self.timers[-1].start()

    def _obey(self) -> None:
        if self.awaited is not None:
            self.remote.sandbox.put("scratch", self.awaited)
        self.awaited = None

    def landed(self) -> None:
        """The run has ended."""
        self._obey()
        for timer in self.timers:
            timer.join()


Arriving = Callable[[int, Callable[[], Answer], "When | float"], Late]


@pytest.fixture
def late(remote: Loopback) -> Iterator[Arriving]:
    made: list[Late] = []

    def arrives(number: int, answer: Callable[[], Answer], when: When | float) -> Late:
        made.append(Late(remote, number, answer, when))
        remote.script = made[-1]
        return made[-1]

    yield arrives
    for each in made:
        each.landed()


def status(number: int, **headers: str) -> Callable[[], Answer]:
    return lambda: json_answer(number, b'{"reason": "Endpoint request timed out"}', **headers)


def no_answer() -> Answer:
    raise ConnectionError


def is_told(ended: Ended) -> bool:
    return "may still arrive" in ended.err


def test_a_lag_hides_neither_the_answers_nor_the_end(quick: Workspace, remote: Loopback) -> None:
    remote.script = Behind(remote, 1)
    ended = probe(quick)
    assert ended.status == 0, ended.err
    assert remote.sandbox.description("scratch") == OWN
    found = answers(quick)
    assert found["GET of a model without a description"] == '"value": ""'
    assert (found["CRLF"], found["white space at the end"]) == ("kept", "kept")
    assert found["a GET right after a PUT"].startswith("shows an earlier text")


def test_a_lag_longer_than_the_whole_probe_does_not_lose_the_text(quick: Workspace, remote: Loopback) -> None:
    remote.script = Behind(remote, inf)
    ended = probe(quick)
    assert (ended.status, remote.sandbox.description("scratch")) == (1, OWN)
    assert "still shows an earlier text" in ended.err


@pytest.mark.deep
@pytest.mark.parametrize("lag", [0.4, 2.5, 5.0])
def test_the_text_comes_back_at_every_lag(slow: Workspace, remote: Loopback, lag: float) -> None:
    remote.script = Lagging(remote, lag)
    ended = in_time(slow)
    assert ended.status == 0, ended.err
    assert remote.sandbox.description("scratch") == OWN
    assert answers(slow)["GET of a model without a description"] == '"value": ""'


def in_time(workspace: Workspace) -> Ended:
    """A probe that may take two minutes."""
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "syncjob", "doctor", "--probe", "scratch", "--yes"],
        cwd=workspace.folder,
        env=workspace.environment(),
        capture_output=True,
        timeout=600,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


# Writes without a clear answer

UNCLEAR: dict[str, Callable[[], Answer]] = {
    "no answer": no_answer,
    "408": status(408),
    "500": status(500),
    "504": status(504),
    "504 that is not to be repeated": status(504, x_should_retry="false"),
    "504 that is to be repeated": status(504, x_should_retry="true"),
    "504 that asks for an hour": status(504, retry_after="3600"),
}


DEEP = {"408", "500", "504", "504 that is to be repeated", "504 that asks for an hour"}


@pytest.mark.parametrize(
    "unclear", [pytest.param(name, marks=pytest.mark.deep if name in DEEP else ()) for name in UNCLEAR]
)
def test_what_may_still_come_is_told_with_what_to_do(
    quick: Workspace, remote: Loopback, late: Arriving, unclear: str
) -> None:
    """The write has its effect when the run has ended."""
    arriving = late(3, UNCLEAR[unclear], "ended")
    ended = probe(quick)
    assert (ended.status, remote.sandbox.description("scratch")) == (1, OWN)
    assert is_told(ended), ended.err
    assert "Syncjob probes." in ended.err
    assert "as it was" not in ended.out + ended.err
    assert not (quick.folder / "scenario-api.json").exists()
    arriving.landed()
    assert remote.sandbox.description("scratch") != OWN
    assert restore(quick, ended).status == 0
    assert remote.sandbox.description("scratch") == OWN


@pytest.mark.parametrize(
    "number", [1, pytest.param(2, marks=pytest.mark.deep), pytest.param(5, marks=pytest.mark.deep)]
)
def test_a_write_that_lands_while_the_end_is_watched_is_overwritten(
    quick: Workspace, remote: Loopback, late: Arriving, number: int
) -> None:
    arriving = late(number, status(504, x_should_retry="false"), "while the end is watched")
    ended = probe(quick)
    assert (ended.status, arriving.awaited) == (1, None)
    assert remote.sandbox.description("scratch") == OWN
    # An empty text may be that of the deletion before: its coming cannot be seen.
    assert is_told(ended) is (number == 2)


def test_a_write_that_landed_at_once_is_answered_by_what_is_read(
    quick: Workspace, remote: Loopback, late: Arriving
) -> None:
    late(4, status(504), "at once")
    ended = probe(quick)
    assert (ended.status, remote.sandbox.description("scratch")) == (0, OWN), ended.err


@pytest.mark.parametrize(
    "unclear",
    [
        "no answer",
        pytest.param("504", marks=pytest.mark.deep),
        "504 that is not to be repeated",
        "504 that asks for an hour",
    ],
)
def test_the_models_own_text_is_sent_until_that_is_answered(quick: Workspace, remote: Loopback, unclear: str) -> None:
    lost = 0

    def script(method: str, target: str) -> Answer | None:
        nonlocal lost
        is_own = method == "PUT" and json.loads(remote.asked[-1][2])["description"] == OWN
        lost += is_own
        return UNCLEAR[unclear]() if is_own and lost < 3 else None

    remote.script = script
    ended = probe(quick)
    assert (ended.status, remote.sandbox.description("scratch"), lost) == (0, OWN, 3), ended.err


@pytest.mark.deep
def test_a_text_that_never_comes_back_is_told(quick: Workspace, remote: Loopback) -> None:
    def script(method: str, target: str) -> Answer | None:
        is_own = method == "PUT" and json.loads(remote.asked[-1][2])["description"] == OWN
        stored = json.dumps({"description": {"value": OWN, "assets": [], "models": []}}).encode()
        return json_answer(200, stored) if is_own else None  # and does nothing

    remote.script = script
    ended = probe(quick)
    assert ended.status == 1
    assert "NOT put back" in ended.err
    remote.script = lambda method, target: None
    assert restore(quick, ended).status == 0
    assert remote.sandbox.description("scratch") == OWN


@pytest.mark.deep
@pytest.mark.parametrize("after", [0.5, 4.0])
@pytest.mark.parametrize("number", [1, 2, 3, 5, 7, 8])
def test_wherever_a_write_is_late_nothing_is_said_that_is_not_so(
    slow: Workspace, remote: Loopback, late: Arriving, number: int, after: float
) -> None:
    arriving = late(number, status(504), after)  # however long a busy machine takes to look
    ended = in_time(slow)
    assert ended.status == (number < 8)  # the last is that of the model's own text
    arriving.landed()
    if remote.sandbox.description("scratch") != OWN:
        assert is_told(ended), ended.err
        assert restore(slow, ended).status == 0
    assert remote.sandbox.description("scratch") == OWN


# Nothing is repeated without a look


REFUSALS: dict[str, Any] = {
    "429": status(429, retry_after_ms="20"),
    "409": status(409),
    "425": status(425),
    "400 that is to be repeated": status(400, x_should_retry="true"),
}


def requests(remote: Loopback) -> list[str]:
    """The methods of those of the description, in order."""
    return [method for method, target, _ in remote.asked if target.startswith(PATH)]


SELDOM = [pytest.param(name, marks=pytest.mark.deep if name not in ("429", "409") else ()) for name in REFUSALS]


@pytest.mark.parametrize("refusal", SELDOM)
def test_before_a_write_is_repeated_the_model_is_read(
    quick: Workspace, remote: Loopback, late: Arriving, refusal: str
) -> None:
    late(1, REFUSALS[refusal], "never")
    ended = probe(quick)
    assert (ended.status, remote.sandbox.description("scratch")) == (0, OWN), ended.err
    assert "PUT PUT" not in " ".join(requests(remote))


def test_a_write_is_repeated_when_the_server_says(quick: Workspace, remote: Loopback) -> None:
    arrived: list[float] = []

    def script(method: str, target: str) -> Answer | None:
        if method == "PUT":
            arrived.append(time.monotonic())
        return (
            json_answer(425, b'{"reason": "early"}', retry_after_ms="300")
            if method == "PUT" and len(arrived) == 1
            else None
        )

    remote.script = script
    ended = probe(quick)
    assert (ended.status, remote.sandbox.description("scratch")) == (0, OWN), ended.err
    assert arrived[1] - arrived[0] >= 0.299


@pytest.mark.parametrize("refusal", SELDOM)
@pytest.mark.parametrize("number", [pytest.param(1, marks=pytest.mark.deep), 4])
def test_an_edit_before_a_repetition_is_left_alone(
    quick: Workspace, remote: Loopback, late: Arriving, refusal: str, number: int
) -> None:
    refused = REFUSALS[refusal]

    def edited() -> Answer:
        remote.sandbox.put("scratch", "somebody's")
        answer: Answer = refused()
        return answer

    late(number, edited, "never")
    ended = probe(quick)
    assert (ended.status, remote.sandbox.description("scratch")) == (1, "somebody's")
    assert "edited by somebody else during the probe" in ended.err


def test_an_edit_before_the_first_write_is_left_alone(quick: Workspace, remote: Loopback) -> None:
    def script(method: str, target: str) -> Answer | None:
        if "sortBy=updatedAt" in target and not remote.counts["PUT"]:
            remote.sandbox.put("scratch", "somebody's")
        return None

    remote.script = script
    ended = probe(quick)
    assert (ended.status, remote.counts["PUT"]) == (1, 0)
    assert remote.sandbox.description("scratch") == "somebody's"


def test_a_404_that_is_not_the_models_own_answer_is_not_taken_for_no_text(quick: Workspace, remote: Loopback) -> None:
    asked = 0

    def script(method: str, target: str) -> Answer | None:
        nonlocal asked
        asked += target.startswith(PATH)
        missing = json_answer(404, b'{"reason": "Description of scratch not found"}')
        return missing if asked == 1 and target.startswith(PATH) else None

    remote.script = script
    ended = probe(quick)
    assert (ended.status, remote.counts["PUT"]) == (2, 0)
    assert remote.sandbox.description("scratch") == OWN
