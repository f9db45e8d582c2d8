"""Which files a run is about, and what is known of them."""

from pathlib import Path

import pytest

from syncjob.config.config import load
from syncjob.errors import UsageError
from syncjob.local.scope import Files, names_of
from syncjob.text.canonical import sha256
from tests.support.in_process import config_of
from tests.support.workspace import Workspace

CONFIG = r"""
profile: one
profiles: {one: {base_url: "https://example.com/v1"}}
descriptions: 'back\slash'
"""


def test_an_empty_folder_says_how_to_fill_it(workspace: Workspace) -> None:
    workspace.descriptions.mkdir()
    config = config_of(workspace)
    with pytest.raises(UsageError, match=r"write MODEL_ID\.md there, or download Scenario's: `syncjob pull --all`$"):
        names_of(config)
    assert names_of(config, may_be_empty=True) == ()
    workspace.write("one", "text")
    assert names_of(config) == ("one.md",)


def test_a_good_file_is_called_as_its_document_is_and_any_other_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG, "utf-8")
    folder = tmp_path / r"back\slash"
    folder.mkdir()
    for name, text in {"good.md": "text\n", "marked.md": "\ufefftext", "empty.md": "", "a b.md": "text"}.items():
        (folder / name).write_text(text, "utf-8")
    files = Files(load(tmp_path / "config.yaml", None, {}), ["a b.md", "empty.md", "good.md", "marked.md"])
    assert [files.is_valid(name) for name in files.names] == [False, False, True, True]
    document = files.read("good.md")
    assert files.good("good.md") == (document.model_id, document.path, sha256("text"))
    assert files.unread("good.md").path == document.path
    assert [files.good(name) for name in ("a b.md", "empty.md", "marked.md", "gone.md")] == [None] * 4
