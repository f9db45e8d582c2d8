"""Who compares a folder of files with what a server holds: the command `diff`, and scripts on the official SDK.

All run in a process that has read one description before what is measured, so no start is counted.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bench.clients import Client, Cost, Load, by_sdk, by_sdk_on_aiohttp, measured
from bench.stand_in import KEY, SECRET

if TYPE_CHECKING:
    from scenario_sdk import AsyncScenario

_CONFIG = """\
profile: bench
profiles: {{bench: {{base_url: "{url}"}}}}
http: {{workers: {workers}, requests_per_minute: 0}}
"""


def _diff(load: Load) -> Cost:
    os.chdir(load.folder)
    Path("config.yaml").write_text(_CONFIG.format(url=load.url, workers=load.workers), "utf-8")
    os.environ.update(SCENARIO_SDK_API_KEY=KEY, SCENARIO_SDK_API_SECRET=SECRET)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the line that sums up
    _command(load.ids[0])
    with measured() as cost:
        cost.failed = _command()
    return cost


def _command(*selected: str) -> int:
    from syncjob.__main__ import _run

    sys.argv = ["syncjob", "diff", "--no-github", "--output", os.devnull, "--exit-code", *selected]
    return _run()


def _script(load: Load) -> Cost:
    return by_sdk(_compared, load)


def _script_aiohttp(load: Load) -> Cost:
    return by_sdk_on_aiohttp(_compared, load)


async def _compared(client: "AsyncScenario", load: Load) -> Cost:
    """As many reads at once as there are workers; what differs, or was not read, has failed."""
    from scenario_sdk import ScenarioError

    gate = asyncio.Semaphore(load.workers)

    async def is_same(id_: str) -> bool:
        text = (load.folder / "descriptions" / f"{id_}.md").read_text("utf-8").rstrip()
        async with gate:
            with suppress(ScenarioError):
                return (await client.models.description.retrieve(id_)).description.value == text
        return False

    async with client:
        await is_same(load.ids[0])
        with measured() as cost:
            compared: list[Awaitable[bool]] = [is_same(id_) for id_ in load.ids]
            cost.failed = sum(not is_read for is_read in await asyncio.gather(*compared))
    return cost


DIFF = Client("`syncjob diff`", _diff)
SCRIPT = Client("a script of AsyncScenario", _script)
SCRIPT_AIOHTTP = Client("the same on aiohttp", _script_aiohttp)
