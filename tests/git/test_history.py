"""What git is asked, in real repositories."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from syncjob.git.git import Git
from syncjob.git.history.changes import changed_since
from syncjob.git.history.texts import texts
from syncjob.git.worktree import look
from tests.support.workspace import Workspace


@pytest.fixture
def repository(tmp_path: Path) -> Workspace:
    """A folder that is a repository once something is committed in it."""
    folder = tmp_path / "repository"
    folder.mkdir()
    return Workspace(folder)


def held(repository: Workspace, name: str, folder: str = "descriptions") -> list[str]:
    """The texts of a file, newest first, if git is sure that these are all."""
    with texts(repository.folder / folder, Git()) as held_texts:
        found = [version.text for version in held_texts.of(name)]
        # And each of them is found if it is looked for, and no other is.
        assert all(any(text == version.text for version in held_texts.of(name, text)) for text in found)
        assert "never" not in [version.text for version in held_texts.of(name, "never")]
        assert held_texts.gap(name) is None
    return found


def gap(folder: Path, name: str = "x.md") -> str | None:
    with texts(folder, Git()) as held_texts:
        list(held_texts.of(name))
        return held_texts.gap(name)


def changed(repository: Workspace, revision: str, folder: str = "descriptions") -> set[str]:
    found = changed_since(repository.folder / folder, revision, Git())
    assert found.names is not None, found.reason
    return set(found.names)


def write_and_commit(repository: Workspace, texts: Iterable[str], model_id: str = "x") -> None:
    for text in texts:
        repository.write(model_id, text)
        repository.commit(text)


# Every text that git held


def test_texts_come_canonical_newest_first_and_each_once(repository: Workspace) -> None:
    write_and_commit(repository, ["one\n", "\ufefftwo\r\nlines\r\n\n", "one\n", "three"])
    assert held(repository, "x.md") == ["three", "one", "two\nlines"]


def test_the_commit_of_a_text_is_the_newest_that_brought_it(repository: Workspace) -> None:
    write_and_commit(repository, ["one", "two", "one"])
    newest = repository.git("rev-parse", "HEAD").strip()
    with texts(repository.descriptions, Git()) as held_texts:
        assert next((version.commit, version.text) for version in held_texts.of("x.md")) == (newest, "one")


def test_the_working_tree_and_the_index_are_no_history(repository: Workspace) -> None:
    write_and_commit(repository, ["one"])
    repository.write("x", "staged")
    repository.git("add", "--all")
    repository.write("x", "in the working tree")
    assert held(repository, "x.md") == ["one"]


def test_a_text_that_a_merge_alone_made_is_held(repository: Workspace) -> None:
    write_and_commit(repository, ["a\nb\nc\n"])
    repository.git("switch", "--quiet", "-c", "side")
    write_and_commit(repository, ["side\nb\nc\n"])
    repository.git("switch", "--quiet", "main")
    write_and_commit(repository, ["main\nb\nc\n"])
    repository.git("merge", "--quiet", "--no-commit", "-s", "ours", "side")
    write_and_commit(repository, ["both\nb\nc\n", "later"])
    assert set(held(repository, "x.md")) == {"later", "both\nb\nc", "main\nb\nc", "side\nb\nc", "a\nb\nc"}


def test_a_text_of_a_side_branch_that_its_merge_dropped_is_held(repository: Workspace) -> None:
    write_and_commit(repository, ["one"])
    repository.git("switch", "--quiet", "-c", "side")
    write_and_commit(repository, ["dropped"])
    repository.git("switch", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "-s", "ours", "-m", "merge", "side")
    assert set(held(repository, "x.md")) == {"one", "dropped"}


def test_a_branch_that_head_does_not_reach_holds_nothing(repository: Workspace) -> None:
    write_and_commit(repository, ["one"])
    repository.git("switch", "--quiet", "-c", "side")
    write_and_commit(repository, ["elsewhere"])
    repository.git("switch", "--quiet", "main")
    assert held(repository, "x.md") == ["one"]


LONG = "".join(f"line {number}\n" for number in range(20))


def test_renames_are_followed_also_with_an_edit_and_from_another_folder(repository: Workspace) -> None:
    (repository.folder / "old").mkdir()
    (repository.folder / "old" / "first.md").write_text(LONG + "1\n")
    repository.commit()
    (repository.folder / "old" / "first.md").write_text(LONG + "2\n")
    repository.commit()
    repository.descriptions.mkdir()
    repository.git("mv", "old/first.md", "descriptions/second.md")
    repository.write("second", LONG + "3\n")
    repository.commit()
    repository.git("mv", "descriptions/second.md", "descriptions/x.md")
    repository.commit()
    assert [text.removeprefix(LONG) for text in held(repository, "x.md")] == ["3", "2", "1"]


def test_a_rename_on_one_branch_and_edits_on_the_other_are_one_history(repository: Workspace) -> None:
    write_and_commit(repository, [LONG + "1"], "old")
    repository.git("switch", "--quiet", "-c", "side")
    repository.git("mv", "descriptions/old.md", "descriptions/x.md")
    repository.commit()
    repository.git("switch", "--quiet", "main")
    write_and_commit(repository, [LONG + "2", LONG + "3"], "old")
    repository.git("switch", "--quiet", "side")
    repository.git("merge", "--quiet", "--no-edit", "main")
    assert {text.removeprefix(LONG) for text in held(repository, "x.md")} == {"1", "2", "3"}


def test_names_that_were_swapped_end(repository: Workspace) -> None:
    write_and_commit(repository, [LONG + "x"], "x")
    write_and_commit(repository, [LONG.upper() + "y"], "y")
    for old, new in (("x", "z"), ("y", "x"), ("z", "y")):
        repository.git("mv", f"descriptions/{old}.md", f"descriptions/{new}.md")
        repository.commit()
    assert set(held(repository, "x.md")) == {LONG.upper() + "y", LONG + "x"}


def test_a_deleted_file_keeps_its_history(repository: Workspace) -> None:
    write_and_commit(repository, ["one", "two"])
    (repository.descriptions / "x.md").unlink()
    repository.commit()
    assert held(repository, "x.md") == ["two", "one"]


def test_what_was_no_text_is_left_out(repository: Workspace) -> None:
    repository.write("x", b"\xff\xfe binary")
    repository.commit()
    write_and_commit(repository, ["one"])
    assert held(repository, "x.md") == ["one"]


def test_many_files_are_read_in_one_pass_and_in_any_order(repository: Workspace) -> None:
    for text in ("old", "new"):
        for number in range(50):
            repository.write(f"m{number}", f"{text} {number}")
        repository.commit()
    with texts(repository.descriptions, Git()) as held_texts:
        for number in reversed(range(50)):
            assert [version.text for version in held_texts.of(f"m{number}.md")] == [f"new {number}", f"old {number}"]


def test_a_file_that_git_never_had_has_no_texts_and_a_repository_without_commits_neither(repository: Workspace) -> None:
    repository.write("x", "text")
    repository.git("init", "--quiet")
    assert held(repository, "x.md") == []
    repository.commit()
    assert held(repository, "y.md") == []


def test_odd_settings_of_a_user_change_nothing(repository: Workspace) -> None:
    write_and_commit(repository, ["one", "two"])
    for setting in ("log.showRoot=false", "log.showSignature=true", "diff.relative=true", "diff.renames=false",
                    "log.diffMerges=off", "core.quotePath=true", "diff.mnemonicPrefix=true", "format.pretty=fuller",
                    "diff.orderFile=missing", "log.decorate=full", "color.ui=always", "diff.external=false", "log.follow=true"):  # fmt: skip
        repository.git("config", *setting.split("="))
    assert held(repository, "x.md") == ["two", "one"]
    assert changed(repository, "HEAD~1") == {"x.md"}


def test_odd_path_rules_of_the_environment_change_nothing(
    repository: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_and_commit(repository, ["one", "two"])
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")
    assert held(repository, "x.md") == ["two", "one"]


@pytest.mark.parametrize("directory", ["{}/.git", ".git", "/nowhere"])
def test_what_git_sets_for_its_hooks_changes_nothing(
    repository: Workspace, monkeypatch: pytest.MonkeyPatch, directory: str
) -> None:
    write_and_commit(repository, ["one", "two"])
    (repository.folder / "README.md").write_text("no description")
    monkeypatch.setenv("GIT_DIR", directory.format(repository.folder))
    monkeypatch.setenv("GIT_WORK_TREE", "/usr")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere")
    assert held(repository, "x.md") == ["two", "one"]
    assert changed(repository, "HEAD~1") == {"x.md"}


@pytest.fixture
def other_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a shell script before git, which is `$GIT` in it."""
    real = shutil.which("git")

    def put(script: str) -> None:
        program = tmp_path / "bin" / "git"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\nGIT={real}\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")

    return put


@pytest.mark.parametrize(
    "script",
    [
        'case "$*" in *cat-file*) exit 1;; esac; exec $GIT "$@"',
        'case "$*" in *cat-file*) read line; echo "$line blob many"; exit;; esac; exec $GIT "$@"',
        'case "$*" in *cat-file*) read line; echo what; exit;; esac; exec $GIT "$@"',
        'case "$*" in *" log "*) printf ":broken\\0x.md\\0";; *) exec $GIT "$@";; esac',
        'case "$*" in *" log "*) printf "abc\\0:100644 100644 a b R100\\0x.md";; *) exec $GIT "$@";; esac',
        'case "$*" in *" log "*) exit 3;; esac; exec $GIT "$@"',
        'case "$*" in *show-toplevel*) echo /usr; exit;; esac; exec $GIT "$@"',
        'echo "a banner"; exec $GIT "$@"',
        "exit 128",
    ],
)
def test_a_git_that_misbehaves_cannot_tell(
    repository: Workspace, other_git: Callable[[str], None], script: str
) -> None:
    write_and_commit(repository, ["one", "two"])
    other_git(script)
    assert gap(repository.descriptions) is not None


def test_git_is_not_given_credentials(
    repository: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, other_git: Callable[[str], None]
) -> None:
    write_and_commit(repository, ["one"])
    other_git(f'env >> {tmp_path}/seen; exec $GIT "$@"')
    monkeypatch.setenv("SCENARIO_SDK_API_SECRET", "never-to-be-seen")
    assert held(repository, "x.md") == ["one"]
    assert "GIT_OPTIONAL_LOCKS=0" in (tmp_path / "seen").read_text()
    assert "never-to-be-seen" not in (tmp_path / "seen").read_text()


# When history is not whole


def test_a_shallow_clone_cannot_tell_and_still_has_what_it_has(
    repository: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_and_commit(repository, ["one", "two", "three"])
    subprocess.run(
        ["git", "clone", "--quiet", "--depth=2", f"file://{repository.folder}", str(tmp_path / "clone")], check=True
    )
    for is_in_step, advice in (("", "git fetch --unshallow"), ("true", "fetch-depth: 0")):
        monkeypatch.setenv("GITHUB_ACTIONS", is_in_step)
        with texts(tmp_path / "clone" / "descriptions", Git()) as held_texts:
            assert [version.text for version in held_texts.of("x.md")] == ["three", "two"]
            assert advice in (held_texts.gap("x.md") or "")


def test_without_a_repository_or_without_git_it_cannot_tell(
    tmp_path: Path, repository: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    plain = tmp_path / "plain"
    plain.mkdir()
    assert "git init" in (gap(plain) or "")
    assert "not a git repository" in (gap(plain) or "")
    write_and_commit(repository, ["one"])
    monkeypatch.setenv("PATH", str(plain))
    assert "git is not installed" in (gap(repository.descriptions) or "")


def test_a_repository_that_lost_an_object_cannot_tell(repository: Workspace) -> None:
    write_and_commit(repository, ["one", "two"])
    blob = repository.git("rev-parse", "HEAD~1:descriptions/x.md").strip()
    loose = repository.folder / ".git" / "objects" / blob[:2] / blob[2:]
    loose.chmod(0o644)
    loose.unlink()
    assert "git lacks objects" in (gap(repository.descriptions) or "")


def test_a_repository_that_lost_a_commit_cannot_tell(repository: Workspace) -> None:
    write_and_commit(repository, ["one", "two"])
    commit = repository.git("rev-parse", "HEAD~1").strip()
    loose = repository.folder / ".git" / "objects" / commit[:2] / commit[2:]
    loose.chmod(0o644)
    loose.unlink()
    assert "git log ended" in (gap(repository.descriptions) or "")


# What changed since a revision


def test_commits_the_index_the_working_tree_and_untracked_files_count(repository: Workspace) -> None:
    for model_id in ("same", "committed", "staged", "edited", "deleted", "moved", "back"):
        repository.write(model_id, LONG + model_id)
    base = repository.commit()
    repository.write("committed", "changed")
    repository.write("back", "changed")
    repository.commit()
    repository.write("back", LONG + "back")
    repository.write("staged", "changed")
    repository.git("add", "--all")
    repository.write("edited", "changed")
    (repository.descriptions / "deleted.md").unlink()
    repository.git("mv", "descriptions/moved.md", "descriptions/new.md")
    repository.write("untracked", "new")
    assert changed(repository, base) == {
        f"{name}.md" for name in ("committed", "staged", "edited", "deleted", "moved", "new", "untracked", "back")
    }
    # What was changed and changed back may have been written in between.
    assert "same.md" not in changed(repository, base)
    assert changed_since(repository.descriptions, base, Git()).deleted == {"deleted.md", "moved.md"}


def test_it_is_the_merge_base_that_counts(repository: Workspace) -> None:
    write_and_commit(repository, ["one"])
    repository.git("switch", "--quiet", "-c", "feature")
    write_and_commit(repository, ["mine"], "mine")
    repository.git("switch", "--quiet", "main")
    write_and_commit(repository, ["theirs"], "theirs")
    repository.git("switch", "--quiet", "feature")
    assert changed(repository, "main") == {"mine.md"}


def test_what_is_not_checked_out_is_not_gone(repository: Workspace) -> None:
    repository.write("x", "one")
    repository.write("y", "one")
    base = repository.commit()
    write_and_commit(repository, ["two"])
    repository.git("sparse-checkout", "set", "--no-cone", "/*", "!/descriptions/x.md")
    assert not (repository.descriptions / "x.md").exists()
    found = changed_since(repository.descriptions, base, Git())
    assert found.names == frozenset({"x.md"})
    assert found.deleted == frozenset()
    assert look(repository.descriptions, ["y.md"], Git()).problems.keys() == {"x.md"}


def test_ignored_files_count_like_all_others_of_the_folder(repository: Workspace) -> None:
    (repository.folder / ".gitignore").write_text("descriptions/x.md\n")
    base = repository.commit()
    repository.write("x", "new")
    assert changed(repository, base) == {"x.md"}


def test_other_folders_and_subfolders_do_not_count(repository: Workspace) -> None:
    repository.write("x", "one")
    base = repository.commit()
    for path in ("elsewhere.md", "descriptions/sub/deep.md", "descriptions-too/x.md"):
        (repository.folder / path).parent.mkdir(exist_ok=True)
        (repository.folder / path).write_text("text")
    repository.write("x", "two")
    assert changed(repository, base) == {"x.md"}


@pytest.mark.parametrize("folder", [".", "deep/down/descriptions", "with space & ünïcode [x]*"])
def test_the_folder_may_stand_anywhere(repository: Workspace, folder: str) -> None:
    place = repository.folder / folder
    place.mkdir(parents=True, exist_ok=True)
    (place / "x.md").write_text("one")
    base = repository.commit()
    (place / "x.md").write_text("two")
    repository.commit()
    assert changed(repository, base, folder) == {"x.md"}
    assert held(repository, "x.md", folder) == ["two", "one"]


def test_a_folder_that_is_gone_or_a_link_is_still_known(repository: Workspace, tmp_path: Path) -> None:
    write_and_commit(repository, ["one"])
    (tmp_path / "link").symlink_to(repository.descriptions)
    assert held(repository, "x.md", str(tmp_path / "link")) == ["one"]
    (repository.descriptions / "x.md").unlink()
    repository.descriptions.rmdir()
    assert changed(repository, "HEAD") == {"x.md"}


@pytest.mark.parametrize(
    ("revision", "reason"),
    [
        ("0" * 40, "names no commit"),
        ("0" * 64, "names no commit"),
        ("no-such-branch", "no such commit or branch here"),
        ("f" * 40, "no such commit or branch here"),
        ("--all", "no such commit or branch here"),
        ("", "no such commit or branch here"),
        ("HEAD:descriptions", "no such commit or branch here"),
        ("a\nb", "no such commit or branch here"),
        ("orphan", "no commit in common"),
    ],
)
def test_a_revision_that_leads_nowhere_is_not_known_and_says_why(
    repository: Workspace, revision: str, reason: str
) -> None:
    write_and_commit(repository, ["one"])
    repository.git("switch", "--quiet", "--orphan", "orphan")
    write_and_commit(repository, ["other"], "y")
    repository.git("switch", "--quiet", "main")
    found = changed_since(repository.descriptions, revision, Git())
    assert found.names is None
    assert reason in found.reason
    assert found.reason.isprintable()


def test_without_a_repository_a_revision_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    found = changed_since(tmp_path / "missing" / "descriptions", "HEAD", Git())
    assert found.names is None
    assert "not a git repository" in found.reason
