"""`docs/two-people.md` shows what the commands print. `python -m tests.project.test_two_people` writes it anew."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.loopback import Loopback, loopback
from tests.support.played_page import Stage, played, sections

PAGE = Path(__file__).parents[2] / "docs" / "two-people.md"
TEXT = "# Watercolour\n\nPaints landscapes.\n\nUse it at 0.8.\n\nTrained on 40 pictures."
TOWNS = TEXT.replace("landscapes", "landscapes and towns")
MORE = TEXT.replace("40", "60")
CONFIG = 'profile: production\nprofiles:\n  production: {base_url: "%s"}\nhttp: {requests_per_minute: 0}\n'
Setup = Callable[[Stage, Loopback], None]


def commit(stage: Stage, message: str, **texts: str) -> None:
    for model_id, text in texts.items():
        stage.write(model_id, f"{text}\n")
    stage.git("add", ".")
    stage.git("commit", "--quiet", "-m", message)


def edit(remote: Loopback, text: str, model_id: str = "watercolour") -> None:
    remote.sandbox.put(model_id, text)


def in_step(stage: Stage, remote: Loopback, **more: str) -> None:
    """What main holds, here and on the remote, is what Scenario holds."""
    texts = {"watercolour": TEXT, **more}
    remote.add(*texts, texts=texts)
    (stage.folder / "config.yaml").write_text(CONFIG % remote.url)
    stage.git("init", "--quiet", "--object-format=sha1", "--initial-branch=main")
    # The config names a port, which is another one each time; so it is not in the commits, whose hashes the page shows.
    (stage.folder / ".git" / "info" / "exclude").write_text("config.yaml\n.syncjob/\n")
    commit(stage, "What Scenario holds", **texts)
    fetched(stage)


def fetched(stage: Stage) -> None:
    stage.git("update-ref", "refs/remotes/origin/main", "main")


def edited(stage: Stage, remote: Loopback) -> None:
    in_step(stage, remote)
    edit(remote, TOWNS)


def both(stage: Stage, remote: Loopback) -> None:
    edited(stage, remote)
    stage.git("switch", "--quiet", "-c", "pictures")
    commit(stage, "Trained on more", watercolour=MORE)


def overlapping(stage: Stage, remote: Loopback) -> None:
    both(stage, remote)
    edit(remote, TEXT.replace("40 pictures", "50 pictures"))


def copied(stage: Stage, remote: Loopback) -> None:
    """Somebody copied Scenario's text into the file by hand, and then went on."""
    edited(stage, remote)
    stage.git("switch", "--quiet", "-c", "towns")
    commit(stage, "What Scenario says", watercolour=TOWNS)
    commit(stage, "Villages too", watercolour=TOWNS.replace("towns", "villages"))


def behind(stage: Stage, remote: Loopback) -> None:
    in_step(stage, remote)
    stage.git("switch", "--quiet", "-c", "strength")
    commit(stage, "A lower strength", watercolour=TEXT.replace("0.8", "0.7"))
    stage.git("switch", "--quiet", "main")
    commit(stage, "Trained on more", watercolour=MORE)
    fetched(stage)
    edit(remote, MORE)
    stage.git("switch", "--quiet", "strength")


def ahead(stage: Stage, remote: Loopback) -> None:
    in_step(stage, remote)
    commit(stage, "Trained on more", watercolour=MORE)


def reverted(stage: Stage, remote: Loopback) -> None:
    in_step(stage, remote)
    commit(stage, "A wrong number", watercolour=TEXT.replace("40", "4,000"))
    commit(stage, "The right number again", watercolour=TEXT)
    fetched(stage)
    stage.git("switch", "--quiet", "--detach", "HEAD~1")


def stuck(stage: Stage, remote: Loopback) -> None:
    in_step(stage, remote, ink="# Ink\n\nDraws lines.")
    edit(remote, TOWNS)
    commit(stage, "Both", watercolour=MORE, ink="# Ink\n\nDraws thin lines.")


def large(stage: Stage, remote: Loopback) -> None:
    names = [f"style_{number:03}" for number in range(142)]
    in_step(stage, remote, **dict.fromkeys(names, "# A style"))
    stage.git("switch", "--quiet", "-c", "styles")
    commit(stage, "Styles", **dict.fromkeys(names[:60], "# A style of painting"))


def unfiled(stage: Stage, remote: Loopback) -> None:
    in_step(stage, remote)
    remote.add("ink", texts={"ink": "# Ink\n\nDraws lines."})


SETUPS: dict[str, Setup] = {
    "Somebody edited on Scenario": edited,
    "Discard the edit": edited,
    "Both have changed": both,
    "Both have changed the same lines": overlapping,
    "Squashed commits": copied,
    "A branch behind main": behind,
    "git is ahead": ahead,
    "An old run starts again": reverted,
    "One description is stuck": stuck,
    "A large pull request": large,
    "Models without a file": unfiled,
}


def now(heading: str, section: str, folder: Path) -> str:
    """A section as the commands make it now."""
    stage = Stage(folder / "models")
    stage.folder.mkdir()
    with loopback(folder / "remote.sqlite3") as remote:
        SETUPS[heading](stage, remote)
        return played(section, stage)


@pytest.mark.parametrize(("heading", "section"), sections(PAGE).items(), ids=list(sections(PAGE)))
def test_each_section_shows_what_the_commands_print(heading: str, section: str, tmp_path: Path) -> None:
    assert now(heading, section, tmp_path) == section, "write the page anew: python -m tests.project.test_two_people"


def test_each_case_has_its_section() -> None:
    assert set(SETUPS) == set(sections(PAGE))


def _write() -> None:
    text = PAGE.read_text("utf-8")
    for heading, section in sections(PAGE).items():
        with tempfile.TemporaryDirectory() as folder:
            text = text.replace(section, now(heading, section, Path(folder)))
    PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    _write()
