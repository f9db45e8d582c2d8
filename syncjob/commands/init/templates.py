"""What a repository that is set up holds: the templates of the package, for its action, branch and folder.

Those of the workflows are links to this project's own, which are therefore what users get.
"""

import json
import re
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from typing import NamedTuple

from syncjob.commands.init.action import PinnedAction
from syncjob.errors import UsageError

CONFIG = "config.yaml"
FOLDER = "descriptions"
WORKFLOWS = ("review", "sync", "drift", "backfill")
_IGNORED = ".syncjob/\n/review.html\n/plan.json\n"  # and what the README saves of a review
# What is the same in YAML, as a pattern of branches, and in an expression.
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*")


class Layout(NamedTuple):
    """What the templates are filled with; `folder` is that of the descriptions, from the root of the repository."""

    action: PinnedAction | None
    branch: str
    folder: str = FOLDER


def is_plain(name: str) -> bool:
    """Whether the name of a branch or a folder can be written into a workflow."""
    return _PLAIN.fullmatch(name) is not None


def workflow_paths() -> tuple[str, ...]:
    return tuple(f".github/workflows/{name}.yml" for name in WORKFLOWS)


def files(layout: Layout) -> Mapping[str, str]:
    """The text of each file by its path; without an action there are no workflows."""
    made = {CONFIG: _config(layout.action), ".gitignore": _IGNORED}
    if action := layout.action:
        made |= {
            path: workflow(template(f"{name}.yml"), action, layout)
            for path, name in zip(workflow_paths(), WORKFLOWS, strict=True)
        }
    return made


def workflow(text: str, action: PinnedAction, layout: Layout) -> str:
    """A workflow of this project as another repository has it."""
    for own, theirs in (
        ("uses: ./\n", f"uses: {action.used}\n"),
        ("branches: [main]", f"branches: [{_quoted(layout.branch)}]"),
        ("'refs/heads/main'", f"'refs/heads/{layout.branch}'"),
        (f"\n  FOLDER: {FOLDER} ", f"\n  FOLDER: {_quoted(layout.folder)} "),
    ):
        text = text.replace(own, theirs)
    return text


def _quoted(name: str) -> str:
    """A name in YAML, in quotes unless it is a word: `1.0` would be a number."""
    return name if name in ("main", FOLDER) else json.dumps(name)


def _config(action: PinnedAction | None) -> str:
    text = template(CONFIG)
    return f"# yaml-language-server: $schema={action.schema}\n{text}" if action else text


def template(name: str, home: Traversable = resources.files(__package__).joinpath("templates")) -> str:  # noqa: B008  read alone
    """Raises UsageError if it is only where a link led, as in what was unpacked from a zip."""
    text = home.joinpath(name).read_text("utf-8")
    if "\n" not in text:
        raise UsageError("this copy of syncjob came in a zip, which lost its templates: install a release, or from git")
    return text
