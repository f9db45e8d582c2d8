"""The clients that are compared. Each imports its library late, so that a process holds no other's."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenario_sdk import AsyncScenario

WORKERS = 32
_KEY, _SECRET = "key", "secret"


@dataclass(slots=True)
class Cost:
    """Seconds of the clock and of this process's CPU, all threads together."""

    wall: float = 0.0
    cpu: float = 0.0


@dataclass(frozen=True, slots=True)
class Client:
    """`read` reads every id's description from a base URL, after one more read that is not counted."""

    name: str
    read: Callable[[str, Sequence[str]], Cost]
    workers: int
    # A slow client reads one id in so many.
    share: int = 1


def measure(pipe: Connection, client: Client, url: str, ids: Sequence[str]) -> None:
    """Sends the Cost of the client's reads; what a process of its own runs."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]  # the stand-in is on loopback
    pipe.send(client.read(url, ids))


@contextmanager
def _measured() -> Iterator[Cost]:
    cost = Cost()
    wall, cpu = time.perf_counter(), time.process_time()
    yield cost
    cost.wall, cost.cpu = time.perf_counter() - wall, time.process_time() - cpu


def _syncjob(url: str, ids: Sequence[str]) -> Cost:
    from syncjob.credentials import basic
    from syncjob.scenario import Scenario
    from syncjob.workers import Stop, run

    with Scenario(basic(_KEY, _SECRET), base_url=url, requests_per_minute=0) as client:
        read = client.models.description.retrieve
        read(ids[0])
        with _measured() as cost:
            for _ in run(ids, read, WORKERS, Stop()):
                pass
    return cost


def _sdk_async(url: str, ids: Sequence[str]) -> Cost:
    from scenario_sdk import AsyncScenario

    return asyncio.run(_gathered(AsyncScenario(api_key=_KEY, api_secret=_SECRET, base_url=url), ids))


def _sdk_aiohttp(url: str, ids: Sequence[str]) -> Cost:
    from scenario_sdk import AsyncScenario, DefaultAioHttpClient

    async def read() -> Cost:
        http = DefaultAioHttpClient()
        return await _gathered(AsyncScenario(api_key=_KEY, api_secret=_SECRET, base_url=url, http_client=http), ids)

    return asyncio.run(read())


async def _gathered(client: "AsyncScenario", ids: Sequence[str]) -> Cost:
    gate = asyncio.Semaphore(WORKERS)

    async def read(id_: str) -> None:
        async with gate:
            await client.models.description.retrieve(id_)

    async with client:
        await read(ids[0])
        with _measured() as cost:
            await asyncio.gather(*map(read, ids))
    return cost


def _sdk_loop(url: str, ids: Sequence[str]) -> Cost:
    from scenario_sdk import Scenario

    with Scenario(api_key=_KEY, api_secret=_SECRET, base_url=url) as client:
        client.models.description.retrieve(ids[0])
        with _measured() as cost:
            for id_ in ids:
                client.models.description.retrieve(id_)
    return cost


SYNCJOB = Client("syncjob", _syncjob, WORKERS)
ASYNC = Client("AsyncScenario", _sdk_async, WORKERS)
AIOHTTP = Client("AsyncScenario on aiohttp", _sdk_aiohttp, WORKERS)
LOOP = Client("Scenario of the SDK in a loop", _sdk_loop, 1, share=10)
ALL = (SYNCJOB, ASYNC, AIOHTTP, LOOP)
