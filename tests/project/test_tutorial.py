"""`docs/tutorial.md` shows what the commands print. `python -m tests.project.test_tutorial` writes it anew."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.project.test_docs import ROOT
from tests.support.played_page import Stage, played

PAGE = ROOT / "docs" / "tutorial.md"


@dataclass(frozen=True)
class Learner(Stage):
    """Somebody who follows the page, from an empty folder on."""

    def environment(self, **more: str) -> dict[str, str]:
        return super().environment(SYNCJOB_PROFILE="sandbox", **more)


def now(page: str, folder: Path) -> str:
    """The page as its commands, one after the other, make it now."""
    learner = Learner(folder / "models")
    learner.folder.mkdir()
    return played(page, learner)


@pytest.mark.deep
def test_the_tutorial_shows_what_its_commands_print(tmp_path: Path) -> None:
    page = PAGE.read_text("utf-8")
    assert now(page, tmp_path) == page, "write the page anew: python -m tests.project.test_tutorial"


def _write() -> None:
    with tempfile.TemporaryDirectory() as folder:
        PAGE.write_text(now(PAGE.read_text("utf-8"), Path(folder)), "utf-8")


if __name__ == "__main__":
    _write()
