"""The workflow of a release: what is published is what was tagged, and the major version's tag follows the newest."""

import json
import re
import shutil
import zipfile
from email import message_from_bytes

import pytest

from syncjob import __version__
from tests.support.checked_out import Repository, executable
from tests.support.steps import ROOT, workflow

TAG = f"v{__version__}"
HOSTS = (("raw.githubusercontent.com", ""), ("github.com", "blob/"))
# Installs nothing: what the build needs is in the tests' own environment.
PYTHON = '#!/bin/sh\ncase "$*" in "-m pip "*) exit ;; esac\nexec PYTHON "$@"\n'
# Knows the tags of the file `tags`, and no release.
GH = r"""#!/bin/sh
echo "$@" >> HERE/asked
case "$*" in
    "release view "*) exit 1 ;;
    *matching-refs*) cat HERE/tags ;;
esac
"""
COPIED = ("syncjob", ".github", "release.py", "tests/support/wheel.py", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "requirements.txt")  # fmt: skip


def test_every_job_may_do_one_thing_and_publishes_what_was_tried_out() -> None:
    jobs = workflow("release")["jobs"]
    assert workflow("release")["permissions"] == {}
    assert {name: its.get("needs", "") for name, its in jobs.items()} == {
        "build": "", "try-out": "build", "attest": "try-out", "publish": "attest", "announce": ["build", "publish"],
    }  # fmt: skip
    writes = {
        name: {key for key, value in its["permissions"].items() if value == "write"} for name, its in jobs.items()
    }
    assert writes == {
        "build": set(), "try-out": set(), "attest": {"attestations", "id-token"}, "publish": {"id-token"}, "announce": {"contents"},
    }  # fmt: skip
    assert "secrets." not in json.dumps(jobs)
    for name in ("attest", "publish", "announce"):  # none of the repository's code runs with a right
        assert not any("checkout" in step.get("uses", "") for step in jobs[name]["steps"])


def test_the_changelog_has_this_version_with_its_date() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE)[0] == "[Unreleased]"
    assert re.search(rf"^## \[{re.escape(__version__)}\] - \d{{4}}-\d{{2}}-\d{{2}}$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("tags", "moved"),
    [
        ([TAG], "--method POST repos/owner/models/git/refs --raw-field ref=refs/tags/v0 "),
        (["v0", TAG], "--method PATCH repos/owner/models/git/refs/tags/v0 "),
        (["v0", TAG, "v0.10.0"], None),
        (["v0", "v0.0.9", TAG, "v0-old", "v0.9.0-rc1"], "--method PATCH repos/owner/models/git/refs/tags/v0 "),
    ],
    ids=["first", "next", "older", "odd"],
)
def test_a_release_is_made_once_and_the_major_tag_follows_the_newest(
    repository: Repository, tags: list[str], moved: str | None
) -> None:
    executable(repository.programs / "gh", GH)
    (repository.programs / "tags").write_text("".join(f"refs/tags/{tag}\n" for tag in tags), "utf-8")
    repository.runner.context |= {"github.ref_name": TAG, "needs.build.outputs.commit": "c" * 40}
    ended = repository.job("release", "announce")
    assert ended.status == 0, ended.out
    asked = (repository.programs / "asked").read_text("utf-8")
    assert f"release create {TAG} --verify-tag --title {TAG} --notes-file " in asked
    assert (f"sha={'c' * 40}" in asked, moved is None or moved in asked) == (moved is not None, True), asked


@pytest.mark.deep
def test_what_is_built_is_the_tagged_version_with_its_notes_and_knows_where_it_came_from(
    repository: Repository,
) -> None:
    executable(repository.programs / "python", PYTHON)
    folder = repository.workspace.folder
    (folder / "config.yaml").unlink()
    for name in COPIED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, symlinks=True)
        else:
            shutil.copy(ROOT / name, folder / name)
    commit = repository.commit()
    repository.git("update-ref", "refs/remotes/origin/main", commit)
    for tag, reason in (("v9.9.9", f"v9.9.9 is not {TAG}"), (TAG, "")):
        repository.runner.context["github.ref_name"] = tag
        ended = repository.job("release", "build")
        assert (ended.status, f"::error title=release::{reason}" in ended.out) == (int(bool(reason)), bool(reason)), (
            ended.out
        )
    assert ended.outputs == {"commit": commit}
    dist = repository.runner.temp / "dist"
    assert (dist / "notes.md").read_text("utf-8").strip().startswith("### Added")
    assert {path.suffix for path in (dist / "packages").iterdir()} == {".whl", ".gz"}
    (wheel,) = (dist / "packages").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        known = json.loads(archive.read("syncjob/commands/init/release.json"))
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        page = message_from_bytes(archive.read(metadata)).get_payload()
    assert isinstance(page, str)
    raw, shown = (f"https://{host}/owner/models/{path}{commit}/docs" for host, path in HOSTS)
    assert f'<img src="{raw}/pictures/page-light.png"' in page
    assert f"]({raw}/pictures/terminal.gif)" in page
    assert f"[tutorial]({shown}/tutorial.md)" in page
    assert known == {"repository": "owner/models", "commit": commit}
    repository.git("update-ref", "-d", "refs/remotes/origin/main")
    assert "is not on main, so nothing is published" in repository.job("release", "build").out
