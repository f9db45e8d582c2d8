"""Problems become annotations that GitHub puts on the right file, line and column."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncjob.github.annotations import command, render
from syncjob.report.model import Item, ItemError, ItemProblem, Report, Requests, RunProblem, Summary
from syncjob.sandbox.records import model_row
from tests.support.loopback import Loopback, json_answer
from tests.support.runner_output import Command, lines, obeyed, parse
from tests.support.workspace import Ended, Workspace

# Whatever a runner, a terminal or a separator of properties may see in it.
HOSTILE = st.text(
    st.sampled_from("%:,;=\r\n\t\0\x1b\x85\u2028\u202e\u200b\ufeff[]#ab 0AD25")
    | st.characters(exclude_categories=["Cs"]),
    max_size=30,
)


def report_of(items: Iterable[Item] = (), problems: Sequence[RunProblem] = ()) -> Report:
    return Report(
        version=1,
        run="run",
        command="diff",
        profile="test",
        dry_run=True,
        started_at="",
        finished_at="",
        exit_code=1,
        summary=Summary(),
        requests=Requests(),
        items=tuple(items),
        problems=tuple(problems),
    )


def item_of(name: str, *problems: ItemProblem, error: ItemError | None = None) -> Item:
    return Item(name, None, f"descriptions/{name}.md", "invalid", "refused", problems=problems, error=error)


def error_of(code: str, message: str, line: int | None = None, column: int | None = None) -> ItemProblem:
    return ItemProblem(code, "error", message, line, column)


def warning_of(code: str, message: str) -> ItemProblem:
    return ItemProblem(code, "warning", message)


def read(rendered: Sequence[str]) -> list[Command]:
    """The annotations as the runner reads them."""
    found = [parse(line) for line in rendered]
    assert None not in found
    return [command for command in found if command]


def test_an_annotation_names_file_line_column_and_title() -> None:
    item = item_of("one", error_of("tag-malformed", "write {asset:x}", 3, 7))
    assert render(report_of([item]), "") == [
        "::error file=descriptions/one.md,line=3,col=7,title=tag-malformed (one)::write {asset:x}"
    ]


def test_a_failed_call_is_an_error_on_the_file() -> None:
    item = item_of("one", error=ItemError("unavailable", "no answer", 503, 5))
    assert render(report_of([item]), "") == ["::error file=descriptions/one.md,title=unavailable (one)::no answer"]


def test_a_problem_of_the_run_has_no_file() -> None:
    problem = RunProblem("too-many-changes", "error", "40 of 50")
    assert render(report_of(problems=[problem]), "sub") == ["::error title=too-many-changes::40 of 50"]


def test_a_report_without_problems_has_no_annotation() -> None:
    assert render(report_of([item_of("one")]), "") == []


@pytest.mark.parametrize(
    ("folder", "path", "file"),
    [
        ("", "descriptions/a.md", "descriptions/a.md"),
        (".", "descriptions/a.md", "descriptions/a.md"),
        ("models/flux", "descriptions/a.md", "models/flux/descriptions/a.md"),
        ("sync", "../texts/a.md", "texts/a.md"),
        ("a/b", "../../texts/a.md", "texts/a.md"),
        ("sub", "./a.md", "sub/a.md"),
        ("sub", "/elsewhere/a.md", "/elsewhere/a.md"),
    ],
)
def test_a_file_is_named_from_the_root_of_the_repository(folder: str, path: str, file: str) -> None:
    item = Item("a", None, path, "invalid", "refused", problems=(error_of("file-empty", "is empty"),))
    (found,) = read(render(report_of([item]), folder))
    assert found.properties["file"] == file


@pytest.mark.parametrize(
    ("text", "as_property", "as_data"),
    [
        ("100%", "100%25", "100%25"),
        ("%0A", "%250A", "%250A"),
        ("a\r\nb", "a%0D%0Ab", "a%0D%0Ab"),
        ("a:b", "a%3Ab", "a:b"),
        ("a,b", "a%2Cb", "a,b"),
        ("a;b]", "a;b]", "a;b]"),
        ("%3A", "%253A", "%253A"),
    ],
)
def test_what_separates_is_escaped(text: str, as_property: str, as_data: str) -> None:
    assert command("error", text, title=text) == f"::error title={as_property}::{as_data}"


def test_a_property_without_a_value_is_left_out() -> None:
    assert command("error", "x", file=None, line=None) == "::error::x"
    assert command("error", "x", file=None, line=2) == "::error line=2::x"


@given(HOSTILE, HOSTILE.filter(lambda text: bool(text.strip("= \t\r\n\x0b\x0c\x85\u2028"))))
@settings(max_examples=200, deadline=None)
def test_the_runner_reads_the_very_message_and_property_that_were_given(message: str, value: str) -> None:
    given = f"({value})"  # what stands first and last is trimmed
    line = command("warning", message, file="a.md", title=given)
    assert obeyed(lines(line.encode())) == [Command("warning", message, {"file": "a.md", "title": given})]


@given(HOSTILE, HOSTILE)
@settings(max_examples=200, deadline=None)
def test_whatever_the_texts_are_an_annotation_is_one_command_with_its_own_file(name: str, said: str) -> None:
    problem = error_of("file-name", said, 1, 2)
    item = Item(name, name, f"descriptions/{name}x.md", "invalid", "refused", problems=(problem,))
    (found,) = obeyed(lines("\n".join(render(report_of([item]), "")).encode()))
    assert (found.name, found.properties["line"], found.properties["col"]) == ("error", "1", "2")
    assert set(found.properties) == {"file", "line", "col", "title"}
    assert found.properties["title"] == f"file-name ({name})"


def test_a_message_is_one_line_and_far_below_the_limit_of_4096() -> None:
    (found,) = read(render(report_of([item_of("one", error_of("rejected", "a\n\x1b" + "%" * 100_000))]), ""))
    assert found.data.startswith("a \\x1b%%%")
    assert found.data.endswith("…")
    assert len(found.data) <= 1000


# How many problems there are, how many are shown, and how many the last line counts.
@pytest.mark.parametrize(("number", "shown", "rest"), [(1, 1, 0), (9, 9, 0), (10, 10, 0), (11, 9, 2), (1234, 9, 1225)])
def test_of_more_than_ten_of_a_type_nine_are_shown_and_the_rest_is_counted(number: int, shown: int, rest: int) -> None:
    items = [
        item_of(f"m{place:04}", error_of("file-empty", "e"), warning_of("deleted-locally", "w"))
        for place in range(number)
    ]
    found = read(render(report_of(items), ""))
    for severity in ("error", "warning"):
        own = [command for command in found if command.name == severity]
        named = [command for command in own if "file" in command.properties]
        assert [command.properties["file"] for command in named] == [
            f"descriptions/m{place:04}.md" for place in range(shown)
        ]
        more = [command.data for command in own if "file" not in command.properties]
        assert more == ([f"{rest:,} more {severity}s, in the log and the report"] if rest else [])
        assert len(own) <= 10


def test_errors_come_before_warnings_and_files_in_order_by_line() -> None:
    items = [
        item_of(
            "b", warning_of("file-encoding", "w"), error_of("tag-malformed", "2", 10), error_of("tag-malformed", "1", 9)
        ),
        item_of("a", error_of("file-empty", "0")),
    ]
    found = [(command.name, command.data) for command in read(render(report_of(items), ""))]
    assert found == [("error", "0"), ("error", "1"), ("error", "2"), ("warning", "w")]


@pytest.fixture
def faulty(workspace: Workspace, remote: Loopback) -> Workspace:
    """One fault at a place, one without, and one that Scenario knows of."""
    remote.sandbox.add_models((model_row(id_, id_) for id_ in ("good", "fails")), {})
    remote.script = lambda method, target: json_answer(403, b'{"reason": "not yours"}') if "fails" in target else None
    workspace.write("good", "first\n\n  see {Asset:x}\n")
    workspace.write("empty", "")
    workspace.write("fails", "text\n")
    return workspace


PLACES = [
    ("error", "descriptions/empty.md", None, None, "file-empty (empty)"),
    ("error", "descriptions/good.md", "3", "7", "tag-malformed (good)"),
]
FAILED = ("error", "descriptions/fails.md", None, None, "forbidden (fails)")


Place = tuple[str, str | None, str | None, str | None, str | None]


def places(*outputs: str) -> list[Place]:
    """Type, file, line, column and title of the annotations that the runner finds, sorted."""
    found = [command for output in outputs for command in obeyed(lines(output.encode()))]
    return sorted((_place(command) for command in found if command.name in ("error", "warning", "notice")), key=str)


def _place(found: Command) -> Place:
    file, line, column, title = (found.properties.get(key) for key in ("file", "line", "col", "title"))
    return (found.name, file, line, column, title)


def step(workspace: Workspace, *arguments: str, root: Path | None = None) -> Ended:
    return workspace.run(*arguments, GITHUB_ACTIONS="true", GITHUB_WORKSPACE=str(root or workspace.folder))


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_check_a_diff_and_a_sync_annotate_each_problem_once(faulty: Workspace, form: str) -> None:
    checked = step(faulty, "check", "--format", form)
    assert places(checked.out, checked.err) == PLACES
    for command_ in (["diff"], ["sync", "--keep-going"]):
        ended = step(faulty, *command_, "--format", form)
        assert places(ended.out, ended.err) == sorted([*PLACES, FAILED], key=str)
        assert form == "text" or json.loads(ended.out)["exit_code"] == 1


def test_the_format_github_puts_annotations_on_stdout_and_nowhere_else(faulty: Workspace) -> None:
    ended = step(faulty, "check", "--format", "github")
    assert places(ended.out) == PLACES
    assert ended.out.count("\n") == 2
    assert places(ended.err) == []
    assert "Checked 3 descriptions: 2 errors, 0 warnings." in ended.err


def test_the_format_github_needs_no_step(faulty: Workspace) -> None:
    ended = faulty.run("check", "--format", "github")
    assert (ended.status, places(ended.out), places(ended.err)) == (1, PLACES, [])
    assert step(faulty, "check", "--format", "github", "--no-github").out == ended.out


def test_the_format_github_can_go_to_a_file(faulty: Workspace) -> None:
    ended = step(faulty, "check", "--format", "github", "--output", "annotations.txt")
    assert places((faulty.folder / "annotations.txt").read_text()) == PLACES
    assert places(ended.out, ended.err) == []


def test_no_github_means_no_annotations_no_summary_and_no_outputs(faulty: Workspace) -> None:
    files = {"GITHUB_STEP_SUMMARY": "summary", "GITHUB_OUTPUT": "outputs", "RUNNER_TEMP": "."}
    for command_ in ("check", "diff", "sync"):
        ended = faulty.run(command_, "--no-github", GITHUB_ACTIONS="true", **files)
        assert ended.status == 1
        assert places(ended.out, ended.err) == []
    assert {path.name for path in faulty.folder.iterdir()} == {"config.yaml", "descriptions", ".syncjob"}


def test_outside_of_a_step_nothing_is_annotated(faulty: Workspace) -> None:
    for value in ("", "false", "TRUE"):
        ended = faulty.run("diff", GITHUB_ACTIONS=value)
        assert places(ended.out, ended.err) == []


def test_files_are_named_from_the_root_where_the_config_is_in_a_subfolder(faulty: Workspace) -> None:
    ended = step(faulty, "check", root=faulty.folder.parent)
    assert [place[1] for place in places(ended.out, ended.err)] == [
        "work/descriptions/empty.md",
        "work/descriptions/good.md",
    ]


def test_files_are_named_from_the_root_where_the_descriptions_are_beside_the_config(faulty: Workspace) -> None:
    beside = faulty.folder.parent / "texts"
    faulty.descriptions.rename(beside)
    config = faulty.folder / "config.yaml"
    config.write_text(config.read_text() + "descriptions: ../texts\n")
    ended = step(faulty, "check", root=faulty.folder.parent)
    assert [place[1] for place in places(ended.out, ended.err)] == ["texts/empty.md", "texts/good.md"]


def test_files_are_named_from_the_root_wherever_the_command_runs(faulty: Workspace) -> None:
    inner = Workspace(faulty.descriptions)
    ended = step(inner, "--config", "../config.yaml", "check", root=faulty.folder)
    assert [place[1] for place in places(ended.out, ended.err)] == ["descriptions/empty.md", "descriptions/good.md"]


def test_a_root_by_way_of_a_link_is_the_same_root(faulty: Workspace, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(faulty.folder)
    ended = step(faulty, "check", root=tmp_path / "link")
    assert [place[1] for place in places(ended.out, ended.err)] == ["descriptions/empty.md", "descriptions/good.md"]


def test_a_file_outside_of_the_repository_is_not_named() -> None:
    item = Item("a", None, "../../texts/a.md", "invalid", "refused", problems=(error_of("file-empty", "is empty"),))
    (found,) = read(render(report_of([item]), "sub"))
    assert "file" not in found.properties
