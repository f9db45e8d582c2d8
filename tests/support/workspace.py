"""A folder as a user has one: config.yaml, descriptions/, and the command run in it as a process."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from syncjob.commands.applying import Consent
from syncjob.control.progress import Progress
from syncjob.report.model import Item, Report
from syncjob.state.probe_results import Answers, ApiFile, Learnt
from tests.support import forking
from tests.support.loopback import PLAYS

_T = TypeVar("_T")

KEY = "key-of-the-tests-4711"
SECRET = "secret-of-the-tests-0815"

CONFIG = """\
profile: test
profiles:
  sandbox: {base_url: "sandbox:"}
  test: {base_url: "%s"}
http: {requests_per_minute: 0}
"""


# A repository of a test is thrown away: nothing has to be on the disk for good, and nobody tidies up behind a commit.
CHEAP = ("-c", "core.fsync=none", "-c", "maintenance.auto=false")

# Runs a command and says at the end of stderr how much memory it took at most, in KiB. From a process of its own,
# because the kernel counts as a child's what its parent held when it started.
MEASURED = (
    sys.executable,
    "-c",
    """\
import resource, subprocess, sys
status = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(status)
""",
)


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    status: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The JSON report on stdout."""
        report: dict[str, Any] = json.loads(self.out)
        return report

    def item(self, model_id: str) -> dict[str, Any]:
        found: dict[str, Any] = next(item for item in self.report["items"] if item["model_id"] == model_id)
        return found


def learn(state_dir: Path, url: str) -> None:
    """If the stand-in plays null for no description, a run must know it from a probe."""
    if PLAYS.no_description == "null":
        found_out(state_dir.parent, url, Learnt(null_is_no_description=True))


def found_out(folder: Path, url: str, learnt: Learnt) -> Path:
    """The file of what a probe found out about the API at a URL, beside the config."""
    path = folder / "scenario-api.json"
    path.write_bytes(msgspec.json.encode(ApiFile(1, {url: Answers("scratch", "2026-01-01T00:00:00Z", learnt, ())})))
    return path


@dataclass(frozen=True)
class Workspace:
    """`folder` holds the config; every command runs there, as Python's arguments say."""

    folder: Path
    program: tuple[str, ...] = ("-m", "syncjob")

    @property
    def descriptions(self) -> Path:
        return self.folder / "descriptions"

    def configure(self, url: str, more: str = "") -> None:
        (self.folder / "config.yaml").write_text(CONFIG % url + more, "utf-8")
        learn(self.folder / ".syncjob", url)

    def expect_no_lag(self) -> None:
        """Texts that the tests put back by hand are then no late readings."""
        self.set_http("lag: 0")

    def set_http(self, more: str) -> None:
        """Adds keys to the `http` of the config."""
        path = self.folder / "config.yaml"
        path.write_text(
            path.read_text("utf-8").replace("requests_per_minute: 0", f"requests_per_minute: 0, {more}"), "utf-8"
        )

    def write(self, model_id: str, text: str | bytes) -> Path:
        """Writes a description as it is given."""
        self.descriptions.mkdir(exist_ok=True)
        path = self.descriptions / f"{model_id}.md"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def git(self, *arguments: str) -> str:
        """git in the folder, under a name of the tests' own."""
        ours = ("-c", "user.name=tests", "-c", "user.email=tests@example.invalid", "-c", "commit.gpgsign=false", *CHEAP)
        environment = {**self.environment(), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        done = subprocess.run(
            ["git", *ours, *arguments], cwd=self.folder, env=environment, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def commit(self, message: str = "a commit") -> str:
        """Commits everything in the folder, in a repository that is made if there is none; returns the hash."""
        if not (self.folder / ".git").exists():
            self.git("init", "--quiet", "--initial-branch=main")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD").strip()

    def held(self, texts: Mapping[str, str]) -> None:
        """Makes these texts ones that git held for their models; the files stay."""
        for model_id, text in texts.items():
            self.write(model_id, text)
        self.commit("what Scenario holds")

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a run: credentials of the tests, and nothing of the machine's own settings."""
        kept = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "TMPDIR", "COVERAGE_PROCESS_CONFIG")
            if name in os.environ
        }
        ours = {"SCENARIO_SDK_API_KEY": KEY, "SCENARIO_SDK_API_SECRET": SECRET, "PYTHONWARNINGS": "error"}
        return {**kept, **ours, **more}

    def run(self, *arguments: str, **environment: str) -> Ended:
        """`syncjob ARGUMENTS` as a process of its own; an empty value takes a variable out."""
        variables = {name: value for name, value in self.environment(**environment).items() if value}
        if self.program == ("-m", "syncjob") and forking.fits(variables):
            done = forking.run(arguments, self.folder, variables, timeout=240)
        else:
            done = subprocess.run(
                [sys.executable, *self.program, *arguments],
                cwd=self.folder,
                env=variables,
                capture_output=True,
                timeout=240,
                check=False,
            )
        ended = Ended(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in ended.err, ended.err
        return ended

    def json(self, *arguments: str, **environment: str) -> Ended:
        """`run`, with the JSON report on stdout."""
        return self.run(*arguments, "--format", "json", **environment)


class _Agreeing:
    """Looks on while a run writes, and says yes."""

    def plan(self, report: Report, *, will_write: bool, rest: int) -> Consent:
        return "unasked"

    def outcome(self, items: Sequence[Item], planned: Sequence[Item]) -> None:
        """Says nothing."""


AGREEING = _Agreeing()


def untracked(label: str, things: Iterable[_T], total: int, progress: Progress) -> Iterable[_T]:
    """Shows no progress."""
    return things
