"""`diff --open`: the page is in a browser, its file where it belongs, and the diff is what it was."""

from pathlib import Path

import pytest

from tests.support.loopback import Loopback
from tests.support.workspace import Workspace


@pytest.fixture
def browser(tmp_path: Path) -> Path:
    """A browser that writes down what it is given."""
    program = tmp_path / "browser"
    program.write_text(f'#!/bin/sh\nprintf "%s %s\\n" "$1" "$SCENARIO_SDK_API_KEY" >> {tmp_path}/opened\n')
    program.chmod(0o755)
    return program


def test_the_page_opens_beside_the_diff_and_never_through_a_link(
    workspace: Workspace, remote: Loopback, browser: Path, tmp_path: Path
) -> None:
    remote.add("one", texts={"one": "old"})
    workspace.held({"one": "old"})
    workspace.write("one", "new")
    page, mine = workspace.folder / ".syncjob" / "diff.html", tmp_path / "mine"
    page.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    page.symlink_to(mine)
    shown = workspace.run("diff", "--open", BROWSER=f"{browser} %s")
    assert (shown.status, shown.out) == (0, workspace.run("diff").out)
    assert (tmp_path / "opened").read_text() == f"{page.as_uri()} \n"  # no credentials
    assert "<article" in page.read_text("utf-8")
    assert mine.read_text() == "mine"
    assert ".syncjob" not in workspace.git("status", "--porcelain")

    workspace.run("diff", "--open", "--format", "html", "--output", "here.html", BROWSER=f"{browser} %s")
    assert (tmp_path / "opened").read_text().splitlines()[1].startswith((workspace.folder / "here.html").as_uri())


def test_without_a_browser_the_path_is_said_and_the_status_stays(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    workspace.write("one", "new")
    ended = workspace.run("diff", "--open", "--exit-code")  # no DISPLAY and no TERM in that environment
    assert ended.status == 3
    assert ended.err.endswith(".syncjob/diff.html in one.\n")


def test_a_page_that_could_not_be_written_is_opened_from_the_state_folder(
    workspace: Workspace, remote: Loopback, browser: Path, tmp_path: Path
) -> None:
    """What is in its place is an earlier run's, or nothing."""
    workspace.write("one", "new")
    folder = workspace.folder / "out"
    folder.mkdir()

    def disappears(method: str, target: str) -> None:
        if folder.is_dir():
            folder.rename(tmp_path / "moved")
            folder.touch()

    remote.script = disappears
    ended = workspace.run("diff", "--open", "--format", "html", "--output", "out/page.html", BROWSER=f"{browser} %s")
    assert (ended.status, "cannot make the html output" in ended.err) == (1, True)
    assert (tmp_path / "opened").read_text() == f"{(workspace.folder / '.syncjob' / 'diff.html').as_uri()} \n"
