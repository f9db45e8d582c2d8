"""`init` makes a repository that works, asks only a terminal, and changes nothing that is there."""

import os
import shlex
import signal
from collections.abc import Mapping
from pathlib import Path

import pytest

from syncjob import __version__
from syncjob.commands.init import action as actions
from syncjob.commands.init.action import PinnedAction
from syncjob.commands.init.outcome import File, Setup, Task, render_files, render_tasks, tasks
from syncjob.commands.init.templates import CONFIG, WORKFLOWS, Layout, files, is_plain, template, workflow_paths
from syncjob.config.config import load
from syncjob.config.schema import Http, Safety
from syncjob.errors import UsageError
from tests.cli.test_terminal import Terminal
from tests.support.loopback import Loopback, json_answer
from tests.support.steps import ROOT
from tests.support.workspace import Workspace

USED = f"acme/syncjob@{'a' * 40}"
OURS = PinnedAction("acme/syncjob", "a" * 40)


@pytest.fixture
def empty(tmp_path: Path) -> Workspace:
    folder = tmp_path / "empty"
    folder.mkdir()
    return Workspace(folder)


def contents(folder: Path) -> Mapping[str, bytes]:
    """The files of a folder, but for those of git and of syncjob itself."""
    found = (path for path in folder.rglob("*") if path.is_file() and not {".git", ".syncjob"} & set(path.parts))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_an_empty_folder_becomes_a_repository_that_syncs(empty: Workspace, remote: Loopback) -> None:
    remote.sandbox.fill(50)
    url = {"SCENARIO_BASE_URL": remote.url}
    made = empty.run("init", "--pull", "--action", USED, **url)
    assert (made.status, made.err.count("\n")) == (0, 1), made.err  # the line that names the address
    assert contents(empty.folder).keys() == {
        CONFIG, ".gitignore", *workflow_paths(), *(f"descriptions/model_sample-{n:03}.md" for n in range(1, 51)),
    }  # fmt: skip
    assert (empty.folder / ".git" / "HEAD").read_text() == "ref: refs/heads/main\n"
    assert "made a git repository with the branch main\n" in made.out
    with (empty.folder / CONFIG).open("a") as config:
        config.write("http: {requests_per_minute: 0}\n")
    empty.commit()
    empty.write("model_sample-007", "# Sample 7\n\nEdited.\n")
    assert "Plan: 0 to create, 1 to update, 0 to delete, 49 unchanged." in empty.run("diff", **url).out
    assert "Applied 1, 0 failed" in empty.run("sync", **url).out
    assert remote.sandbox.description("model_sample-007") == "# Sample 7\n\nEdited."


def test_it_may_be_run_again_and_changes_nothing_that_is_there(empty: Workspace) -> None:
    ours = {".gitignore": b"*.tmp\n", ".github/workflows/sync.yml": b"name: mine\n"}
    for path, text in ours.items():
        (empty.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (empty.folder / path).write_bytes(text)
    first = empty.run("init", "--action", USED)
    assert first.status == 0, first.err
    assert "kept .gitignore\nwrote .github/workflows/review.yml\nkept .github/workflows/sync.yml\n" in first.out
    there = contents(empty.folder)
    assert {path: there[path] for path in ours} == ours
    for arguments in ([], ["--action", f"acme/syncjob@{'b' * 40}"], ["--no-workflows"]):
        again = empty.run("init", *arguments)
        assert (again.status, "wrote" in again.out, "made a git" in again.out) == (0, False, False), again.err
    assert contents(empty.folder) == there


def test_what_cannot_be_done_is_said_before_anything_is_written(empty: Workspace, remote: Loopback) -> None:
    none = {"SCENARIO_SDK_API_KEY": "", "SCENARIO_SDK_API_SECRET": ""}
    refused: list[tuple[list[str], dict[str, str], str]] = [
        ([], {}, "name the commit of syncjob for the workflows: --action OWNER/REPO@SHA; or add --no-workflows."),
        (["--action", "acme/syncjob@v1"], {}, "'acme/syncjob@v1' is not OWNER/REPO@SHA"),
        (["--action", f"{USED}\n  evil: x"], {}, "is not OWNER/REPO@SHA"),
        (["--action", USED, "--branch", "a'b"], {}, "cannot be the branch of workflows"),
        (["--no-workflows", "--pull"], none, "--pull needs credentials: set SCENARIO_SDK_API_KEY"),
        (["--no-workflows", "--pull"], {"SCENARIO_SDK_API_KEY": ""}, "SCENARIO_SDK_API_KEY is missing"),
        (["--no-workflows"], {"SYNCJOB_PROFILE": "staging"}, "init writes the profile production; drop --profile"),
        (["--no-workflows"], {"PATH": str(empty.folder)}, "cannot make a git repository: git is not installed"),
        (["--no-workflows"], {"SYNCJOB_CONFIG": "other.yaml"}, "init writes config.yaml into the current folder"),
    ]
    for arguments, environment, message in refused:
        ended = empty.run("init", *arguments, **environment)
        assert (ended.status, message in ended.err) == (2, True), (arguments, ended.err)
    assert (list(empty.folder.iterdir()), remote.asked) == ([], [])


def test_a_repository_is_set_up_at_its_root_with_its_default_branch(empty: Workspace) -> None:
    empty.git("init", "--quiet", "--initial-branch=work")
    inner = Workspace(empty.folder / "inner")
    inner.folder.mkdir()
    refused = inner.run("init", "--action", USED)
    assert (refused.status, list(inner.folder.iterdir())) == (2, [])
    assert f"inside the repository {empty.folder}: run `syncjob init` there, or add --no-workflows" in refused.err
    assert inner.run("init", "--no-workflows").status == 0
    assert not (inner.folder / ".git").exists()
    empty.git("update-ref", "refs/remotes/origin/trunk", empty.commit())
    empty.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    assert empty.run("init", "--action", USED).status == 0
    text = (empty.folder / ".github/workflows/sync.yml").read_text("utf-8")
    assert 'branches: ["trunk"]' in text
    assert "github.ref == 'refs/heads/trunk'" in text


def test_without_a_default_branch_the_one_that_is_checked_out_counts(empty: Workspace) -> None:
    empty.git("init", "--quiet", "--initial-branch=work")
    assert "`production` for work," in empty.run("init", "--action", USED).out
    for path in workflow_paths():
        (empty.folder / path).unlink()
    assert "`production` for release/2," in empty.run("init", "--action", USED, "--branch", "release/2").out


def test_no_link_leads_out_of_the_repository(empty: Workspace, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (empty.folder / ".github").symlink_to(elsewhere)
    (empty.folder / CONFIG).symlink_to(elsewhere / "nothing")
    ended = empty.run("init", "--action", USED)
    assert (ended.status, "config.yaml" in ended.err) == (2, True)
    (empty.folder / CONFIG).unlink()
    ended = empty.run("init", "--action", USED)
    assert (ended.status, ".github is not a folder: move it away" in ended.err) == (2, True), ended.err
    (empty.folder / ".github").unlink()
    (empty.folder / "descriptions").symlink_to(elsewhere)
    ended = empty.run("init", "--action", USED)
    assert (ended.status, "descriptions is not a folder: move it away" in ended.err) == (2, True), ended.err
    assert (list(elsewhere.iterdir()), [path.name for path in empty.folder.iterdir()]) == ([], ["descriptions"])


def test_a_config_that_is_there_decides_about_its_folder_and_profiles(empty: Workspace) -> None:
    (empty.folder / CONFIG).write_text(
        "descriptions: texts\nprofile: own\nprofiles: {own: {base_url: 'sandbox:'}}\n", "utf-8"
    )
    ended = empty.run("init", "--action", USED, "--pull")
    assert ended.status == 0, ended.err
    assert "1. Add the profile `production` to config.yaml" in ended.out
    assert (empty.folder / "texts" / "flux.1-dev.md").is_file()
    (empty.folder / CONFIG).write_text(
        "descriptions: my texts\nprofiles: {production: {base_url: 'sandbox:'}}\n", "utf-8"
    )
    assert "'my texts' cannot be the folder of workflows" in empty.run("init", SYNCJOB_PROFILE="production").err
    assert empty.run("init", "--no-workflows", SYNCJOB_PROFILE="production").status == 0
    assert 'FOLDER: "texts" #' in (empty.folder / ".github/workflows/drift.yml").read_text("utf-8")


def test_a_pull_that_fails_is_the_status_and_is_left_to_do(empty: Workspace, remote: Loopback) -> None:
    remote.script = lambda method, target: json_answer(403, b'{"reason": "Forbidden"}')
    ended = empty.run("init", "--no-workflows", "--pull", SCENARIO_BASE_URL=remote.url)
    assert ended.status == 1
    assert "1. Download what Scenario holds" in ended.out
    assert (empty.folder / CONFIG).is_file()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_folder_that_cannot_be_written_is_named(empty: Workspace) -> None:
    empty.folder.chmod(0o500)
    ended = empty.run("init", "--no-workflows")
    assert (ended.status, "cannot write config.yaml: Permission denied" in ended.err) == (2, True)


def test_a_terminal_is_asked_for_what_no_option_says(empty: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": "text"})
    terminal = Terminal(empty, "init", SCENARIO_BASE_URL=remote.url)
    for question, answer in (
        ("Write workflows for GitHub Actions? [y/N]", "yup"),
        ("Answer y or n [y/N]", "y"),
        ("The commit of syncjob that they use (OWNER/REPO@SHA; empty: no workflows):", "acme/syncjob@v1"),
        ("`git ls-remote https://github.com/OWNER/REPO HEAD` prints one.", USED),
        ("Download every description from Scenario? [y/N]", "Y es"),
        ("Answer y or n [y/N]", "Yes"),
    ):
        terminal.until(question)
        terminal.type(f"{answer}\n")
    assert terminal.end() == 0
    assert {"descriptions/one.md", ".github/workflows/sync.yml"} < contents(empty.folder).keys()


@pytest.mark.deep
@pytest.mark.parametrize("at", range(3))
def test_whoever_leaves_at_a_question_leaves_nothing_behind(empty: Workspace, at: int) -> None:
    terminal = Terminal(empty, "init")
    for question, answer in (("GitHub Actions? [y/N]", "y"), ("no workflows):", USED), ("from Scenario? [y/N]", ""))[
        :at
    ]:
        terminal.until(question)
        terminal.type(f"{answer}\n")
    terminal.until(("GitHub Actions? [y/N]", "no workflows):", "from Scenario? [y/N]")[at])
    terminal.send(signal.SIGINT)
    assert (terminal.end(), list(empty.folder.iterdir())) == (130, [])
    assert b"Traceback" not in terminal.screen


def test_no_commit_means_no_workflows_and_later_commands_name_the_profile(empty: Workspace) -> None:
    terminal = Terminal(empty, "--profile", "sandbox", "init", "--pull")
    terminal.until("Write workflows for GitHub Actions? [y/N]")
    terminal.type("y\n")
    terminal.until("empty: no workflows):")
    terminal.type("\n")
    assert terminal.end() == 0
    assert b"No workflows: run `syncjob init` again to add them." in terminal.screen
    assert not (empty.folder / ".github").exists()
    for command in ("diff", "sync"):
        assert f"     syncjob --profile sandbox {command}\r\n".encode() in terminal.screen


def test_a_download_without_credentials_is_refused_before_anything_is_asked(empty: Workspace) -> None:
    none = {"SCENARIO_SDK_API_KEY": "", "SCENARIO_SDK_API_SECRET": ""}
    terminal = Terminal(empty, "init", "--pull", **none)
    assert terminal.end() == 2
    assert b"--pull needs credentials" in terminal.screen
    assert b"[y/N]" not in terminal.screen


def test_the_config_that_is_written_is_for_production_alone_and_has_every_default(tmp_path: Path) -> None:
    written = files(Layout(None, "main"))
    assert written.keys() == {CONFIG, ".gitignore"}
    assert {".syncjob/", "/review.html", "/plan.json"} == set(written[".gitignore"].split())
    path = tmp_path / CONFIG
    path.write_text(written[CONFIG], "utf-8")
    config = load(path, None, {})
    assert (config.profile, config.base_url) == ("production", "https://api.cloud.scenario.com/v1")
    assert (config.http, config.safety, config.shown_folder) == (Http(), Safety(), "descriptions")
    assert "sandbox" not in written[CONFIG]


def test_the_first_line_names_the_schema_for_editors() -> None:
    first = files(Layout(OURS, "main"))[CONFIG].splitlines()[0]
    address = f"https://raw.githubusercontent.com/acme/syncjob/{'a' * 40}/docs/config.schema.json"
    assert first == f"# yaml-language-server: $schema={address}"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_is_this_project_s_own_but_for_its_action_and_its_branch(name: str) -> None:
    own = (ROOT / ".github" / "workflows" / f"{name}.yml").read_text("utf-8")
    path = f".github/workflows/{name}.yml"
    assert files(Layout(OURS, "main"))[path] == own.replace("uses: ./\n", f"uses: {USED}\n")
    theirs = files(Layout(OURS, "1.0", "texts"))[path]
    assert "uses: ./" not in theirs
    assert "[main]" not in theirs
    assert "'refs/heads/main'" not in theirs
    assert "FOLDER: descriptions" not in theirs


def test_a_template_that_lost_its_link_is_not_written(tmp_path: Path) -> None:
    """pip unpacks a zip of the repository so: the file holds where the link led."""
    (tmp_path / "sync.yml").write_text("../../../../.github/workflows/sync.yml")
    with pytest.raises(UsageError, match="install a release, or from git"):
        template("sync.yml", tmp_path)


def test_a_release_knows_its_repository_and_commit(tmp_path: Path) -> None:
    assert actions.of_release() is None
    (tmp_path / actions.RELEASE).write_text(f'{{"repository": "acme/syncjob", "commit": "{"c" * 40}"}}\n', "utf-8")
    own = actions.of_release(tmp_path)
    assert own is not None
    assert own.used == f"acme/syncjob@{'c' * 40} # v{__version__}"


@pytest.mark.parametrize("name", ["main", "release/2", "1.0", "v_1-x"])
def test_a_plain_name_can_be_a_branch(name: str) -> None:
    assert is_plain(name)


@pytest.mark.parametrize("name", ["", "a b", "a'b", 'a"b', "a*", "!a", "a\nb", "-x", "/x", "ä", "a\\b", "${{x}}"])
def test_a_name_that_means_something_to_a_workflow_cannot(name: str) -> None:
    assert not is_plain(name)


def test_the_steps_name_what_is_missing_alone() -> None:
    done = list(tasks(Setup("trunk", has_descriptions=True, has_production=True)))
    assert [step.what.partition(" ")[0] for step in done] == [
        "Commit", "Create", "Create", "Create", "Let", "Push", "Protect", "See",
    ]  # fmt: skip
    assert sum("gh secret set" in command for step in done for command in step.commands) == 4
    assert any("-f name=trunk" in command for step in done for command in step.commands)
    local = list(tasks(Setup(None, has_descriptions=False, has_production=False)))
    assert [step.what.partition(" ")[0] for step in local] == ["Add", "Download", "Commit", "Edit"]
    assert "gh " not in render_tasks(local)
    stand_in = render_tasks(
        tasks(Setup(None, has_descriptions=False, has_production=True, needs_key=False, profile="sandbox"))
    )
    assert "export" not in stand_in
    assert "     syncjob --profile sandbox pull --all\n" in stand_in


def test_a_long_command_is_one_for_a_shell_on_several_lines() -> None:
    shown = render_tasks(tasks(Setup("main", has_descriptions=True, has_production=True)))
    assert max(map(len, shown.splitlines())) <= 88
    whole = shown.replace("\\\n", "")
    for task in tasks(Setup("main", has_descriptions=True, has_production=True)):
        assert all(shlex.join(shlex.split(command)) in shlex.join(shlex.split(whole)) for command in task.commands)


def test_nothing_that_is_shown_acts() -> None:
    shown = render_files([File("a\x1b[2J\nb", "written")]) + render_tasks([Task("a", ("b",))])
    assert shown == "wrote a\\x1b[2J b\n\nLeft to do:\n\n1. a\n     b\n"
