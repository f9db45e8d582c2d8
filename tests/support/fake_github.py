"""A small GitHub: a bare repository, and a `gh` that knows its pull requests, comments and runs of workflows.

What GitHub does of itself is done too: a pull request whose branch goes is closed, its head follows the branch while it is
open and stays in `refs/pull` for good, and none is opened twice or without a commit of its own. A run is one of the
repository itself unless it says otherwise, and a list of them has a page.
"""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.checked_out import executable
from tests.support.workspace import CHEAP

NAME = "owner/models"

GH = r"""#!PYTHON -IS
import json, pathlib, re, subprocess, sys
here = pathlib.Path("HERE")
state = json.loads((here / "github.json").read_text())
if state["fails"]:
    sys.exit("gh: no route to host")
method, fields, query, path, arguments = "", {}, None, None, iter(sys.argv[2:])
for argument in arguments:
    if argument == "--method": method = next(arguments)
    elif argument == "--jq": query = next(arguments)
    elif argument in ("--field", "--raw-field"):
        name, _, value = next(arguments).partition("=")
        is_file = argument == "--field" and value.startswith("@")
        fields[name] = pathlib.Path(value[1:]).read_text() if is_file else value
    elif not argument.startswith("--"): path = argument.partition("?")[0].removeprefix("repos/owner/models/")
method = method or ("POST" if fields else "GET")
state["asked"].append(f"{method} {path}")

def fail(status):
    (here / "github.json").write_text(json.dumps(state))
    sys.exit(f"gh: refused (HTTP {status})")

def keep(pull):
    ref = here / "owner/models/refs/pull" / str(pull["number"]) / "head"
    ref.parent.mkdir(parents=True, exist_ok=True)
    ref.write_text(pull["head"]["sha"] + "\n")

heads = here / "owner/models/refs/heads"
tips = {str(path.relative_to(heads)): path.read_text().strip() for path in heads.rglob("*") if path.is_file()}
for pull in state["pulls"]:
    if pull["state"] == "open":
        tip = tips.get(pull["head"]["ref"])
        pull["state"], pull["head"]["sha"] = ("open", tip) if tip else ("closed", pull["head"]["sha"])
        keep(pull)

def numbered(found, number):
    return next(each for each in found if each["id"] == int(number))

if path == "commits":
    answer = [{"sha": tips[fields["sha"]]}]
elif match := re.fullmatch(r"actions/workflows/(.+)/runs", path):
    runs = [run for run in state["runs"] if run["branch"] == fields["branch"] and run["file"] == match[1]]
    since = fields.get("created", "").removeprefix(">=")
    runs = [run for run in runs if run.get("created_at", "") >= since]
    runs = [run for run in runs if fields.get("status") in (None, run["conclusion"])]
    total = len(runs)
    if "--paginate" not in sys.argv: runs = runs[:int(fields.get("per_page", 30))]
    own = {"event": "push", "head_repository": {"full_name": "owner/models"}}
    answer = {"total_count": total, "workflow_runs": [{**own, **run} for run in runs]}
elif match := re.fullmatch(r"actions/runs/(\d+)/jobs", path):
    answer = {"jobs": [{"steps": numbered(state["runs"], match[1])["steps"]}]}
elif match := re.fullmatch(r"actions/runs/(\d+)/artifacts", path):
    answer = {"artifacts": numbered(state["runs"], match[1]).get("artifacts", [])}
elif match := re.fullmatch(r"actions/artifacts/(.+)/zip", path):
    sys.stdout.buffer.write((here / f"{match[1]}.zip").read_bytes())
elif path == "pulls" and method == "GET":
    owner, _, head = fields["head"].partition(":")
    answer = [pull for pull in state["pulls"] if owner == "owner" and pull["head"]["ref"] == head]
    answer = [pull for pull in answer if fields["state"] in (pull["state"], "all")][::-1]
elif path == "pulls":
    is_taken = any(pull["state"] == "open" and pull["head"]["ref"] == fields["head"] for pull in state["pulls"])
    if not state["may_open"]: fail(403)
    if is_taken or tips.get(fields["head"]) in (None, tips[fields["base"]]): fail(422)
    number = len(state["pulls"]) + 1
    head = {"ref": fields["head"], "sha": tips[fields["head"]]}
    answer = dict(id=number, number=number, state="open", merged_at=None, title=fields["title"], body=fields["body"], head=head)
    state["pulls"].append(answer)
    keep(answer)
elif match := re.fullmatch(r"pulls/(\d+)", path):
    answer = numbered(state["pulls"], match[1])
    answer.update(fields)
elif match := re.fullmatch(r"issues/(\d+)/comments", path):
    if method == "POST":
        user = {"login": "github-actions[bot]", "type": "Bot"}
        state["comments"].append(dict(id=len(state["comments"]) + 1, on=int(match[1]), user=user, body=fields["body"]))
    answer = [comment for comment in state["comments"] if comment["on"] == int(match[1])]
elif match := re.fullmatch(r"issues/comments/(\d+)", path):
    answer = numbered(state["comments"], match[1])
    answer.update(fields)
else:
    fail(404)
(here / "github.json").write_text(json.dumps(state))
if query and "--silent" not in sys.argv:
    print(subprocess.run(["jq", "-r", query], input=json.dumps(answer), capture_output=True, text=True, check=True).stdout, end="")
"""


@dataclass(frozen=True)
class GitHub:
    """`folder` holds the bare repository and what GitHub knows, and `gh`, unless that is among other programs."""

    folder: Path

    @classmethod
    def start(cls, folder: Path, programs: Path | None = None) -> "GitHub":
        (folder / NAME).mkdir(parents=True)
        (programs or folder).mkdir(exist_ok=True)
        executable((programs or folder) / "gh", GH.replace("HERE", str(folder)))
        github = cls(folder)
        github.git("init", "--quiet", "--bare", "--initial-branch=main", "--template=", ".")
        with (folder / NAME / "config").open("a", encoding="utf-8") as file:
            file.write("[uploadpack]\nallowFilter = true\n")
        github.change(pulls=[], comments=[], runs=[], asked=[], fails=False, may_open=True)
        return github

    @property
    def url(self) -> str:
        return self.folder.as_uri()

    @property
    def state(self) -> dict[str, Any]:
        path = self.folder / "github.json"
        known: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
        return known

    def change(self, **new: object) -> None:
        (self.folder / "github.json").write_text(json.dumps({**self.state, **new}), "utf-8")

    def git(self, *arguments: str, given: bytes = b"") -> str:
        """git in the bare repository, under a person's name."""
        person = ("-c", "user.name=A person", "-c", "user.email=person@example.invalid", *CHEAP)
        environment = {"PATH": "/usr/bin:/bin", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", *person, *arguments],
            cwd=self.folder / NAME,
            env=environment,
            input=given,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode().strip()

    def commit(self, branch: str, message: str = "a commit", **texts: str) -> str:
        """A person's commit on top of a branch; `__` in names stands for a slash."""
        before = self.tip(branch)
        lines = [f"commit refs/heads/{branch}", "committer A person <person@example.invalid> 0 +0000", _data(message)]
        lines += [f"from {before}"] if before else []
        lines += [f"M 100644 inline {name.replace('__', '/')}\n{_data(text)}" for name, text in texts.items()]
        self.git("fast-import", "--quiet", given="\n".join([*lines, ""]).encode())
        return self.tip(branch)

    def tip(self, branch: str) -> str:
        path = self._ref(branch)
        return path.read_text("ascii").strip() if path.exists() else ""

    def point(self, branch: str, commit: str) -> None:
        """Moves a branch; an empty commit deletes it."""
        if commit:
            self._ref(branch).parent.mkdir(parents=True, exist_ok=True)
            self._ref(branch).write_text(f"{commit}\n", "ascii")
        else:
            self._ref(branch).unlink()

    def _ref(self, branch: str) -> Path:
        return self.folder / NAME / "refs" / "heads" / branch

    def changes(self, branch: str) -> dict[str, str]:
        """What the branch has and main has not, by path; an empty text for what is gone."""
        rows = [line.split() for line in self.git("diff-tree", "-r", self.tip("main"), self.tip(branch)).splitlines()]
        return {
            path: self.git("cat-file", "blob", blob) + "\n" if set(blob) != {"0"} else "" for *_, blob, _, path in rows
        }

    def merge(self, branch: str, number: int, *, keeps_branch: bool = False) -> None:
        """Squashes a pull request, as its button does."""
        tree, head = self.git("rev-parse", f"{branch}^{{tree}}"), self.tip(branch)
        commit = self.git("commit-tree", tree, "-p", self.tip("main"), "-m", "squashed")
        self.point("main", commit)
        pulls = self.state["pulls"]
        pulls[number - 1] |= {
            "state": "closed",
            "merged_at": "2026-01-01T00:00:00Z",
            "head": {"ref": branch, "sha": head},
        }
        self.change(pulls=pulls)
        if not keeps_branch:
            self.point(branch, "")


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}"
