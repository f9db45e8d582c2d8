"""What is done without the network: the start, `diff --since`, and files read, checked, compared and hashed."""

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.history import RECENT, history_times
from bench.processes import Ran, run
from bench.results import Goal, Row, Section, Table, ratios, spread
from bench.since import DIFF, since_times
from bench.sizes import Size
from bench.startup import HELP, NOTHING, VERSION, start_times
from bench.workspace import described

_ROUNDS = 3
# What a run does with each file before it asks for anything, and `check` besides makes a report of it.
_WORK = """\
import sys
from pathlib import Path
from syncjob.local.document import Folder, list_folder
from syncjob.text.canonical import sha256
names = list_folder(Path(sys.argv[1]))
folder = Folder(Path(sys.argv[1]), "descriptions", names, 1_000_000)
documents = map(folder.read, names)
assert sum(bool(sha256(document.text) and document.tags) for document in documents) == int(sys.argv[2])
"""


def measure(size: Size) -> Section:
    starts = start_times(size.starts)
    since = since_times(size.since)
    files = _files(size.local)
    found = history_times(size.commits)
    tables = [
        Table("Start", ("command", "ms", "over `python -c pass`"), list(_start_rows(starts))),
        Table(f"{size.since:,} files, 100 commits", ("command", "wall s", "CPU s"), list(_since_rows(since))),
        Table(f"{size.local:,} files", ("work", "wall s", "CPU s", "peak MiB"), list(_file_rows(files))),
        Table(f"A text in {size.commits:,} commits", ("text", "wall s"), list(_found_rows(found))),
    ]
    goals = _goals(size, starts, since[DIFF][0], [ran.cpu for ran in files["read, tags, hash"]])
    recent = Goal(f"seconds to find a text {RECENT}, of {size.commits:,}", found[RECENT], 1.5)
    return Section(tables, (*goals, recent))


def _files(count: int) -> Mapping[str, Sequence[Ran]]:
    """Runs over a number of files, in turns; one round is not counted, as it warms the machine's file cache."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        (folder / "descriptions").mkdir()
        (folder / "config.yaml").write_text('profiles: {sandbox: {base_url: "sandbox:"}}\nprofile: sandbox\n', "utf-8")
        for number in range(count):
            id_ = f"model_{number:06d}"
            (folder / "descriptions" / f"{id_}.md").write_text(described(id_) + "\n", "utf-8")
        works = {
            "read, tags, hash": [sys.executable, "-c", _WORK, str(folder / "descriptions"), str(count)],
            "`check`": [sys.executable, "-m", "syncjob", "check", "--no-github", "--output", os.devnull],
        }
        rounds = [{name: run(work, folder, os.environ) for name, work in works.items()} for _ in range(_ROUNDS + 1)]
    return {name: [each[name] for each in rounds[1:]] for name in works}


def _start_rows(times: Mapping[str, Sequence[float]]) -> Iterator[Row]:
    for name, seconds in times.items():
        yield (
            f"`{name}`",
            spread([1000 * value for value in seconds], digits=1),
            spread(ratios(seconds, times[NOTHING])),
        )


def _since_rows(times: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> Iterator[Row]:
    for name, (wall, cpu) in times.items():
        yield f"`{name}`", spread(wall, digits=3), spread(cpu, digits=3)


def _found_rows(found: Mapping[str, Sequence[float]]) -> Iterator[Row]:
    return ((what, spread(seconds)) for what, seconds in found.items())


def _file_rows(files: Mapping[str, Sequence[Ran]]) -> Iterator[Row]:
    for name, runs in files.items():
        peak = spread([ran.peak_mib for ran in runs], digits=0)
        yield name, spread([ran.wall for ran in runs]), spread([ran.cpu for ran in runs]), peak


def _goals(
    size: Size, starts: Mapping[str, Sequence[float]], since: Sequence[float], cpu: Sequence[float]
) -> Iterator[Goal]:
    yield Goal(f"`{VERSION}` over `{NOTHING}`", ratios(starts[VERSION], starts[NOTHING]), 2.0)
    yield Goal(f"`{HELP}` over `{NOTHING}`", ratios(starts[HELP], starts[NOTHING]), 4.0)
    yield Goal(f"seconds of `{DIFF}`, {size.since:,} files, 100 commits", since, 1.0)
    yield Goal(f"CPU seconds to read, find tags in and hash {size.local:,} files", cpu, 4.0)
