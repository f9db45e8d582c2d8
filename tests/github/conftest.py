"""What the tests of the workflows have in common."""

from pathlib import Path

import pytest

from tests.support.checked_out import Repository, checked_out
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace


@pytest.fixture
def repository(tmp_path: Path, remote: Loopback, workspace: Workspace) -> Repository:
    return checked_out(tmp_path, remote, workspace)
