"""What a run that did not come to its report leaves of --output, --report and --plan-out: nothing new, and the old as it was."""

import os
from pathlib import Path

import pytest

from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

OUTPUTS = ["--report", "r.json", "--output", "o.txt", "--plan-out", "p.json"]


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["diff"], {"SCENARIO_SDK_API_KEY": ""}),
        (["sync", "--yes"], {"SCENARIO_SDK_API_SECRET": ""}),
        (["diff", "nope"], {}),
        (["diff", "--bogus"], {}),
        (["sync", "--plan", "p"], {}),
        (["--config", "none.yaml", "diff"], {}),
    ],
    ids=["no key", "no secret", "no such description", "no such option", "options at odds", "no config"],
)
def test_exit_2_leaves_no_new_file_and_the_old_ones_as_they_were(
    workspace: Workspace, remote: Loopback, arguments: list[str], environment: dict[str, str]
) -> None:
    workspace.write("one", "text\n")
    before = set(os.listdir(workspace.folder))
    assert workspace.run(*arguments, *OUTPUTS, **environment).status == 2
    assert set(os.listdir(workspace.folder)) - before <= {".syncjob"}
    for name in OUTPUTS[1::2]:
        (workspace.folder / name).write_text("old")
    assert workspace.run(*arguments, *OUTPUTS, **environment).status == 2
    assert {(workspace.folder / name).read_text() for name in OUTPUTS[1::2]} == {"old"}


def test_a_link_to_a_file_that_is_not_there_stays_one_until_it_is_written(
    workspace: Workspace, remote: Loopback, tmp_path: Path
) -> None:
    remote.add("one", texts={"one": "text"})
    workspace.write("one", "text\n")
    link, file = workspace.folder / "r.json", tmp_path / "elsewhere.json"
    link.symlink_to(file)
    assert workspace.run("diff", "nope", "--report", "r.json").status == 2
    assert link.is_symlink()
    assert not file.exists()
    assert workspace.run("diff", "--report", "r.json").status == 0
    assert link.is_symlink()
    assert file.read_text().startswith("{")
