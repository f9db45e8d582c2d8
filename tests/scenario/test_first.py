"""The first call goes alone, and whoever waits for it waits for no other."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from syncjob.errors import NoResponse, Unreachable
from syncjob.scenario.http.first import First
from tests.support.faulty_server import PATIENCE


def refused() -> None:
    raise NoResponse("no", host="here", why="connection refused")


@contextmanager
def calling(first: First, ask: Callable[[], object]) -> Iterator[list[Unreachable]]:
    """A call in a thread of its own, which is over with the block; gives what it raises."""
    raised: list[Unreachable] = []

    def call() -> None:
        try:
            first.call(ask)
        except Unreachable as error:
            raised.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    yield raised
    thread.join(PATIENCE)
    assert not thread.is_alive()


class Late:
    """A lock, before which `before` happens once to whoever wants it first."""

    def __init__(self, before: Callable[[], None]) -> None:
        self._before: Callable[[], None] | None = before
        self._lock = threading.Lock()

    def acquire(self, *, blocking: bool) -> bool:
        before, self._before = self._before, None
        if before:
            before()
        return self._lock.acquire(blocking=blocking)

    def release(self) -> None:
        self._lock.release()


def test_whoever_waits_is_let_go_by_a_call_that_began_between_two_others() -> None:
    first = First(lambda _: None)
    begun, goes = threading.Event(), threading.Event()

    def one_that_fails() -> None:
        with pytest.raises(Unreachable):
            first.call(refused)

    def second() -> None:
        begun.set()
        goes.wait(PATIENCE)
        refused()

    first._is_taken = Late(one_that_fails)  # type: ignore[assignment]
    with calling(first, second) as raised:
        assert begun.wait(PATIENCE)
        with calling(first, refused) as waited:
            goes.set()
    assert [type(error) for error in raised + waited] == [Unreachable, Unreachable]


def test_a_call_within_the_first_one_does_not_wait_for_it() -> None:
    first = First(lambda _: None)

    def with_a_look() -> None:
        first.call(lambda: None)
        refused()

    with calling(first, with_a_look) as raised:
        pass
    assert [type(error) for error in raised] == [Unreachable]
