"""The writes of a run, and how far it says that they are."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import pytest

from syncjob.commands.run import Options
from syncjob.control.progress import Progress
from tests.support import in_process
from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import Workspace

_T = TypeVar("_T")


@pytest.mark.deep
def test_writes_that_were_not_begun_are_not_counted_as_done(
    workspace: Workspace, remote: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def track(label: str, things: Iterable[_T], total: int, progress: Progress) -> Iterator[_T]:
        for thing in things:
            done.append(label)
            yield thing

    monkeypatch.setattr(in_process, "untracked", track)
    ids = [f"m{number:03}" for number in range(150)]
    remote.add(*ids)
    workspace.held(dict.fromkeys(ids, "text"))
    remote.script = lambda method, target: json_answer(403, b'{"reason": "no"}') if method == "PUT" else None
    summary = in_process.sync(workspace, Options(force=True), workers=1).summary
    assert (summary.applied, summary.not_attempted > 0) == (0, True)
    assert done.count("Writing") == len(ids) - summary.not_attempted
