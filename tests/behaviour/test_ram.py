"""How much memory a large run takes."""

import subprocess
import sys
from itertools import count

import pytest

from syncjob.scenario.answers import Answer
from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import MEASURED, Workspace

DOWN = json_answer(503, b'{"reason": "down"}')
NONE = json_answer(404, b'{"reason": "not found"}')


@pytest.mark.deep
@pytest.mark.parametrize("every", [1, 2], ids=["every read fails", "every other read fails"])
def test_50000_items_with_a_failing_remote_take_less_than_150_mib(
    workspace: Workspace, remote: Loopback, every: int
) -> None:
    for number in range(50_000):
        workspace.write(f"m{number:05}", f"# Model {number}\n\n" + "A sentence about it that is long enough. " * 15)
    config = workspace.folder / "config.yaml"
    config.write_text(config.read_text().replace("per_minute: 0", "per_minute: 0, attempts: 1"))
    asked = count()

    def script(method: str, target: str) -> Answer | None:
        return DOWN if next(asked) % every == 0 else NONE

    remote.script = script
    done = subprocess.run(
        [*MEASURED, sys.executable, "-m", "syncjob", "sync", "--keep-going", "--format", "json"],
        cwd=workspace.folder,
        env=workspace.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=900,
        check=False,
    )
    assert done.returncode in (1, 4)
    assert int(done.stderr.split()[-1]) / 1024 < 150
