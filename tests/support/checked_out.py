"""A checked-out repository on a runner of GitHub Actions where `gh` and `pip` are stand-ins."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support.loopback import Loopback
from tests.support.steps import Ended, Runner, Value, base_environment
from tests.support.workspace import KEY, SECRET, Workspace

GH = r"""#!/bin/sh
{ printf '%s\0' "$@"; printf '\036'; } >> HERE/asked
for argument; do
    case $argument in body=@*) cp "${argument#body=@}" HERE/body.md ;; esac
    [ "$before" = --jq ] && filter=$argument
    before=$argument
done
case " $* " in *" PATCH "* | *" POST "*) exit ;; esac
[ -f HERE/fails ] && { echo "gh: no route to host" >&2; exit 1; }
case "$*" in
    */commits\ *) exec git rev-parse HEAD ;;
    */actions/runs/*/*) ;;
    */actions/runs/*) if [ -f HERE/run.json ]; then exec jq -r "$filter" HERE/run.json; else echo true; exit; fi ;;
esac
if [ -f HERE/answer.json ]; then jq -r "$filter" HERE/answer.json; else cat HERE/answer; fi
"""

# Stands for every Python of the action: notes what it is asked, and makes what a venv and an installation would.
PYTHON = r"""#!/bin/sh
echo "${SCENARIO_SDK_API_KEY:-none} ${SCENARIO_SDK_API_SECRET:-none} $*" >> HERE/python.log
case "$*" in
    "-I -m venv "*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
    *" --no-deps "*) cp HERE/syncjob "$(dirname "$0")/syncjob" ;;
esac
"""

SYNCJOB = r"""#!/bin/sh
exec PYTHON -m syncjob "$@"
"""


def executable(path: Path, text: str) -> Path:
    path.write_text(text.replace("HERE", str(path.parent)).replace("PYTHON", sys.executable), "utf-8")
    path.chmod(0o755)
    return path


@dataclass(frozen=True)
class Repository:
    """A checked-out repository with a profile `production`, on a runner where `gh` and `pip` are stand-ins."""

    workspace: Workspace
    remote: Loopback
    runner: Runner
    programs: Path

    def write(self, **texts: str) -> None:
        for model_id, text in texts.items():
            self.workspace.write(model_id, text)

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.workspace.folder,
            env={"PATH": self.runner.environment["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"},
            capture_output=True,
            text=True,
            timeout=300,
            check=True,
        )
        return done.stdout.strip()

    def commit(self, **texts: str) -> str:
        """Writes the texts and commits all there is; returns the commit."""
        self.write(**texts)
        self.git("add", "--all")
        name = ("-c", "user.name=Tests", "-c", "user.email=tests@example.org")
        self.git(*name, "commit", "--quiet", "--allow-empty", "-m", "texts")
        return self.git("rev-parse", "HEAD")

    def answer(self, text: str) -> None:
        """What `gh` says to a question, after its filter."""
        (self.programs / "answer").write_text(text, "utf-8")

    def job(self, name: str, job_: str, **context: Value) -> Ended:
        """Runs a job; `__` in names of the context stand for dots."""
        named = {key.replace("__", "."): value for key, value in context.items()}
        self.runner.context |= named
        return self.runner.job(name, job_)

    @property
    def gh_asked(self) -> list[list[str]]:
        """The arguments of each call of `gh`."""
        asked = self.programs / "asked"
        calls = asked.read_text("utf-8").split("\x1e")[:-1] if asked.exists() else []
        return [call.split("\0")[:-1] for call in calls]

    @property
    def comment(self) -> str:
        return (self.programs / "body.md").read_text("utf-8")

    @property
    def read_ids(self) -> set[str]:
        """The models whose descriptions were read."""
        return {target.split("/")[3] for method, target, _ in self.remote.asked if method == "GET"}


VARIABLES = ("PRUNE", "KEEP_GOING", "UNFILED", "DRIFT_PULL_REQUEST", "APP_CLIENT_ID", "SHARE")
CONFIG = """\
profile: elsewhere
profiles:
  elsewhere: {base_url: "https://127.0.0.1:1"}
  production: {base_url: "URL"}
http: {requests_per_minute: 0, attempts: 1}
"""


def checked_out(folder: Path, remote: Loopback, workspace: Workspace) -> Repository:
    """The repository of a workspace, with what a job of a push to `main` knows."""
    (workspace.folder / "config.yaml").write_text(CONFIG.replace("URL", remote.url), "utf-8")
    programs = folder / "programs"
    programs.mkdir()
    executable(programs / "gh", GH)
    executable(programs / "syncjob", SYNCJOB)
    python = executable(programs / "python", PYTHON)
    context: dict[str, Value] = {
        "github.repository": "owner/models",
        "github.token": "token-of-the-job",
        "github.ref_name": "main",
        "github.run_attempt": "1",
        "github.run_id": "99",
        "github.server_url": "https://github.example",
        "github.workflow_ref": "owner/models/.github/workflows/sync.yml@refs/heads/main",
        "secrets.SCENARIO_SDK_API_KEY": KEY,
        "secrets.SCENARIO_SDK_API_SECRET": SECRET,
        "github.ref": "refs/heads/main",
        "github.run_number": "9",
        **dict.fromkeys((f"vars.SYNCJOB_{name}" for name in VARIABLES), ""),
    }
    given = {"python": {"python-path": str(python)}, "comment": {"artifact-id": "4711"}}
    given["page"] = {"artifact-url": "https://github.example/owner/models/actions/runs/99/artifacts/4712"}
    runner = Runner(folder, workspace.folder, base_environment(programs), context, given)
    repository = Repository(workspace, remote, runner, programs)
    repository.git("init", "--quiet", "--initial-branch=main")
    return repository
