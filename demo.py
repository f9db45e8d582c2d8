"""A repository as a user has one, for `make demo`: what Scenario holds is committed, and then the edits."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SEED = HERE / "syncjob/sandbox/seed.json"


def main(folder: Path) -> None:
    """Makes the repository; a folder that exists is left as it is."""
    descriptions = folder / "descriptions"
    if folder.exists():
        sys.exit(f"{folder} exists already: give the name of a new folder")
    descriptions.mkdir(parents=True)
    _, _, config = (HERE / "config.yaml").read_text("utf-8").partition("\n")  # the first line is for this repository
    (folder / "config.yaml").write_text(config, "utf-8")
    git(folder, "init", "--quiet", "--initial-branch=main")
    for model in json.loads(SEED.read_text("utf-8"))["models"]:
        if model.get("description"):
            (descriptions / f"{model['id']}.md").write_text(model["description"] + "\n", "utf-8")
    commit(folder, "What Scenario holds")
    shutil.rmtree(descriptions)
    shutil.copytree(HERE / "descriptions", descriptions)
    commit(folder, "Edits, to be reviewed")
    made = "a repository with two commits:\nwhat Scenario holds, and edits that are not synced yet"
    sys.stdout.write(f"Made {folder}, {made}.\n")


def commit(folder: Path, message: str) -> None:
    """Commits everything, under a name of the demo's own."""
    git(folder, "add", "--all")
    git(folder, "-c", "user.name=demo", "-c", "user.email=demo@example.invalid", "commit", "--quiet", "-m", message)


def git(folder: Path, *arguments: str) -> None:
    """Runs git in the folder."""
    subprocess.run(["git", "-C", str(folder), "-c", "commit.gpgsign=false", *arguments], check=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python demo.py FOLDER")
    main(Path(sys.argv[1]))
