"""Whatever is printed, nothing in it acts on a terminal: names of the config, journals, paths, arguments and variables."""

import json
import os
import re
from pathlib import Path

import pytest

from syncjob.sandbox.records import model_row
from tests.cli.test_terminal import Terminal
from tests.support.cases import mostly_deep
from tests.support.loopback import Loopback
from tests.support.workspace import Ended, Workspace

ACTIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
# A title, a colour, a cleared screen, a line that is overwritten, a turned text, and a command to an 8-bit terminal.
EVIL = "x\x1b]0;owned\x07\x1b[2J\x1b[31m\r\u202e\x9b31m"
AS_YAML = json.dumps(EVIL)


def shows_and_does_nothing(ended: Ended, shown: str = r"\x1b]0;owned\x07") -> None:
    assert not ACTIVE.search(ended.out), ended.out
    assert not ACTIVE.search(ended.err), ended.err
    assert shown in ended.out + ended.err


@pytest.fixture
def evil(workspace: Workspace, remote: Loopback) -> Workspace:
    """A config whose folder's name acts."""
    config = f"profile: test\ndescriptions: {AS_YAML}\nprofiles:\n  test: {{base_url: '{remote.url}'}}\n"
    (workspace.folder / "config.yaml").write_text(config + "http: {requests_per_minute: 0}\n")
    folder = workspace.folder / EVIL
    folder.mkdir()
    (folder / "one.md").write_text("new\n")
    (folder / f"{EVIL}.md").write_text("text\n")
    remote.sandbox.add_models([model_row("one", f"{EVIL}\nname")], {})
    return workspace


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("command", [["check"], ["diff"], ["sync", "--keep-going"], ["pull"], ["doctor"]], ids=" ".join)
def test_names_of_the_config_do_not_act(evil: Workspace, command: list[str], form: str) -> None:
    more = [] if command == ["doctor"] else ["--format", form]
    ended = evil.run("--log-level", "debug", *command, *more)
    assert ended.status in (0, 1)
    assert "internal error" not in ended.err
    shows_and_does_nothing(ended, "owned")


@pytest.mark.parametrize("arguments", [(), ("--profile", EVIL)])
def test_a_profile_whose_name_acts_is_refused(workspace: Workspace, arguments: tuple[str, ...]) -> None:
    (workspace.folder / "config.yaml").write_text(
        f"profile: {AS_YAML}\nprofiles:\n  {AS_YAML}: {{base_url: 'sandbox:'}}\n"
    )
    workspace.write("one", "text")
    ended = workspace.run(*arguments, "diff")
    assert ended.status == 2
    shows_and_does_nothing(ended, "a character that cannot be printed")


def test_the_question_does_not_act(evil: Workspace) -> None:
    (evil.folder / EVIL / f"{EVIL}.md").unlink()
    terminal = Terminal(evil, "sync")
    terminal.until("[y/N]")
    terminal.type("n\n")
    assert terminal.end() == 1
    screen = terminal.screen.decode()
    assert r"\x1b]0;owned\x07" in screen
    assert not ACTIVE.search(re.sub("\x1b\\[(?:0|1|7|3[1-6])m|\r\n", "", screen)), screen


def test_an_answer_that_is_no_text_is_asked_about_again(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    workspace.write("one", "text")
    terminal = Terminal(workspace, "sync", PYTHONIOENCODING="utf-8:strict")
    terminal.until("[y/N]")
    os.write(terminal._controller, b"\xff\xfey\n")
    terminal.until("Answer y or n")
    terminal.type("n\n")
    assert terminal.end() == 1
    assert b"Cancelled; nothing was written." in terminal.screen
    assert b"internal error" not in terminal.screen


@pytest.mark.parametrize("color", ["always", "never"])
def test_of_sequences_our_colours_alone_pass_into_a_file(workspace: Workspace, remote: Loopback, color: str) -> None:
    remote.add("one")
    workspace.write("one", f"{EVIL}\n")
    assert workspace.run("diff", "--color", color, "--output", "said").status == 0
    said = (workspace.folder / "said").read_text()
    assert ("\x1b[32m+x" in said) is (color == "always")
    assert not ACTIVE.search(re.sub("\x1b\\[(?:0|1|3[1-6])m", "", said))


def begin_of(**more: object) -> str:
    begin = {
        "record": "run",
        "version": 1,
        "run": EVIL,
        "command": EVIL,
        "profile": f"{EVIL}\nforged",
        "base_url": EVIL,
    }
    return json.dumps({**begin, "project_id": None, "started_at": EVIL, **more})


def journal(workspace: Workspace, *lines: str, name: str = "20260101T000000.000000Z-abcdef") -> Path:
    folder = workspace.folder / ".syncjob" / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_journal_does_not_act_in_the_list_of_runs(workspace: Workspace, form: str) -> None:
    journal(workspace, begin_of())
    ended = workspace.run("runs", "--format", form)
    assert not ACTIVE.search(ended.out + ended.err)
    assert "this run is not listed" in ended.err
    assert not re.search("^forged", ended.out + ended.err, re.MULTILINE)


@pytest.mark.parametrize("name", [f"{EVIL}\nforged", "a\nforged"])
def test_a_journals_path_does_not_act(workspace: Workspace, name: str) -> None:
    journal(workspace, '{"record": "\\u001b[2J"}', name=name)
    for arguments in (["runs"], ["rollback", name], ["sync", "--resume", name]):
        workspace.write("one", "text")
        ended = workspace.run(*arguments)
        assert not ACTIVE.search(ended.out + ended.err)
        assert not re.search("^forged", ended.out + ended.err, re.MULTILINE)


def test_a_rollback_of_a_hostile_journal_does_not_act(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": "now"})
    intent = {"record": "intent", "model_id": "one", "path": f"{EVIL}\nforged", "before": EVIL, "after_sha256": None}
    name = "20260101T000000.000000Z-abcdef"
    begin = begin_of(run=name, command="sync", profile="test", base_url=remote.url, started_at="2026-01-01T00:00:00Z")
    journal(workspace, begin, json.dumps(intent), name=name)
    for form in ("text", "json", "markdown", "html"):
        ended = workspace.run("rollback", name, "--dry-run", "--format", form)
        assert not ACTIVE.search(ended.out + ended.err)
        if form == "text":
            assert not re.search("^forged", ended.out, re.MULTILINE)


ARGUMENTS = [
    [EVIL],
    ["diff", EVIL],
    ["diff", "--output", "gone/x\nforged"],
    ["diff", "--format", "x\nforged"],
    ["diff", f"--{EVIL}"],
    ["--profile", EVIL, "diff"],
    ["--config", EVIL, "diff"],
    ["diff", "--format", EVIL],
    ["diff", "--output", f"gone/{EVIL}"],
    ["diff", "--report", f"gone/{EVIL}"],
    ["diff", "--since", EVIL],
    ["sync", "--plan", EVIL],
    ["sync", "--resume", EVIL],
    ["rollback", EVIL],
    ["doctor", "--probe", EVIL],
    ["sandbox", "--play", EVIL],
]


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=range(len(ARGUMENTS)))
def test_an_argument_does_not_act(workspace: Workspace, arguments: list[str]) -> None:
    workspace.write("one", "text")
    ended = workspace.run(*arguments)
    assert not ACTIVE.search(ended.out + ended.err)
    assert not re.search("^forged", ended.err, re.MULTILINE)
    assert ended.status in (0, 1, 2)


@pytest.mark.parametrize(
    ("variable", "command"),
    [
        ("SYNCJOB_STATE_DIR", "runs"),
        ("SYNCJOB_PROFILE", "diff"),
        ("SYNCJOB_DIFF_FORMAT", "diff"),
        ("SCENARIO_BASE_URL", "diff"),
        ("SCENARIO_SDK_API_KEY", "diff"),
        ("HTTPS_PROXY", "diff"),
        ("SSL_CERT_FILE", "diff"),
    ],
)
def test_a_variable_does_not_act(workspace: Workspace, variable: str, command: str) -> None:
    workspace.write("one", "text")
    ended = workspace.run(command, **{variable: EVIL})
    assert not ACTIVE.search(ended.out + ended.err)


@pytest.mark.parametrize("encoding", mostly_deep(["utf-16", "ascii", "latin-1"]))
def test_json_and_html_are_utf_8_whatever_the_terminal_speaks(
    workspace: Workspace, remote: Loopback, encoding: str
) -> None:
    remote.add("one")
    workspace.write("one", "é 🦊 ñ ü\n")
    ended = workspace.run("diff", "--format", "json", PYTHONIOENCODING=encoding)
    assert "é 🦊 ñ ü" in json.loads(ended.out)["items"][0]["diff"]
    assert "é 🦊 ñ ü" in workspace.run("diff", "--format", "html", PYTHONIOENCODING=encoding).out


def test_a_terminal_that_knows_no_colour_gets_none_and_no_bar(workspace: Workspace, remote: Loopback) -> None:
    ids = [f"m{number}" for number in range(25)]
    remote.add(*ids)
    for id_ in ids:
        workspace.write(id_, "text")
    terminal = Terminal(workspace, "--log-level", "debug", "sync", "--yes", TERM="dumb")
    assert terminal.end() == 0
    assert b"\x1b" not in terminal.screen


@pytest.mark.parametrize("size", [10_000, 100_000])
def test_a_name_of_any_length_is_a_message(workspace: Workspace, size: int) -> None:
    ended = workspace.run("--profile", "p" * size, "diff")
    assert ended.status == 2
    assert os.fsencode(ended.err).count(b"\n") < 5
