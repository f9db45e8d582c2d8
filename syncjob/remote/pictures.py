"""The pictures of assets, for a page: fetched by a few workers, in bounded time and number of bytes."""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from syncjob.control import workers
from syncjob.control.workers import Stop
from syncjob.output.internal import guarded
from syncjob.pictures.fitting import FULL, MAX_PAGE, Picture, fitted
from syncjob.scenario.http.pictures import ENDED, NotFetched, PictureSource

_AT_ONCE = 4
_SECONDS = 10.0  # for one
_SECONDS_IN_ALL = 60.0


def fetch(
    source: PictureSource, addresses: Mapping[str, str], stop: Stop, clock: Callable[[], float] = time.monotonic
) -> dict[str, Picture | str]:
    """A picture by the id of each asset, or why there is none, given their addresses; never raises.

    None is asked for when there are enough for a page, or their time is over.
    """
    shelf = _Shelf(addresses, clock)
    stop.when_overdue(source.abort, after=0.0)  # a page without pictures is better than a late one
    for id_, found in workers.run(shelf.wanted(), partial(shelf.asked, source), min(_AT_ONCE, len(addresses)), stop):
        shelf.put(id_, found)
    return shelf.all()


class _Shelf:
    def __init__(self, addresses: Mapping[str, str], clock: Callable[[], float]) -> None:
        self._addresses = addresses
        self._clock = clock
        self._until = clock() + _SECONDS_IN_ALL
        self._weights: list[int] = []  # of what came; appended to by the workers, who are ahead of whoever takes it
        self._found: dict[str, Picture | str] = {}
        self._otherwise = ENDED

    def wanted(self) -> Iterator[str]:
        """The ids in order, as long as it is worth asking for one more."""
        for id_ in self._addresses:
            if sum(self._weights) >= MAX_PAGE:
                self._otherwise = FULL
                return
            if self._clock() >= self._until:
                self._otherwise = f"fetching the pictures took longer than {_SECONDS_IN_ALL:.0f} s"
                return
            yield id_

    def asked(self, source: PictureSource, id_: str) -> Picture | str:
        """The picture, or why there is none, whatever happens: the page is more than its pictures."""
        found = guarded(partial(self._asked, source, id_), lambda _: "syncjob failed to fetch it")
        self._weights.append(0 if isinstance(found, str) else found.weight)
        return found

    def _asked(self, source: PictureSource, id_: str) -> Picture | str:
        left = self._until - self._clock()
        try:
            return fitted(source.get(self._addresses[id_], max(1.0, min(_SECONDS, left))))
        except NotFetched as error:
            return str(error)

    def put(self, id_: str, found: Picture | str) -> None:
        self._found[id_] = found

    def all(self) -> dict[str, Picture | str]:
        return {id_: self._found.get(id_, self._otherwise) for id_ in self._addresses}
