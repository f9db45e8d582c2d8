"""The clients that are compared. Each imports its library late, so that a process holds no other's."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from bench.processes import peak_mib
from bench.stand_in import KEY, SECRET

if TYPE_CHECKING:
    from scenario_sdk import AsyncScenario


@dataclass(slots=True)
class Cost:
    """Seconds of the clock and of this process's CPU, all threads together; MiB at most; reads that failed."""

    wall: float = 0.0
    cpu: float = 0.0
    peak_mib: float = 0.0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    """What a client is to read: each id once, after one more read of the first that is not counted.

    `per_minute` is the limit that the server enforces, 0 for none, for a client that has such a setting. `folder` is a
    workspace, for whoever compares what it reads with files.
    """

    url: str
    ids: Sequence[str]
    workers: int
    per_minute: int = 0
    folder: Path = Path()


@dataclass(frozen=True, slots=True)
class Client:
    name: str
    read: Callable[[Load], Cost]
    # One without workers reads in a loop.
    has_workers: bool = True


def measure(pipe: Connection, client: Client, load: Load) -> None:
    """Sends the Cost of the client's reads; what a process of its own runs."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]  # the stand-in is on loopback
    cost = client.read(load)
    cost.peak_mib = peak_mib()
    pipe.send(cost)


@contextmanager
def measured() -> Iterator[Cost]:
    cost = Cost()
    wall, cpu = time.perf_counter(), _cpu()
    yield cost
    cost.wall, cost.cpu = time.perf_counter() - wall, _cpu() - cpu


def _cpu() -> float:
    """Of this process, and of those that it started and that have ended."""
    ended = os.times()
    return time.process_time() + ended.children_user + ended.children_system


Work = Callable[["AsyncScenario", Load], Coroutine[None, None, Cost]]


def _syncjob(load: Load) -> Cost:
    from syncjob.control.workers import Stop, run
    from syncjob.credentials import basic
    from syncjob.errors import ScenarioError
    from syncjob.scenario import Scenario

    with Scenario(basic(KEY, SECRET), base_url=load.url, requests_per_minute=load.per_minute) as client:

        def read(id_: str) -> bool:
            with suppress(ScenarioError):
                client.models.description.retrieve(id_)
                return True
            return False

        read(load.ids[0])
        with measured() as cost:
            cost.failed = sum(not is_read for _, is_read in run(load.ids, read, load.workers, Stop()))
    return cost


def _syncjob_misled(load: Load) -> Cost:
    return _syncjob(replace(load, per_minute=2 * load.per_minute))


def by_sdk(work: Work, load: Load) -> Cost:
    """What work with the official client costs."""
    from scenario_sdk import AsyncScenario

    return asyncio.run(work(AsyncScenario(api_key=KEY, api_secret=SECRET, base_url=load.url), load))


def by_sdk_on_aiohttp(work: Work, load: Load) -> Cost:
    """The same on aiohttp."""
    from scenario_sdk import AsyncScenario, DefaultAioHttpClient

    async def worked() -> Cost:
        http = DefaultAioHttpClient()
        return await work(AsyncScenario(api_key=KEY, api_secret=SECRET, base_url=load.url, http_client=http), load)

    return asyncio.run(worked())


def _sdk_async(load: Load) -> Cost:
    return by_sdk(_gathered, load)


def _sdk_aiohttp(load: Load) -> Cost:
    return by_sdk_on_aiohttp(_gathered, load)


async def _gathered(client: "AsyncScenario", load: Load) -> Cost:
    from scenario_sdk import ScenarioError

    gate = asyncio.Semaphore(load.workers)

    async def read(id_: str) -> bool:
        async with gate:
            with suppress(ScenarioError):
                await client.models.description.retrieve(id_)
                return True
        return False

    async with client:
        await read(load.ids[0])
        with measured() as cost:
            reads: list[Awaitable[bool]] = [read(id_) for id_ in load.ids]
            cost.failed = sum(not is_read for is_read in await asyncio.gather(*reads))
    return cost


def _sdk_loop(load: Load) -> Cost:
    from scenario_sdk import Scenario

    with Scenario(api_key=KEY, api_secret=SECRET, base_url=load.url) as client:
        client.models.description.retrieve(load.ids[0])
        with measured() as cost:
            for id_ in load.ids:
                client.models.description.retrieve(id_)
    return cost


def _httpx_threads(load: Load) -> Cost:
    from concurrent.futures import ThreadPoolExecutor

    import httpx

    with httpx.Client(base_url=load.url, auth=(KEY, SECRET)) as client, ThreadPoolExecutor(load.workers) as pool:

        def read(id_: str) -> bool:
            with suppress(httpx.TransportError):  # its pool closes connections that another thread is about to use
                response = client.get(f"/models/{id_}/description")
                return response.is_success and isinstance(response.json()["description"]["value"], str)
            return False

        read(load.ids[0])
        with measured() as cost:
            cost.failed = sum(not is_read for is_read in pool.map(read, load.ids))
    return cost


SYNCJOB = Client("syncjob", _syncjob)
MISLED = Client("syncjob at twice the limit", _syncjob_misled)
ASYNC = Client("AsyncScenario", _sdk_async)
AIOHTTP = Client("AsyncScenario on aiohttp", _sdk_aiohttp)
HTTPX = Client("httpx.Client, threads", _httpx_threads)
LOOP = Client("Scenario of the SDK in a loop", _sdk_loop, has_workers=False)
ALL = (SYNCJOB, ASYNC, AIOHTTP, HTTPX, LOOP)
