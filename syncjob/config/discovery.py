"""Which config.yaml is meant when none is named, and whether that and the folder it names can be trusted."""

import os
import shlex
from pathlib import Path

from syncjob.errors import UsageError
from syncjob.git.dotgit import root_of
from syncjob.git.git import Git
from syncjob.git.ownership import is_accepted, owners, strangers
from syncjob.text.sanitize import one_line

FILE_NAME = "config.yaml"
# How long git may take to say whether it trusts a repository, in seconds: no run has begun that could be ended.
PATIENCE = 10.0


class NoConfig(UsageError):
    """There is no config to find."""


def find() -> Path:
    """The config of the current folder or, within a repository, of the nearest folder above it.

    Raises NoConfig if there is none, and UsageError if it belongs to somebody else: whoever writes a config
    decides who is sent the credentials.
    """
    here = Path.cwd()
    root = _trusted_root(here)
    for folder in (here, *here.parents):
        if (folder / FILE_NAME).is_file():
            # Shown as the reader would type it.
            path = Path(FILE_NAME) if folder == here else folder / FILE_NAME
            _require_trusted(path, root)
            return path
        if root is None or folder == root:
            break
    or_above = " or above it in the repository" if root else " (outside a repository, only the current folder counts)"
    raise NoConfig(f"no {FILE_NAME} in {here}{or_above}; write one with `syncjob init`, or name it with --config")


def require_own_folder(folder: Path, config: Path) -> None:
    """Raises UsageError if links lead from a config to descriptions elsewhere than it says.

    The folder itself must be none, and a link on the way to it must not lead out of the config's
    repository, or outside of any out of the config's own folder.
    """
    if folder.is_symlink():
        raise UsageError(f"{folder} is a symbolic link; set `descriptions` in the config to the folder itself")
    home = config.parent.resolve()
    bounds = root_of(home) or home
    # The folder by its name, and the one that links lead to.
    is_below = folder.is_relative_to(config.parent)
    said = Path(os.path.normpath(home / folder.relative_to(config.parent) if is_below else folder))
    found = Path(os.path.realpath(folder))
    if said.is_relative_to(bounds) and not found.is_relative_to(bounds):
        raise UsageError(
            f"{folder} leads outside {bounds} through a symbolic link; set `descriptions` to the folder itself"
        )


def _trusted_root(here: Path) -> Path | None:
    """The root of the repository around a folder; None if it belongs to somebody whom git does not trust either."""
    root = root_of(here)
    return root if root and (not strangers(root / ".git") or is_accepted(root, Git(seconds=PATIENCE))) else None


def _require_trusted(path: Path, root: Path | None) -> None:
    others = strangers(path)
    if not others or (root and others <= owners(root / ".git") and is_accepted(root, Git(seconds=PATIENCE))):
        return
    named = shlex.quote(str(path))
    raise UsageError(
        f"{one_line(str(path))} belongs to another user ({', '.join(map(str, sorted(others)))}), who could have your "
        f"credentials sent anywhere; read it, then name it with --config {one_line(named)}"
    )
