"""What a run finds in the folder of descriptions before it reads a file."""

import pytest

from syncjob.errors import UsageError
from syncjob.local.scope import names_of
from tests.support.in_process import config_of
from tests.support.workspace import Workspace


def test_an_empty_folder_says_how_to_fill_it(workspace: Workspace) -> None:
    workspace.descriptions.mkdir()
    config = config_of(workspace)
    with pytest.raises(UsageError, match=r"write MODEL_ID\.md there, or download Scenario's: `syncjob pull --all`$"):
        names_of(config)
    assert names_of(config, may_be_empty=True) == ()
    workspace.write("one", "text")
    assert names_of(config) == ("one.md",)
