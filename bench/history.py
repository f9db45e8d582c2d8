"""Finding a text in a long history, by how far back a commit still had it."""

import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from syncjob.git.git import Git
from syncjob.git.history.texts import texts

RECENT = "replaced by one of the last 100 commits"
_ROUNDS = 3
_NEVER = "git never held it"


def history_times(commits: int) -> Mapping[str, Sequence[float]]:
    """Wall seconds of each round, by what was looked for."""
    wanted = {
        "HEAD has it, since the first commit": ("kept.md", "text 0"),
        RECENT: ("busy.md", f"text {commits - 100}"),
        "half-way back": ("busy.md", f"text {commits // 2}"),
        _NEVER: ("busy.md", "never"),
    }
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        _make(Path(name), commits)
        return {what: [_seconds(Path(name), *each) for _ in range(_ROUNDS)] for what, each in wanted.items()}


def _seconds(folder: Path, name: str, text: str) -> float:
    started = time.perf_counter()
    with texts(folder / "descriptions", Git()) as held:
        is_known = any(version.text == text for version in held.of(name, text))
    seconds = time.perf_counter() - started
    if is_known is (text == "never"):
        raise RuntimeError(f"{text!r} of {name} is known: {is_known}")
    return seconds


def _make(folder: Path, commits: int) -> None:
    """A repository whose first commit has two descriptions, of which each commit edits one."""
    _git(folder, "init", "--quiet", "--initial-branch=bench")
    _git(folder, "fast-import", "--quiet", said="".join(_stream(commits)))


def _git(folder: Path, *arguments: str, said: str = "") -> None:
    subprocess.run(["git", *arguments], cwd=folder, input=said.encode(), check=True, timeout=120)


def _stream(commits: int) -> Iterator[str]:
    for number in range(commits):
        who = f"bench <bench@example.invalid> {1_700_000_000 + number} +0000"
        yield f"commit refs/heads/bench\ncommitter {who}\ndata 0\n"
        for name in ("busy", "kept") if number == 0 else ("busy",):
            text = f"text {number}"
            yield f"M 100644 inline descriptions/{name}.md\ndata {len(text)}\n{text}\n"
