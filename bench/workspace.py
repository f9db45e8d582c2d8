"""A folder of descriptions in a git repository, and the real command run in it against a stand-in."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import stand_in
from bench.processes import Ran, receive, run, running
from bench.reading import text_of

WORKERS = 32
_SYNCJOB = (sys.executable, "-m", "syncjob")
_ASSETS = tuple(f"asset_{number:03d}" for number in range(100))
_CONFIG = """\
profile: bench
profiles: {{bench: {{base_url: "{url}"}}}}
http: {{workers: {workers}, requests_per_minute: 0}}
"""


@dataclass(frozen=True, slots=True)
class Task:
    """A command's requests, from its own report, and what it took."""

    requests: int
    ran: Ran


@dataclass(frozen=True, slots=True)
class Workspace:
    """`ids` have a file each; the command keeps in `.syncjob/` what it remembers."""

    folder: Path
    ids: Sequence[str]

    def write(self, texts: Mapping[str, str]) -> None:
        (self.folder / "descriptions").mkdir(exist_ok=True)
        for id_, text in texts.items():
            (self.folder / "descriptions" / f"{id_}.md").write_text(f"{text}\n", "utf-8")

    def commit(self) -> None:
        self._git("add", "--all")
        self._git("-c", "user.name=bench", "-c", "user.email=bench@example.invalid", "commit", "--quiet", "-m", "bench")

    def _git(self, *arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "commit.gpgsign=false", "-c", "gc.auto=0", *arguments], cwd=self.folder, check=True
        )

    def run(self, url: str, *arguments: str) -> Task:
        """The command, which must end well, with its report in a file."""
        report = self.folder / ".syncjob" / "report.json"
        report.parent.mkdir(exist_ok=True)
        ran = self._syncjob(url, *arguments, "--no-github", "--output", os.devnull, "--report", str(report))
        return Task(json.loads(report.read_text("utf-8"))["requests"]["total"], ran)

    def probe(self, url: str, model_id: str) -> None:
        """Has the command find out what it needs to know of the API to remember anything, if it can."""
        shown = subprocess.run([*_SYNCJOB, "--help"], capture_output=True, check=True).stdout.decode()
        if re.search(r"^ *doctor ", shown, re.MULTILINE):
            self._syncjob(url, "doctor", "--probe", model_id, "--yes")

    def _syncjob(self, url: str, *arguments: str) -> Ran:
        (self.folder / "config.yaml").write_text(_CONFIG.format(url=url, workers=WORKERS), "utf-8")
        return run([*_SYNCJOB, "--log-level", "error", *arguments], self.folder, _environment())


def usual(count: int) -> Mapping[str, str]:
    """Texts as they are usual, by model id."""
    return {id_: described(id_) for id_ in (f"model_{number:06d}" for number in range(count))}


def described(id_: str, what: str = "") -> str:
    """A text with a reference to one of 100 assets."""
    asset = _ASSETS[int(id_[-6:]) % len(_ASSETS)]
    return f"{text_of(id_)}\n\nSee {{asset:{asset}}}. {what}".strip()


@contextmanager
def workspace(texts: Mapping[str, str]) -> Iterator[Workspace]:
    """Descriptions in one commit."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        made = Workspace(Path(name), list(texts))
        (made.folder / ".gitignore").write_text(".syncjob/\nconfig.yaml\n", "utf-8")
        made.write(texts)
        subprocess.run(["git", "init", "--quiet", "--initial-branch=main"], cwd=made.folder, check=True)
        made.commit()
        yield made


@contextmanager
def served(texts: Mapping[str, str]) -> Iterator[str]:
    """The base URL of a stand-in that holds these texts, "" for none."""
    with running(stand_in.serve_whole, stand_in.Catalogue(texts, _ASSETS)) as server:
        yield receive(server)


def _environment() -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR")}
    return {**kept, "SCENARIO_SDK_API_KEY": stand_in.KEY, "SCENARIO_SDK_API_SECRET": stand_in.SECRET}
