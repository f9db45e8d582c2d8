"""The files that a run makes for others: whole or not at all, and whatever fails, the others are made."""

import json
import os
import resource
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from syncjob.output import outputs
from tests.support.faulty_server import wait_for
from tests.support.loopback import Loopback
from tests.support.runner_output import lines, obeyed
from tests.support.runner_output import outputs as read_outputs
from tests.support.workspace import Ended, Workspace

# The command with one function that fails as a fault of ours would.
BROKEN = """\
import sys
from importlib import import_module
module, name = sys.argv.pop(1).split(":")
def broken(*arguments, **named):
    raise RecursionError("too\\x1b[31m deep")
setattr(import_module(module), name, broken)
from syncjob.__main__ import main
main()
"""
FORMATS = {
    "html": "syncjob.report.html.page:article",
    "markdown": "syncjob.report.markdown.document:render",
    "text": "syncjob.report.text:render_end",
    "json": "syncjob.report.json:parts",
}


@pytest.fixture
def one_new(workspace: Workspace, remote: Loopback) -> Workspace:
    remote.add("one")
    workspace.write("one", "text\n")
    return workspace


def step(workspace: Workspace, **more: str) -> dict[str, str]:
    folder = workspace.folder.parent / "runner"
    folder.mkdir(exist_ok=True)
    paths = {"GITHUB_OUTPUT": folder / "outputs", "GITHUB_STEP_SUMMARY": folder / "summary", "RUNNER_TEMP": folder}
    return {"GITHUB_ACTIONS": "true", **{name: str(path) for name, path in paths.items()}, **more}


def given(workspace: Workspace) -> dict[str, str]:
    return read_outputs((workspace.folder.parent / "runner" / "outputs").read_bytes().decode())


def broken(workspace: Workspace, place: str, *arguments: str) -> Ended:
    done = subprocess.run(
        [sys.executable, "-c", BROKEN, place, *arguments],
        cwd=workspace.folder,
        env=workspace.environment(**step(workspace)),
        capture_output=True,
        timeout=300,
        check=False,
    )
    ended = Ended(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in ended.err
    return ended


def report_of(workspace: Workspace) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((workspace.folder / "report.json").read_text())
    return report


@pytest.mark.parametrize(
    "form", ["html", *(pytest.param(form, marks=pytest.mark.deep) for form in ("markdown", "text", "json"))]
)
def test_a_format_that_fails_is_a_message_and_not_the_end_of_the_others(
    one_new: Workspace, remote: Loopback, form: str
) -> None:
    ended = broken(one_new, FORMATS[form], "sync", "--format", form, "--report", "report.json", "--output", "product")
    assert ended.status == 1
    assert f"cannot make the {form} output: internal error" in ended.err
    assert r"too\x1b[31m deep (" in ended.err
    assert "Applied 1" in ended.err
    assert remote.sandbox.description("one") == "text"
    told = given(one_new)
    assert (told["applied"], told["report"]) == ("1", "" if form == "json" else "report.json")
    assert told["comment"] == "" or form != "markdown"
    if form != "json":
        assert (report_of(one_new)["summary"]["applied"], report_of(one_new)["exit_code"]) == (1, 1)
    if form != "markdown":
        assert "### What was written" in (one_new.folder.parent / "runner" / "summary").read_text()


@pytest.mark.parametrize("place", ["render_plan", "render_outcome"])
def test_a_plan_or_an_outcome_that_cannot_be_shown_is_not_the_end(one_new: Workspace, place: str) -> None:
    ended = broken(one_new, f"syncjob.report.text:{place}", "sync", "--report", "report.json")
    assert ended.status == 1
    assert "cannot show " in ended.err
    assert report_of(one_new)["summary"]["applied"] == 1
    assert given(one_new)["applied"] == "1"


def test_annotations_that_fail_are_not_the_end(one_new: Workspace) -> None:
    ended = broken(one_new, "syncjob.github.annotations:render", "sync", "--report", "report.json")
    assert (ended.status, report_of(one_new)["exit_code"], given(one_new)["applied"]) == (1, 1, "1")
    assert "Applied 1" in ended.out


UNWRITABLE = [
    ({"GITHUB_OUTPUT": "."}, "cannot write the outputs of the step: Is a directory"),
    ({"GITHUB_OUTPUT": "/dev/full"}, "cannot write the outputs of the step: No space left on device"),
    ({"GITHUB_STEP_SUMMARY": "."}, "cannot write the summary of the step: Is a directory"),
    ({"GITHUB_STEP_SUMMARY": "/dev/full"}, "cannot write the summary of the step: No space left on device"),
    ({"GITHUB_STEP_SUMMARY": "gone/summary"}, "cannot write the summary of the step: No such file or directory"),
    ({"RUNNER_TEMP": "gone"}, ""),
]


@pytest.mark.deep
@pytest.mark.parametrize(("variables", "message"), UNWRITABLE, ids=[str(case[0]) for case in UNWRITABLE])
def test_what_the_runner_gave_and_cannot_be_written_is_a_message(
    one_new: Workspace, remote: Loopback, variables: dict[str, str], message: str
) -> None:
    ended = one_new.run("sync", "--report", "report.json", **step(one_new, **variables))
    assert ended.status == (1 if message else 0)
    assert message in ended.err
    assert report_of(one_new)["exit_code"] == ended.status
    assert remote.counts["PUT"] == 1
    if "GITHUB_OUTPUT" not in variables:
        assert given(one_new)["applied"] == "1"


@pytest.mark.deep
@pytest.mark.parametrize("option", ["--report", "--output", "--plan-out"])
def test_a_device_that_is_full_is_a_message_and_the_others_are_made(one_new: Workspace, option: str) -> None:
    ended = one_new.run("diff", option, "/dev/full", **step(one_new))
    assert ended.status == 1
    assert "No space left on device" in ended.err
    assert given(one_new)["changes"] == "1"
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


# --- Whole or not at all ----------------------------------------------------------------------------


@pytest.mark.deep
@pytest.mark.parametrize("form", ["html", "markdown", "text"])
def test_a_product_that_fails_leaves_the_earlier_one(one_new: Workspace, form: str) -> None:
    place = FORMATS[form] if form != "text" else "syncjob.report.text:render_plan"
    product = one_new.folder / "product"
    product.write_text("earlier")
    assert broken(one_new, place, "diff", "--format", form, "--output", "product").status == 1
    assert product.read_text() == "earlier"
    assert not list(one_new.folder.glob(".syncjob-*"))


def test_a_file_keeps_its_permissions_and_a_link_stays_a_link(one_new: Workspace) -> None:
    target = one_new.folder / "target"
    target.write_text("earlier and longer " * 1000)
    target.chmod(0o640)
    (one_new.folder / "report.json").symlink_to(target)
    assert one_new.run("diff", "--report", "report.json").status == 0
    assert (one_new.folder / "report.json").is_symlink()
    assert json.loads(target.read_text())["command"] == "diff"
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_file_that_nothing_can_take_the_place_of_is_written_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mounted"
    path.write_text("earlier")

    def busy(self: Path, target: Path) -> None:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(Path, "replace", busy)
    outputs.save(str(path), ["ne", "w"])
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["mounted"]


def test_what_does_not_fit_is_not_added(tmp_path: Path) -> None:
    path = tmp_path / "outputs"
    path.write_text("mine=1\n")
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, former[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            outputs.append(str(path), "x" * 1000)
        with pytest.raises(OSError, match="File too large"):
            outputs.save(str(tmp_path / "report"), ["x" * 10, "x" * 1000])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)
    assert path.read_text() == "mine=1\n"
    assert os.listdir(tmp_path) == ["outputs"]


def test_a_text_in_a_file_is_the_plan_and_then_what_became_of_it(one_new: Workspace) -> None:
    (one_new.folder / "said").write_text("earlier")
    assert one_new.run("sync", "--output", "said").status == 0
    said = (one_new.folder / "said").read_text()
    assert said.index("+text") < said.index("Plan: 1 to create") < said.index("created one") < said.index("Applied 1")
    assert "earlier" not in said


# --- Pipes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--output", "--report"])
def test_a_pipe_without_a_reader_is_refused_before_the_run(one_new: Workspace, remote: Loopback, option: str) -> None:
    os.mkfifo(one_new.folder / "pipe")
    ended = one_new.run("sync", option, "pipe")
    assert (ended.status, remote.asked) == (2, [])
    assert "nobody reads this pipe" in ended.err


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_pipe_gets_all_of_the_product(one_new: Workspace, form: str) -> None:
    pipe = one_new.folder / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    assert one_new.run("sync", "--format", form, "--output", "pipe").status == 0
    reader.join(60)
    assert ("Applied 1" in read[0]) if form == "text" else json.loads(read[0])["summary"]["applied"] == 1
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_process_that_bash_puts_in_place_of_a_file_gets_the_report(one_new: Workspace) -> None:
    line = f"'{sys.executable}' -m syncjob diff --report >(cat > part; mv part copy) --output /dev/null"
    subprocess.run(["bash", "-c", line], cwd=one_new.folder, env=one_new.environment(), check=True, timeout=300)
    wait_for((one_new.folder / "copy").exists, "the copy")
    assert json.loads((one_new.folder / "copy").read_text())["summary"]["create"] == 1
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.parametrize("form", ["text", pytest.param("markdown", marks=pytest.mark.deep)])
def test_stdout_by_its_name_says_no_more_to_the_runner_than_stdout_itself(one_new: Workspace, form: str) -> None:
    one_new.write("one", "::error::pwned\n##[error]pwned\n\x1b[2J\n")
    ended = one_new.run("diff", "--format", form, "--output", "/dev/stdout", "--no-github", **step(one_new))
    assert "pwned" in ended.out
    assert "\x1b" not in ended.out
    assert obeyed(lines(ended.out.encode())) == []


def test_a_pipe_gets_one_report_whatever_becomes_of_the_rest(one_new: Workspace) -> None:
    pipe = one_new.folder / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    ended = broken(one_new, FORMATS["html"], "diff", "--format", "html", "--output", "page", "--report", "pipe")
    assert ended.status == 1
    assert json.loads(os.read(reader, 1_000_000))["items"]
    os.close(reader)
