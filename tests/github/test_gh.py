"""GitHub's own `gh` takes the commands that `init` prints, the workflows run and the tutorial shows."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from syncjob.commands.init.outcome import Setup, tasks
from syncjob.output.loopback import listening, serving
from syncjob.scenario.answers import Answer
from tests.support.steps import ROOT

PRINTED = [
    command for task in tasks(Setup("main", has_descriptions=True, has_production=True)) for command in task.commands
]
FILES = (
    *sorted((ROOT / ".github" / "workflows").glob("*.yml")),
    ROOT / "docs" / "tutorial.md",
    ROOT / "docs" / "github-actions.md",
)
CALLED = re.compile(r"\bgh ((?:api|browse)\b|[a-z]+ [a-z]+\b)((?:[^\n]*\\\n)*[^\n]*)")
FLAG = re.compile(r"(?<=\s)--?[A-Za-z][a-z-]*")


@pytest.fixture
def gh() -> str:
    found = shutil.which("gh")
    if found is None:
        pytest.skip("NOT TESTED: there is no gh here")
    return found


def flags(text: str) -> Mapping[str, set[str]]:
    """The flags of each command of gh's in a text, as far as another program does not follow."""
    used: dict[str, set[str]] = {}
    for command, rest in CALLED.findall(text):
        used.setdefault(command, set()).update(FLAG.findall(re.split(r"[|;#]|\$\(", rest)[0]))
    return used


@pytest.mark.deep
def test_gh_knows_each_command_and_flag(gh: str) -> None:
    texts = [path.read_text("utf-8") for path in FILES]
    used: dict[str, set[str]] = {}
    for text in ("\n".join(PRINTED), *texts):
        for command, its in flags(text).items():
            used.setdefault(command, set()).update(its)
    assert {"api", "secret set", "workflow run", "pr create"} < used.keys()
    for command, its in used.items():
        done = subprocess.run([gh, "help", *command.split()], capture_output=True, text=True, check=True)
        known = set(FLAG.findall(done.stdout.replace(",", " ")))
        assert its - known == set(), command
        assert command in re.findall(r"gh ([a-z]+(?: [a-z]+)?)", done.stdout), command


@pytest.mark.deep
def test_github_gets_what_init_s_commands_say(gh: str, tmp_path: Path) -> None:
    asked: list[tuple[str, str, dict[str, object]]] = []

    def respond(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        asked.append(
            (method, target.removeprefix("http://api.github.localhost/repos/owner/models/"), json.loads(body or b"{}"))
        )
        return Answer(200, {"content-type": "application/json"}, b"{}")

    with serving(listening(respond)) as address:
        # gh speaks plain HTTP to this host alone, and a proxy need not be a real one.
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(tmp_path), "HTTP_PROXY": address, "GH_TOKEN": "a-token", "GH_HOST": "github.localhost",
            "GIT_CONFIG_NOSYSTEM": "1",
        }  # fmt: skip
        for command in (
            "git init --quiet",
            "git remote add origin http://github.localhost/owner/models.git",
            *(command for command in PRINTED if command.startswith("gh api")),
        ):
            done = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True)
            assert (done.returncode, done.stderr) == (0, ""), command
    rules = {"deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True}}
    assert asked == [
        ("PUT", "environments/production", rules),
        ("POST", "environments/production/deployment-branch-policies", {"name": "main"}),
        ("PUT", "environments/production-read", {}),
        (
            "PUT",
            "actions/permissions/workflow",
            {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": True},
        ),
    ]
