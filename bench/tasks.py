"""Whole runs of the real command: how many requests they need, and how long and how much memory they take.

Beside them is what a plain loop would send: a GET and a PUT for each description, and a look-up for each reference
in it. `diff` writes nothing, and there a loop saves the PUT.
"""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bench.results import Goal, Section, Table
from bench.sizes import Size
from bench.workspace import Task, Workspace, described, served, usual, workspace

_CHANGED = 3
_SCRATCH = "model_scratch"
_HEADER = ("task", "requests", "of a plain loop", "wall s", "CPU s", "CPU ms / request", "peak MiB")


@dataclass(frozen=True, slots=True)
class _Done:
    """A task that is done, and what a plain loop would have sent for it."""

    name: str
    task: Task
    loop: int


def measure(size: Size) -> Section:
    done = [*_changing(size.changing), *_again(size.remembered)]
    for count in size.bulk:
        done += _bulk(count)
    rows = [
        (
            each.name,
            f"{each.task.requests:,}",
            f"{each.loop:,}",
            f"{each.task.ran.wall:.2f}",
            f"{each.task.ran.cpu:.2f}",
            f"{1000 * each.task.ran.cpu / each.task.requests:.2f}" if each.task.requests >= 1000 else "-",
            f"{each.task.ran.peak_mib:.0f}",
        )
        for each in done
    ]
    return Section([Table("Whole runs", _HEADER, rows)], tuple(_goals({each.name: each.task for each in done})))


def _changing(count: int) -> Iterator[_Done]:
    """The last commit changed three descriptions; Scenario holds all as they were before it."""
    before = f"{count:,} descriptions, {_CHANGED} changed"
    held = usual(count)
    with workspace(held) as made:
        made.write({id_: described(id_, "Edited.") for id_ in made.ids[:_CHANGED]})
        made.commit()
        for of, written, arguments in (
            (count, 0, ("diff",)),
            (count, count, ("sync", "--yes")),
            (_CHANGED, 0, ("diff", "--since", "HEAD~1")),
            (_CHANGED, _CHANGED, ("sync", "--yes", "--since", "HEAD~1")),
        ):
            with served(held) as url:
                task = _afresh(made, url, *arguments)
            yield _Done(f"{before}: `{' '.join(arguments)}`", task, 2 * of + written)


def _again(count: int) -> Iterator[_Done]:
    """All in step, and nothing has moved since the run before."""
    texts = usual(count)
    with workspace(texts) as made, served({**texts, _SCRATCH: ""}) as url:
        made.probe(url, _SCRATCH)
        made.run(url, "sync", "--yes")
        yield _Done(_again_name(count), made.run(url, "sync", "--yes"), 3 * count)


def _bulk(count: int) -> Iterator[_Done]:
    texts = usual(count)
    with workspace(texts) as made:
        with served(texts) as url:
            yield _Done(_in_step_name(count), _afresh(made, url, "sync", "--yes"), 3 * count)
        with served(dict.fromkeys(made.ids, "")) as url:
            yield _Done(_creates_name(count), _afresh(made, url, "sync", "--yes", "--force"), 3 * count)


def _afresh(made: Workspace, url: str, *arguments: str) -> Task:
    """A run that has nothing to remember."""
    shutil.rmtree(made.folder / ".syncjob", ignore_errors=True)
    return made.run(url, *arguments)


def _again_name(count: int) -> str:
    return f"{count:,} descriptions in step: `sync` again"


def _in_step_name(count: int) -> str:
    return f"{count:,} descriptions in step: `sync`"


def _creates_name(count: int) -> str:
    return f"{count:,} descriptions to create: `sync`"


def _goals(tasks: Mapping[str, Task]) -> Iterator[Goal]:
    again = tasks.get(_again_name(10_000))
    yield Goal("requests of `sync` again, 10,000 in step", [again.requests] if again else [], 25, digits=0)
    for name, limit in ((_in_step_name(100_000), 96), (_creates_name(100_000), 128)):
        task = tasks.get(name)
        yield Goal(f"peak MiB, {name}", [task.ran.peak_mib] if task else [], limit, digits=0)
