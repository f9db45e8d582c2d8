"""A wheel alone in a clean environment, with the newest versions of what it needs or with the lowest that it allows.

`python wheel.py WHEEL newest|lowest` installs it and goes from an empty folder to a synced description. It needs pip
and git, and imports nothing that is not Python's own, so that a release can run it.
"""

import os
import re
import subprocess
import sys
import tempfile
import venv
import zipfile
from email import message_from_string
from pathlib import Path

_LOWEST = re.compile(r"([A-Za-z0-9._-]+) ?[^;]*?>=([0-9.]+)")
# What pip says when a package, or the rest of one, does not come.
_NO_NETWORK = ("(from versions: none)", "ConnectionError", "Connection broken", "timed out", "IncompleteRead")
_ACTION = f"acme/syncjob@{'a' * 40}"


class NoIndex(Exception):
    """pip finds no package at all, or the network failed, so nothing can be said about the wheel."""


def lowest(wheel: Path) -> list[str]:
    """The lowest version that the wheel allows of each package that it needs, extras left out."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        needed = message_from_string(archive.read(name).decode()).get_all("Requires-Dist", [])
    found = [_LOWEST.match(each) for each in needed if "extra ==" not in each]
    return [f"{each[1]}=={each[2]}" for each in found if each]


def installed(wheel: Path, folder: Path, *versions: str) -> Path:
    """The `syncjob` of a new environment; raises NoIndex."""
    venv.create(folder, with_pip=True)
    pip: list[str | Path] = [folder / "bin" / "python", "-I", "-m", "pip", "--disable-pip-version-check"]
    done = subprocess.run(
        [*pip, "install", "--quiet", "--only-binary", ":all:", wheel, *versions],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if any(sign in done.stderr for sign in _NO_NETWORK):
        raise NoIndex(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr
    return folder / "bin" / "syncjob"


def try_out(syncjob: Path, folder: Path) -> None:
    """From an empty folder to a synced description, on the embedded stand-in."""
    ours = {"SYNCJOB_PROFILE": "sandbox", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)} | ours

    def run(*command: str | Path) -> str:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    def commit() -> None:
        run("git", "add", "--all")
        run("git", "-c", "user.name=a", "-c", "user.email=a@example.invalid", "commit", "--quiet", "-m", "texts")

    assert run(syncjob, "--version").startswith("syncjob ")
    assert "Pulled 6 files" in run(syncjob, "init", "--pull", "--action", _ACTION)
    assert f"uses: {_ACTION}" in (folder / ".github" / "workflows" / "sync.yml").read_text("utf-8")
    commit()
    with (folder / "descriptions" / "flux.1-dev.md").open("a") as file:
        file.write("\nEdited.\n")
    commit()
    run(syncjob, "check")
    assert "+Edited." in run(syncjob, "diff")
    run(syncjob, "diff", "--format", "html", "--output", "page.html")
    assert "Edited." in (folder / "page.html").read_text("utf-8")
    assert "Applied 1, 0 failed" in run(syncjob, "sync", "--yes")
    assert "Plan: 0 to create, 0 to update" in run(syncjob, "sync", "--yes")
    run(syncjob.with_name("python"), "-I", "-c", "from syncjob.scenario import Scenario")


def main(wheel: Path, which: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        versions = lowest(wheel) if which == "lowest" else []
        home = Path(folder) / "home"
        home.mkdir()
        try_out(installed(wheel.resolve(), Path(folder) / "venv", *versions), home)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
