"""What many descriptions fail by is told once, and no file is blamed for it; and what a pull says to do next."""

import pytest

from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import Workspace

MAY_NOT = "these credentials may not do this: check the role of the API key, and project_id"
IDS = [f"m{number}" for number in range(7)]


@pytest.fixture
def seven(workspace: Workspace, remote: Loopback) -> Workspace:
    remote.add(*IDS, texts=dict.fromkeys(IDS, "old"))
    workspace.held(dict.fromkeys(IDS, "old"))
    for id_ in IDS:
        workspace.write(id_, "new\n")
    return workspace


@pytest.mark.parametrize(
    ("command", "ends"),
    [
        ("diff", "Nothing was compared."),
        ("pull", "No file was written: 0 unchanged, 1 problem, 7 not read."),
        ("check --remote", "Checked 7 descriptions: 1 error, 0 warnings, 7 not looked up."),
    ],
)
def test_a_server_that_is_down_is_told_once(seven: Workspace, command: str, ends: str) -> None:
    if command == "pull":
        seven.commit()
    config = seven.folder / "config.yaml"
    config.write_text(config.read_text().replace("requests_per_minute: 0", "requests_per_minute: 0, attempts: 2"))
    ended = seven.run(*command.split(), SCENARIO_BASE_URL="http://127.0.0.1:1/v1")
    assert ended.status == 1
    told, last = filter(None, ended.out.splitlines())
    assert last == ends
    what = "cannot reach Scenario at 127.0.0.1:1 (connection refused, 2 attempts)"
    assert told == f"syncjob: error unavailable: {what}; check your network and `base_url`"
    assert "descriptions/" not in ended.out


@pytest.mark.parametrize("command", ["diff", "pull", "check --remote", "sync"])
def test_a_wrong_key_is_told_once(seven: Workspace, remote: Loopback, command: str) -> None:
    seven.commit()
    remote.script = lambda method, target: json_answer(401, b'{"reason": "who are you"}')
    ended = seven.run(*command.split())
    assert ended.status == 2
    assert ended.out.count("who are you") == 1
    assert "descriptions/" not in ended.out
    if command == "pull":
        assert ended.out.splitlines()[-1] == "No file was written: 0 unchanged, 1 problem, 7 not read."


@pytest.mark.parametrize("command", ["diff", "pull", "sync"])
def test_what_one_alone_fails_by_is_told_with_its_place(seven: Workspace, remote: Loopback, command: str) -> None:
    seven.commit()
    no = json_answer(403, b'{"reason": "not yours"}')
    remote.script = lambda method, target: no if "m3" in target else None
    ended = seven.run(command)
    assert ended.status == 1
    assert f"descriptions/m3.md: error forbidden: HTTP 403: not yours; {MAY_NOT}\n" in ended.out
    if command != "pull":
        assert "6 to update, 0 to delete, 0 unchanged, 1 not compared." in ended.out


def test_writes_that_fail_alike_are_told_once(seven: Workspace, remote: Loopback) -> None:
    no = json_answer(403, b'{"reason": "read only"}')
    remote.script = lambda method, target: no if method == "PUT" else None
    ended = seven.run("sync")
    assert ended.status == 1
    assert f"syncjob: error forbidden: HTTP 403: read only; {MAY_NOT} (7 descriptions: {', '.join(IDS)})\n" in ended.out
    assert ended.out.count("read only") == 1


def test_a_pull_where_there_are_no_files_says_how_to_begin(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": "text"})
    hint = "No descriptions here yet: `syncjob pull --all` downloads all that Scenario has.\n"
    ended = workspace.run("pull")
    assert (ended.status, ended.out, ended.err) == (0, "Pulled 0 files, 0 unchanged.\n", hint)
    assert workspace.run("pull", "--all").err.startswith("Next: `git add descriptions`, ")
    assert workspace.run("pull", "--all").err == ""
    assert workspace.run("pull").err == ""
    (workspace.descriptions / "one.md").unlink()
    assert workspace.run("pull", "--format", "json").err.endswith(hint)
    assert "Next" not in workspace.run("pull", "--all", "--dry-run").err
