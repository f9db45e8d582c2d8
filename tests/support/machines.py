"""Hypothesis' state machines over a served stand-in and a repository, with settings that fit what takes real time."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.support.loopback import Loopback, loopback
from tests.support.oracle import History

_SETTINGS = (
    "-c", "core.fsync=none", "-c", "maintenance.auto=false", "-c", "commit.gpgsign=false", "-c", "merge.conflictStyle=merge",
    "-c", "advice.detachedHead=false", "-c", "user.name=tests", "-c", "user.email=tests@example.invalid",
)  # fmt: skip

# A failure is shown as it was found: to make it smaller takes minutes, which only the deep suite has.
FOUND = (Phase.reuse, Phase.generate)
SHRUNK = (*FOUND, Phase.shrink)


class InRepository(RuleBasedStateMachine):
    """A repository of descriptions in a folder of its own, what the tests know of its history, and Scenario."""

    served: Loopback
    root: Path
    models: tuple[str, ...]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=self.root))
        self.repository = self.folder / "repository"
        self.descriptions = self.repository / "descriptions"
        self.history = History()

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def run_git(self, at: int, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """git in the repository at a time, in seconds."""
        return subprocess.run(
            ["git", "-C", str(self.repository), *_SETTINGS, *arguments],
            env={
                "PATH": os.environ["PATH"],
                "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_CONFIG_SYSTEM": os.devnull,
                "GIT_AUTHOR_DATE": f"{at} +0000",
                "GIT_COMMITTER_DATE": f"{at} +0000",
                "GIT_EDITOR": "true",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )

    def path(self, model_id: str) -> Path:
        return self.descriptions / f"{model_id}.md"

    @property
    def remote(self) -> dict[str, str]:
        return {model_id: self.served.sandbox.description(model_id) for model_id in self.models}


def laws_hold(
    machine: type[RuleBasedStateMachine],
    folder: Path,
    phases: tuple[Phase, ...],
    *,
    examples: int,
    steps: int,
    part: int = 0,
) -> None:
    """Runs a machine, whose class gets the stand-in as `served` and the folder as `root`.

    Each part draws examples of its own: if they are to be the same in each run, hypothesis makes them by the name.
    """
    with loopback(Path(":memory:")) as remote:
        run_state_machine_as_test(
            type(f"{machine.__name__}{part}", (machine,), {"served": remote, "root": folder}),
            settings=settings(
                phases=phases,
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
