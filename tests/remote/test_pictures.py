"""The pictures of a page come in bounded time and number, whatever the servers are."""

import time
from collections.abc import Mapping

import pytest

from syncjob.control.workers import Stop
from syncjob.pictures.fitting import FULL, MAX_BYTES, MAX_PAGE, Picture
from syncjob.remote import pictures
from syncjob.scenario.answers import Answer
from syncjob.scenario.http.pictures import PictureSource
from tests.support.image_files import image

PNG = image()


def source(asked: list[str], pause: float = 0.0, body: bytes = PNG) -> PictureSource:
    def handle(method: str, target: str, headers: Mapping[str, str], _: bytes) -> Answer:
        asked.append(target)
        time.sleep(pause)
        return Answer(200, {}, body)

    return PictureSource("http://sandbox", handle)


def addresses(count: int) -> dict[str, str]:
    return {f"a{number}": f"http://sandbox/{number}" for number in range(count)}


def test_each_is_asked_for_once_and_comes_by_its_id() -> None:
    asked: list[str] = []
    found = pictures.fetch(source(asked), addresses(9), Stop())
    assert found == dict.fromkeys(addresses(9), Picture("png", PNG, 40, 30))
    assert sorted(asked) == [f"/{number}" for number in range(9)]
    assert pictures.fetch(source(asked), {}, Stop()) == {}


def test_no_more_are_asked_for_than_a_page_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    large = Picture("png", bytes(MAX_BYTES), 1, 1)
    monkeypatch.setattr(pictures, "fitted", lambda data: large)
    asked: list[str] = []
    found = pictures.fetch(source(asked), addresses(80), Stop())
    enough = MAX_PAGE // large.weight + 1
    assert enough <= len(asked) <= enough + 8
    assert list(found.values()).count(FULL) == 80 - len(asked)


def test_no_more_are_asked_for_when_their_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_SECONDS_IN_ALL", 0.1)
    asked: list[str] = []
    found = pictures.fetch(source(asked), addresses(80), Stop(), lambda: len(asked) / 100)
    assert len(asked) < 20
    assert found["a79"] == "fetching the pictures took longer than 0 s"


def test_a_run_that_is_to_end_asks_for_none() -> None:
    asked: list[str] = []
    stop = Stop()
    stop.request("interrupted")
    assert pictures.fetch(source(asked), addresses(2), stop)["a0"] == "the run ended before it was fetched"
    assert asked == []


def test_what_nobody_foresaw_is_the_end_of_one_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "fitted", lambda data: 1 / 0)
    assert pictures.fetch(source([]), addresses(1), Stop()) == {"a0": "syncjob failed to fetch it"}
