"""Laws of the whole: whatever the texts are, a sync converges, and then nothing is left to do."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncjob.commands import run
from syncjob.commands.sync import job as syncing
from syncjob.config.config import Config
from syncjob.config.schema import Http, Safety
from syncjob.local.document import parse
from syncjob.report.model import Report
from syncjob.sandbox import Sandbox
from syncjob.sandbox.records import asset_row, model_row
from syncjob.sandbox.server import serving
from syncjob.text.canonical import canonical, same
from tests.support.workspace import AGREEING, learn, untracked

IDS = ("one", "two.1", "three-x", "_4")
PIECES = st.sampled_from(
    ["{asset:asset_a}", "{model:one}", "\r\n", "\n", "\r", "\ufeff", "\u2028", "e\u0301", "é", "`", "```\n", "| ", "  ", "🦊", "\x0b"]
)  # fmt: skip
TEXTS = st.lists(
    st.one_of(PIECES, st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0{"), max_size=8)),
    max_size=8,
).map("".join)
FILES = st.dictionaries(st.sampled_from(IDS), TEXTS.filter(lambda text: canonical(text).strip() != ""), min_size=1)


def config(folder: Path, url: str) -> Config:
    """A config of a profile `test` at `url`, with everything in `folder`."""
    learn(folder / ".syncjob", url)
    return Config(
        path=folder / "config.yaml",
        profile="test",
        base_url=url,
        project_id=None,
        original_assets=False,
        folder=folder / "descriptions",
        shown_folder="descriptions",
        state_dir=folder / ".syncjob",
        http=Http(workers=3, requests_per_minute=0, lag=0),
        safety=Safety(),
        credentials=None,
    )


def sync(settings_: Config) -> Report:
    options = run.Options(overwrite_remote_edits=True)  # there is no git here; tests/behaviour/test_git_laws.py has one
    with run.begin(run.new_id(), "sync", settings_, options, untracked, "write") as begun:
        return syncing.sync(begun, AGREEING).report


def diff(settings_: Config) -> Report:
    with run.begin(run.new_id(), "diff", settings_, run.Options(), untracked) as begun:
        return syncing.diff(begun).report


def converges(files: Mapping[str, str], existing: Mapping[str, str]) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        (folder / "descriptions").mkdir()
        for model_id, text in files.items():
            (folder / "descriptions" / f"{model_id}.md").write_bytes(text.encode())
        with Sandbox(Path(":memory:")) as sandbox:
            sandbox.add_models(map(model_row, IDS), existing)
            sandbox.add_assets([asset_row("asset_a")])
            handler = lambda method, target, headers, body: sandbox.handle(  # noqa: E731
                method, target, {"authorization": "Bearer any"}, body
            )
            with serving(handler) as url:
                _check(config(folder, url), files, sandbox)
    finally:
        shutil.rmtree(folder)


def _check(settings_: Config, files: Mapping[str, str], sandbox: Sandbox) -> None:
    before = {model_id: sandbox.description(model_id) for model_id in IDS}
    first = sync(settings_)
    assert first.exit_code == 0, first
    for model_id in IDS:
        held = sandbox.description(model_id)
        if model_id in files:
            assert same(canonical(files[model_id]), canonical(held))
            # What was written is the canonical text itself, byte for byte.
            assert held in (before[model_id], canonical(files[model_id]))
        else:
            assert held == before[model_id]
    assert {item.action for item in diff(settings_).items} == {"unchanged"}
    assert sync(settings_).requests.put == 0


@settings(max_examples=15, deadline=None)
@given(FILES, st.dictionaries(st.sampled_from(IDS), TEXTS))
def test_a_sync_converges_and_the_next_one_writes_nothing(files: dict[str, str], existing: dict[str, str]) -> None:
    converges(files, existing)


@pytest.mark.deep
@settings(max_examples=1000, deadline=None)
@given(FILES, st.dictionaries(st.sampled_from(IDS), TEXTS))
def test_a_sync_converges_whatever_the_texts_are(files: dict[str, str], existing: dict[str, str]) -> None:
    converges(files, existing)


@given(TEXTS)
def test_the_texts_of_these_laws_are_valid_documents(text: str) -> None:
    document = parse("one", "descriptions/one.md", text.encode())
    assert document.is_valid == (canonical(text).strip() != "")
