"""demo.py makes a repository that the README's commands fit, says so, and leaves a folder that exists."""

import subprocess
import sys
from pathlib import Path

from tests.project.test_docs import ROOT


def test_the_demo_is_on_main_and_is_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "demo"

    def made() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "demo.py"), str(folder)]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    first, second = made(), made()
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith(f"Made {folder}, ")
    assert (folder / ".git" / "HEAD").read_text() == "ref: refs/heads/main\n"
    assert (second.returncode, second.stderr) == (1, f"{folder} exists already: give the name of a new folder\n")
