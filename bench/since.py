"""`diff --since HEAD~1` in a repository of many descriptions and 100 commits, beside what git alone takes."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_COMMITS, _CHANGED, _ROUNDS = 100, 3, 5
DIFF = "syncjob diff --since HEAD~1"
LOG = "git log --raw"
_COMMANDS = {
    DIFF: (sys.executable, "-m", "syncjob", "diff", "--since", "HEAD~1", "--output", os.devnull),
    LOG: ("git", "log", "-z", "--raw", "--no-abbrev", "--format=%H"),
    "python -c pass": (sys.executable, "-c", "pass"),
}
_CONFIG = 'profile: sandbox\nprofiles: {sandbox: {base_url: "sandbox:"}}\n'


def since_times(files: int) -> Mapping[str, tuple[Sequence[float], Sequence[float]]]:
    """Wall and CPU seconds, of children too, of each run of each command; the runs take turns.

    The remote is the stand-in in the process, so nothing is spent on a network.
    """
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in _COMMANDS}
    with _repository(files) as folder:
        for number in range(_ROUNDS + 1):
            for name, arguments in _COMMANDS.items():
                wall, cpu = _run(arguments, folder)
                if number:  # one round is not counted
                    times[name][0].append(wall)
                    times[name][1].append(cpu)
    return times


def _run(arguments: Sequence[str], folder: Path) -> tuple[float, float]:
    before, started = _children_cpu(), time.perf_counter()
    done = subprocess.run(arguments, cwd=folder, capture_output=True, timeout=60, check=False)
    wall, cpu = time.perf_counter() - started, _children_cpu() - before
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr.decode()}")
    return wall, cpu


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def _repository(files: int) -> Iterator[Path]:
    """The last commit edits three models that the stand-in knows, which hold what the first commit had."""
    from syncjob.sandbox import Sandbox
    from syncjob.sandbox.records import model_row

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ids = [f"model_{number:05d}" for number in range(files)]
        (folder / "descriptions").mkdir()
        (folder / ".syncjob").mkdir()
        (folder / "config.yaml").write_text(_CONFIG, "utf-8")
        (folder / ".gitignore").write_text(".syncjob/\n", "utf-8")
        _write(folder, ids, "first")
        _git(folder, "init", "--quiet")
        for commit in range(_COMMITS):
            _write(folder, ids[commit * _CHANGED % files :][:_CHANGED], f"edit {commit}")
            _git(folder, "add", "--all")
            _git(
                folder, "-c", "user.name=bench", "-c", "user.email=bench@example.invalid", "commit", "-qm", f"{commit}"
            )
        changed = ids[(_COMMITS - 1) * _CHANGED :][:_CHANGED]
        with Sandbox(folder / ".syncjob" / "sandbox.sqlite3", is_seeded=True) as sandbox:
            sandbox.add_models(map(model_row, changed), dict.fromkeys(changed, _text("first").strip()))
        yield folder


def _write(folder: Path, ids: Sequence[str], what: str) -> None:
    for id_ in ids:
        (folder / "descriptions" / f"{id_}.md").write_text(_text(what), "utf-8")


def _text(what: str) -> str:
    return f"{what}\n" * 30


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), "-c", "commit.gpgsign=false", *arguments], check=True)
