"""The page on two people and one description shows what the commands print."""

import re
from collections.abc import Callable

import pytest

from tests.project.test_docs import ROOT
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

PAGE = ROOT / "docs" / "two-people.md"
BASE = "# FLUX\n\nA model for images.\n\nIt is fast.\n\nUse it for portraits."
FILE = BASE.replace("for images", "for images and posters")


def edited(workspace: Workspace, remote: Loopback) -> None:
    remote.sandbox.put("flux", BASE.replace("portraits", "portraits and logos"))


def both(workspace: Workspace, remote: Loopback) -> None:
    edited(workspace, remote)
    workspace.held({"flux": FILE})


def same_lines(workspace: Workspace, remote: Loopback) -> None:
    remote.sandbox.put("flux", BASE.replace("for images", "for pictures"))
    workspace.held({"flux": FILE})


def behind(workspace: Workspace, remote: Loopback) -> None:
    workspace.git("checkout", "--quiet", "-b", "mine")
    workspace.git("branch", "--quiet", "--set-upstream-to=main")
    workspace.git("checkout", "--quiet", "main")
    workspace.held({"flux": FILE})
    remote.sandbox.put("flux", FILE)
    workspace.git("checkout", "--quiet", "mine")
    workspace.held({"flux": BASE.replace("portraits", "faces")})


def ahead(workspace: Workspace, remote: Loopback) -> None:
    workspace.held({"flux": FILE})


SCENES: dict[str, Callable[[Workspace, Loopback], None]] = {
    "Only Scenario was edited": edited,
    "Both were edited": both,
    "Both edited the same lines": same_lines,
    "The edit is to go": both,
    "A colleague's text is there already": behind,
    "Git is ahead": ahead,
}


def masked(text: str) -> list[str]:
    return [re.sub(r"\b[0-9a-f]{7,40}\b", "…", line).rstrip() for line in text.splitlines() if line.strip()]


def sections() -> dict[str, list[tuple[str, str]]]:
    """(command, what it prints) by heading."""
    found: dict[str, list[tuple[str, str]]] = {}
    for section in re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        heading, body = section.split("\n", 1)
        blocks = "".join(re.findall(r"^```text\n(.*?)^```", body, re.MULTILINE | re.DOTALL))
        parts = re.split(r"^\$ (.+)\n", blocks, flags=re.MULTILINE)[1:]
        found[heading] = list(zip(parts[::2], parts[1::2], strict=True))
    return found


def test_every_case_is_played() -> None:
    assert list(sections()) == list(SCENES)


@pytest.mark.parametrize("heading", SCENES)
def test_the_page_shows_what_the_commands_print(workspace: Workspace, remote: Loopback, heading: str) -> None:
    remote.add("flux", texts={"flux": BASE})
    workspace.expect_no_lag()
    workspace.held({"flux": BASE})
    workspace.git("tag", "last-sync")
    SCENES[heading](workspace, remote)
    for command, shown in sections()[heading]:
        program, *arguments = command.split()
        if program == "git":
            workspace.commit() if arguments[0] == "commit" else workspace.git(*arguments)
            continue
        ended = workspace.run(*arguments)
        before, _, after = shown.partition("[…]\n")
        printed = masked(ended.out + ended.err)
        assert printed[: len(masked(before))] == masked(before), printed
        assert printed[len(printed) - len(masked(after)) :] == masked(after) or "[…]" not in shown, printed
        assert "[…]" in shown or len(printed) == len(masked(before)), printed
