"""GitHub's runner obeys syncjob's own commands, and nothing of what files, Scenario or a command line say."""

import base64
import io
import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncjob import credentials
from syncjob.environment import is_step
from syncjob.github.workflow_commands import mask, obeyed, unobeyed
from syncjob.output.gate import Gate
from syncjob.sandbox.records import model_row
from syncjob.scenario.answers import Answer
from syncjob.text.sanitize import inert, json_safe
from tests.support.loopback import Loopback, json_answer
from tests.support.runner_output import Command, interleavings, lines, parse
from tests.support.runner_output import obeyed as obeyed_in
from tests.support.workspace import KEY, SECRET, Ended, Workspace

# Many processes, each in every form: too long for `make test`.
pytestmark = pytest.mark.deep

PAIR = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
# Each is a command to the runner, or was made to become one when it is cut, trimmed, split or cleaned.
HOSTILE = [
    "::error::pwned",
    "::error file=a.md,line=1::pwned",
    " ::set-output name=x::pwned",
    "\t\x0b\x0c::set-env name=PATH::pwned",
    "\xa0::warning::pwned",
    "\u3000\u2003::debug::pwned",
    "\u2028::error::pwned",
    "\u2029\x85::notice::pwned",
    "text\u2028::error::pwned",
    "\u200b::error::pwned",
    "\u200b\u200b::error::pwned",
    ":\u200b:error::pwned",
    "::::error::pwned",
    "::\n::error::pwned",
    "::ERROR::pwned",
    "::add-mask::pwned",
    "::group::pwned",
    "::stop-commands::pwned",
    "::stop-commands::",
    "::pwned::",
    "text\r::error::pwned",
    "text\r\n \r\n::error::pwned",
    "\x1c::error::pwned",
    "##[error]pwned",
    "text ##[add-path]/pwned",
    "###[warning]pwned",
    "##[##[error]pwned",
    "#\u200b#[error]pwned",
    "##\u200b[error]pwned",
    "\xad##[set-output name=x]pwned",
    "##[stop-commands]pwned",
    "%0A::error::pwned",
    "::error::%0A::error::pwned",
]
EVERYTHING = "\n".join(HOSTILE)
FILE_NAMES = [
    "::error::pwned",
    " ::set-output name=x::pwned",
    "\n::error::pwned",
    "a\r::warning::pwned",
    "\xa0::add-mask::pwned",
    "\u2028::stop-commands::pwned",
    "##[error]pwned",
    "a,line=1::pwned",
    "100%25%0A::error::pwned",
]
SURROUNDINGS = st.sampled_from(
    ["", " ", "\n", "\r", "\r\n", "\xa0", "\u200b", "\u2028", ":", "::", "#", "##", "[", "]", "x", "\0"]
)
ANYTHING = st.lists(
    st.sampled_from(HOSTILE) | SURROUNDINGS | st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=12
).map("".join)


# A line, and the command that the runner reads in it: name, data, properties.
LINES = [
    ("::error::a", ("error", "a", {})),
    ("  \xa0\u2028::warning file=a%3Ab,line=2,col=3,title=x%2Cy::100%25%0Az", ("warning", "100%\nz", {"file": "a:b", "line": "2", "col": "3", "title": "x,y"})),
    ("::error file=,title=t::", ("error", "", {"title": "t"})),
    ("::Add-Mask::x::y", ("add-mask", "x::y", {})),
    ("::unknown::x", None),
    ("::error:x", None),
    ("x ::error::y", None),
    ("\x1c::error::y", None),
    ("\u200b::error::y", None),
    ("text ##[error]y", ("error", "y", {})),
    ("##[set-output name=a;x=%5D]y%0A", ("set-output", "y\n", {"name": "a", "x": "]"})),
    ("##[unknown]##[error]y", None),
    ("##[error", None),
    ("#\u200b#[error]y", None),
    ("::unknown::##[error]y", ("error", "y", {})),
    ("::error::##[add-path]/x", ("error", "##[add-path]/x", {})),
]  # fmt: skip


@pytest.mark.parametrize(("line", "command"), LINES, ids=[ascii(line) for line, _ in LINES])
def test_the_runner_reads_both_forms_of_a_command(line: str, command: tuple[str, str, dict[str, str]] | None) -> None:
    assert parse(line) == (Command(*command) if command else None)


def test_the_runner_ends_lines_at_any_line_feed_or_carriage_return_and_nowhere_else() -> None:
    assert lines("\ufeffa\rb\r\nc\n\n\u2028d\x85e".encode()) == ["a", "b", "c", "", "\u2028d\x85e"]
    assert lines(b"a\n") == ["a"]


def test_the_runner_obeys_nothing_between_stop_commands_and_its_token() -> None:
    read = [
        "::error::1",
        "::stop-commands::T0",
        "::error::2",
        "##[error]3",
        "::stop-commands::x",
        "::t0::",
        "::t0::",
        "::error::4",
    ]
    names = [(command.name, command.data) for command in obeyed_in(read)]
    assert names == [("error", "1"), ("stop-commands", "T0"), ("t0", ""), ("error", "4")]


def test_most_of_the_hostile_texts_are_obeyed_where_nothing_is_done_about_them() -> None:
    """Else the tests below would show nothing."""
    with_effect = [text for text in HOSTILE if obeyed_in(lines(text.encode()))]
    assert len(with_effect) > len(HOSTILE) / 2


@given(ANYTHING)
@settings(max_examples=300, deadline=None)
def test_the_runner_obeys_nothing_in_an_inert_text(text: str) -> None:
    assert obeyed_in(lines(("x\n" + inert(text)).encode())) == []
    assert inert(text).replace("\u200b", "") == text.replace("\u200b", "")


@given(ANYTHING)
@settings(max_examples=100, deadline=None)
def test_an_inert_text_shows_all_of_itself_and_stays_inert(text: str) -> None:
    shown = inert(text)
    characters = iter(shown)
    assert all(sign in characters for sign in text)  # in this order
    assert obeyed_in(lines(("x\n" + inert(shown)).encode())) == []


@given(ANYTHING)
@settings(max_examples=100, deadline=None)
def test_json_of_any_text_is_the_same_value_and_needs_no_change_to_be_inert(text: str) -> None:
    encoded = json_safe(json.dumps({"text": text}, ensure_ascii=False, indent=2))
    assert json.loads(encoded) == {"text": text}
    assert inert(encoded) == encoded
    assert obeyed_in(lines(encoded.encode())) == []


@pytest.mark.parametrize(
    ("value", "is_a_step"), [("true", True), ("false", False), ("", False), (None, False), ("1", False)]
)
def test_a_step_is_told_by_its_variable(value: str | None, is_a_step: bool) -> None:
    assert is_step({} if value is None else {"GITHUB_ACTIONS": value}) is is_a_step


def test_an_inert_stream_obeys_only_what_is_said_to_be_a_command(tmp_path: Path) -> None:
    with (tmp_path / "written").open("wb") as file:
        stream = cast("TextIO", Gate(file.fileno(), "ascii", is_in_step=True))
        print("::error::pwned", "##[error]pwned", sep="\n", file=stream)
        obeyed(stream, "::notice::ours")
        for part in (*"##[error]pwned\n", "é \udcff\n"):
            stream.write(part)
        stream.flush()
    read = lines((tmp_path / "written").read_bytes())
    assert [command.data for command in obeyed_in(read)] == ["ours"]
    assert read[-1] == "é \\udcff"


def _fail_unobeyed(stream: io.StringIO) -> None:
    with unobeyed(stream):
        stream.write(f"{EVERYTHING}\n")
        raise OSError("full")


def test_nothing_is_obeyed_within_unobeyed_even_where_it_ends_with_an_error() -> None:
    stream = io.StringIO()
    with pytest.raises(OSError, match="full"):
        _fail_unobeyed(stream)
    obeyed(stream, "::error::after")
    stop, resume, after = obeyed_in(lines(stream.getvalue().encode()))
    assert (stop.name, resume.name, after.data) == ("stop-commands", stop.data, "after")


def test_each_use_of_unobeyed_has_a_token_that_nobody_can_know() -> None:
    stream = io.StringIO()
    for _ in range(20):
        with unobeyed(stream):
            pass
    tokens = {command.data for command in obeyed_in(lines(stream.getvalue().encode())) if command.data}
    assert len(tokens) == 20
    assert all(len(token) >= 32 for token in tokens)


def test_the_pair_of_key_and_secret_is_masked_and_a_bearer_token_which_github_knows_is_not() -> None:
    stream = io.StringIO()
    mask(credentials.basic(KEY, SECRET), stream)
    mask(credentials.bearer("jwt"), stream)
    mask(None, stream)
    assert obeyed_in(lines(stream.getvalue().encode())) == [Command("add-mask", PAIR)]


@pytest.fixture
def hostile(workspace: Workspace, remote: Loopback) -> Workspace:
    """Commands wherever somebody else's text can be: files and their names, remote texts, models' names, reasons."""
    ids = ("changed", "new", "edited", "refused", "forbidden", "unclear")
    texts = {"changed": EVERYTHING, "edited": f"{EVERYTHING}\n\nand more of it", "refused": EVERYTHING}
    remote.sandbox.add_models((model_row(id_, f"{EVERYTHING} {id_}") for id_ in ids), texts)
    workspace.held({"changed": EVERYTHING, "refused": EVERYTHING})
    for id_ in ids:
        ends = {"changed": "\n", "new": "\r", "edited": "\r\n"}
        workspace.write(id_, ends.get(id_, "\n").join(reversed(HOSTILE)) + "\n{asset:asset_a}\n")
    workspace.write("unclear", "{Asset: ##[error]pwned}\n{asset:gone}")
    for name in FILE_NAMES:
        workspace.write(name, EVERYTHING)
    remote.add_assets("asset_a")
    config = workspace.folder / "config.yaml"
    config.write_text(config.read_text().replace("per_minute: 0", "per_minute: 0, attempts: 2"))
    reason = json.dumps({"reason": EVERYTHING}).encode()
    busy = iter([json_answer(503, reason, retry_after_ms="1")])

    def script(method: str, target: str) -> Answer | None:
        if method == "GET" and "forbidden" in target:
            return json_answer(403, reason)
        if method == "PUT" and "refused" in target:
            return json_answer(400, reason)
        return next(busy, None) if "new/" in target else None

    remote.script = script
    return workspace


def _in_a_step(workspace: Workspace, *arguments: str, **more: str) -> Ended:
    files = {"GITHUB_OUTPUT": "outputs", "GITHUB_STEP_SUMMARY": "summary"}
    paths = {name: str(workspace.folder.parent / file) for name, file in files.items()}
    return workspace.run(*arguments, GITHUB_ACTIONS="true", GITHUB_WORKSPACE=str(workspace.folder), **paths, **more)


def _read(ended: Ended) -> tuple[list[str], list[str]]:
    return lines(ended.out.encode()), lines(ended.err.encode())


def _told(report: dict[str, object]) -> Iterator[tuple[str, str]]:
    """(severity, title) of every annotation that a report asks for."""
    items = report["items"]
    assert isinstance(items, list)
    for item in items:
        yield from ((problem["severity"], f"{problem['code']} ({item['model_id']})") for problem in item["problems"])
        if item["error"]:
            yield ("error", f"{item['error']['code']} ({item['model_id']})")
    problems = report["problems"]
    assert isinstance(problems, list)
    yield from ((problem["severity"], problem["code"]) for problem in problems)


def _are_ours(commands: Sequence[Command], told: set[tuple[str, str]]) -> bool:
    """Whether these are but masks of our own secret, annotations of the report, and pairs of stop-commands and token."""
    token = ""
    for command in commands:
        if command.name == "stop-commands":
            token = command.data
            assert re.fullmatch("[0-9a-f]{32}", token)
        elif command.name in ("error", "warning"):
            title = command.properties["title"]
            is_rest = title == "syncjob" and re.fullmatch(r"[0-9,]+ more (error|warning)s, .*", command.data)
            assert is_rest or (command.name, title) in told
            assert set(command.properties) <= {"file", "line", "col", "title"}
        else:
            assert command in (Command(token, ""), Command("add-mask", PAIR))
    return True


RUNS = [
    *[("check", form) for form in ("text", "json", "github")],
    *[(command, form) for command in ("diff", "sync") for form in ("text", "json", "markdown", "html")],
]


@pytest.mark.parametrize("log_format", ["console", "json"])
@pytest.mark.parametrize(("command", "form"), RUNS)
def test_of_a_run_over_hostile_texts_the_runner_obeys_syncjobs_own_commands_alone(
    hostile: Workspace, command: str, form: str, log_format: str
) -> None:
    more = {"check": ["--remote"], "diff": [], "sync": ["--keep-going"]}[command]
    log = ["--log-level", "debug", "--log-format", log_format]
    ended = _in_a_step(hostile, *log, command, *more, "--format", form, "--report", "report.json")
    report = json.loads((hostile.folder / "report.json").read_text())
    assert ended.status == 1
    assert "pwned" in (hostile.folder / "report.json").read_text()
    out, err = _read(ended)
    told = set(_told(report))
    for order in interleavings(out, err):
        assert _are_ours(obeyed_in(order), told)
    annotations = [found for found in obeyed_in([*out, *err]) if found.name in ("error", "warning")]
    assert len([found for found in annotations if found.name == "error"]) == 10  # nine, and how many more
    assert all(found.properties["title"] != "syncjob" for found in annotations[:9])
    if command == "sync":
        assert report["summary"]["applied"] == 2
        assert {item["model_id"] for item in report["items"] if item["status"] == "failed"} == {"forbidden", "refused"}


@pytest.mark.parametrize("command", ["diff", "sync"])
def test_without_annotations_the_output_is_as_inert(hostile: Workspace, command: str) -> None:
    ended = _in_a_step(hostile, "--log-level", "debug", command, "--no-github")
    assert "pwned" in ended.out
    for order in interleavings(*_read(ended)):
        names = {found.name for found in obeyed_in(order)}
        assert not names & {"error", "warning"}
        assert _are_ours(obeyed_in(order), set())


def test_json_holds_the_same_texts_as_outside_of_a_step(hostile: Workspace) -> None:
    inside = json.loads(_in_a_step(hostile, "diff", "--format", "json").out)
    outside = hostile.json("diff").report
    assert inside["items"] == outside["items"]
    assert any(HOSTILE[0] in item["diff"] for item in inside["items"])


LINE = "\n::error::pwned"
ENDS: list[tuple[str, list[str], dict[str, str]]] = [
    ("SELECT", ["diff", f"x{LINE}"], {}),
    ("SELECT with a carriage return", ["diff", "x\r::error::pwned"], {}),
    ("SELECT with brackets", ["check", "##[error]pwned"], {}),
    ("SELECT of a folder", ["check", f"pwned{LINE}/*.md"], {}),
    ("command", [f"x{LINE}"], {}),
    ("option", ["diff", f"--x{LINE}"], {}),
    ("value of an option", ["diff", "--format", f"x{LINE}"], {}),
    ("value in the environment", ["diff"], {"SYNCJOB_DIFF_FORMAT": f"x{LINE}"}),
    ("config file", ["--config", f"x{LINE}", "diff"], {}),
    ("profile", ["--profile", f"x{LINE}", "diff"], {}),
    ("profile in the environment", ["diff"], {"SYNCJOB_PROFILE": f"x{LINE}"}),
    ("plan", ["sync", "--plan", f"x{LINE}"], {}),
    ("output", ["diff", "--output", f"missing/x{LINE}"], {}),
    ("report", ["diff", "--report", f"missing/x{LINE}"], {}),
    ("plan to write", ["diff", "--plan-out", f"missing/x{LINE}"], {}),
]


@pytest.mark.parametrize(("arguments", "variables"), [case[1:] for case in ENDS], ids=[case[0] for case in ENDS])
def test_a_message_about_a_hostile_command_line_is_no_command(
    workspace: Workspace, arguments: list[str], variables: dict[str, str]
) -> None:
    workspace.write("one", "text\n")
    ended = _in_a_step(workspace, *arguments, **variables)
    assert ended.status == 2
    assert "pwned" in ended.err
    assert obeyed_in([*lines(ended.out.encode()), *lines(ended.err.encode())]) in ([], [Command("add-mask", PAIR)])


# Keys, values and whole files, as somebody may write them into config.yaml.
CONFIGS = [
    "profile: test\nprofiles: {test: {base_url: 'sandbox:'}}\n\"\\n::error::pwned\": 1\n",
    "profile: \"\\n::error::pwned\"\nprofiles: {test: {base_url: 'sandbox:'}}\n",
    'profile: test\nprofiles: {test: {base_url: "https://x\\r::error::pwned"}}\n',
    "profile: test\nprofiles: {test: {base_url: 'sandbox:'}}\nhttp: {workers: \"##[error]pwned\"}\n",
    "profile: test\nprofiles: {test: {base_url: 'sandbox:'}}\ndescriptions: \"x\\n ::error::pwned\"\n",
    'profile: test\nprofiles: {"a\\n::error::pwned": {base_url: nonsense}}\n',
    "::error::pwned\n##[error]pwned\n",
    "::error::pwned: {\n",
    "profile: test\nprofiles: {test: {base_url: 'sandbox:'}}\nhttp: {\"\\r::error::pwned\": 1}\n",
]


@pytest.mark.parametrize("config", CONFIGS)
def test_a_message_about_a_hostile_config_is_no_command(workspace: Workspace, config: str) -> None:
    workspace.write("one", "text\n")
    (workspace.folder / "config.yaml").write_text(config)
    ended = _in_a_step(workspace, "diff")
    assert ended.status == 2
    assert ended.err
    assert obeyed_in([*lines(ended.out.encode()), *lines(ended.err.encode())]) == []


def test_a_profile_that_is_called_like_a_command_is_refused_and_none(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    workspace.write("one", "text\n")
    config = workspace.folder / "config.yaml"
    config.write_text(
        config.read_text().replace("  test: {", '  "\\n::error::pwned": {').replace("profile: test\n", "")
    )
    ended = _in_a_step(workspace, "--profile", LINE, "sync")
    assert ended.status == 2
    for order in interleavings(*_read(ended)):
        assert _are_ours(obeyed_in(order), set())


def test_the_reason_of_a_run_that_ends_early_is_no_command(workspace: Workspace, remote: Loopback) -> None:
    remote.script = lambda method, target: json_answer(401, json.dumps({"reason": EVERYTHING}).encode())
    workspace.write("one", "text\n")
    ended = _in_a_step(workspace, "--log-level", "debug", "sync", "--report", "report.json")
    assert ended.status == 2
    report = json.loads((workspace.folder / "report.json").read_text())
    assert "pwned" in report["items"][0]["error"]["message"]
    for order in interleavings(*_read(ended)):
        assert _are_ours(obeyed_in(order), set(_told(report)))


def test_outside_of_a_step_no_text_is_changed_and_no_command_is_written(hostile: Workspace) -> None:
    ended = hostile.run("diff", "--report", "report.json", GITHUB_OUTPUT="outputs", GITHUB_STEP_SUMMARY="summary")
    assert "##[error]pwned" in ended.out
    assert PAIR not in ended.err
    assert len(re.findall("^::stop-commands::.*", ended.out, re.MULTILINE)) == 0
    assert not (hostile.folder / "outputs").exists()
    assert not (hostile.folder / "summary").exists()


def test_annotations_are_obeyed_in_whatever_order_the_runner_reads_the_two_streams(hostile: Workspace) -> None:
    ended = _in_a_step(hostile, "diff")
    for order in interleavings(*_read(ended)):
        assert sum(command.name == "error" for command in obeyed_in(order)) == 10


def test_a_byte_order_mark_at_the_start_of_a_stream_hides_no_command() -> None:
    assert obeyed_in(lines(inert("\ufeff::error::pwned\n").encode())) == []


def test_a_report_path_that_is_no_utf8_is_an_output_all_the_same(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    workspace.write("one", "text\n")
    assert _in_a_step(workspace, "sync", "--report", os.fsdecode(b"r\xff.json")).status == 0
    assert b"r\xff.json" in (workspace.folder.parent / "outputs").read_bytes()


def test_annotations_are_read_though_the_text_before_them_was_not_to_be_obeyed(hostile: Workspace) -> None:
    ended = _in_a_step(hostile, "diff")
    names = [command.name for command in obeyed_in([*lines(ended.out.encode()), *lines(ended.err.encode())])]
    assert names.count("stop-commands") == 1
    assert names.count("error") == 10
