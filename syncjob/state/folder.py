"""The state folder `.syncjob/`: made when first needed, ignored by git on its own, and believed only if it is ours."""

import os
import re
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from syncjob.errors import UsageError
from syncjob.files import regular, whole
from syncjob.git.call import EndedEarly, GitFailed
from syncjob.git.git import Git, NoRepository
from syncjob.git.ownership import is_accepted, strangers

_IGNORE_ALL = b"*\n"
_LONGEST_IGNORE = 10_000  # bytes
SENT = r"sent-[0-9a-f]{16}\.json"
BESIDE = r"sent-[0-9a-f]{16}-[0-9a-f]{8}\.run"
_DATABASE = r"\.sqlite3(?:-journal|-wal|-shm)?"
# What this program puts into the folder; `demo` is `make demo`'s.
_OURS = re.compile(
    rf"\.gitignore|runs|cache|demo|diff\.html|.+\.lock|.+\.learnt\.json|{SENT}|{BESIDE}|.+\.memory\.jsonl"
    rf"|(?:.+\.memory|sandbox){_DATABASE}|\.syncjob-.+\.tmp"
)
# What of it later runs believe; `runs` or `cache` alone is a link or a submodule.
_BELIEVED = re.compile(
    rf"runs(?:/[^/]+\.jsonl)?|cache(?:/[^/]+\.jsonl)?|[^/]+\.learnt\.json|{SENT}|[^/]+\.memory{_DATABASE}"
)
_ELSEWHERE = "or name another folder with SYNCJOB_STATE_DIR"


def state_folder(path: Path) -> Path:
    """The folder, made for its owner alone, and ignored by git before it holds anything; raises UsageError."""
    try:
        _make(path, parents=True)
        _ignored(path)
    except regular.Unfit as error:
        raise UsageError(f"{error.filename} {error.what}: remove it, {_ELSEWHERE}") from error
    except OSError as error:
        message = f"cannot make the state folder {path}: {error.strerror}; name another with SYNCJOB_STATE_DIR"
        raise UsageError(message) from error
    return path


def file_of(folder: Path, profile: str, suffix: str) -> Path:
    return folder / f"{quote(profile, safe='')}.{suffix}"


def _make(folder: Path, *, parents: bool = False) -> None:
    """Makes a folder of ours if there is none, so that its name outlasts a power loss; raises OSError."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=parents, exist_ok=True)
        sync_folder(folder.parent)


def _ignored(path: Path) -> None:
    """Writes the ignore file if there is none, not in a folder that holds other things; raises OSError."""
    if not all(map(_OURS.fullmatch, os.listdir(path))):
        return
    ignore = path / ".gitignore"
    with suppress(FileNotFoundError):
        content = regular.read(ignore, _LONGEST_IGNORE)
        if content == _IGNORE_ALL:
            return
        if content.strip():  # else a crash or a full disk left it empty
            if _is_ignored(path):
                return
            raise UsageError(f"{ignore} lets git take journals in: remove it, and it is written anew, {_ELSEWHERE}")
    whole.write(ignore, _IGNORE_ALL)
    sync_folder(path)


def _is_ignored(path: Path) -> bool:
    """Whether git ignores journals in a state folder, by whatever ignore file."""
    try:
        repository = Git().around(path)
        repository.run("check-ignore", "--quiet", "--no-index", "--", f"{repository.prefix}runs/run.jsonl")
    except GitFailed as error:
        return isinstance(error, NoRepository)
    return True


def sync_folder(folder: Path) -> None:
    """Makes the name of a new file outlast a power loss; raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def distrust(path: Path, git: Git, *, is_named: bool) -> str | None:
    """Why a state folder is not believed, and what to do; None if it is, or does not exist. Raises Stopped.

    `is_named`: the user named the config, and so whose folder it is.
    """
    runs = path / "runs"
    if os.path.islink(runs):  # noqa: PTH114  Path's raises if it cannot tell
        return f"the folder of journals {runs} is a symbolic link: put a folder in its place, {_ELSEWHERE}"
    for folder in (path, runs):
        try:
            status = folder.stat()
        except OSError:  # whoever needs it will see
            continue
        if strangers(folder) and not (is_named or is_accepted(folder, git)):
            return f"the state folder {folder} belongs to another user: take it over, {_ELSEWHERE}"
        if status.st_mode & stat.S_IWOTH:
            advice = f"look at what is in it and run `chmod o-w {folder}`, {_ELSEWHERE}"
            return f"everybody may write to the state folder {folder}: {advice}"
    return _tracked(path, git)


def _tracked(path: Path, git: Git) -> str | None:
    resolved = path.resolve()
    # From above first: in the folder itself may lie what looks like a repository of its own.
    places = [(resolved.parent, resolved.name), (resolved, "")]
    found = [*_listed([(path.parent, path.name)] if path.is_symlink() else [], git), *_listed(places, git)]
    for name in found:
        if name is None:
            return f"git cannot tell whether it tracks the state folder {path}: mend that, {_ELSEWHERE}"
        if not name or _BELIEVED.fullmatch(name):  # the folder itself is a link or a submodule
            advice = f"run `git rm -r --cached {path}` and commit, {_ELSEWHERE}"
            return f"git tracks files of the state folder {path}, so anybody may have written them: {advice}"
    return None


def _listed(places: Sequence[tuple[Path, str]], git: Git) -> list[str | None]:
    """What git tracks below the first of the places that is in a repository; a None if git cannot tell."""
    for folder, name in places:
        try:
            repository = git.around(folder)
        except EndedEarly:
            return [None]
        except GitFailed:  # no repository, so nothing that came with one
            continue
        own = f"{repository.prefix}{name}"
        try:
            listed = repository.all_tokens("ls-files", "-z", "--full-name", "--", repository.pathspec(name))
        except GitFailed:
            return [None]
        return [path.removeprefix(own).lstrip("/") for path in listed]
    return []


def database(path: Path) -> Path:
    """The path of an SQLite file; raises NotRegular unless it and what SQLite keeps beside it are files, or missing."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            regular.require(f"{path}{suffix}")
    return path


def sandbox_file(path: Path) -> Path:
    """The path of a state folder's sandbox; makes the folder."""
    try:
        return database(state_folder(path) / "sandbox.sqlite3")
    except OSError as error:
        raise UsageError(f"cannot open the sandbox's file {error.filename}: {error.strerror}") from error


def runs_folder(path: Path) -> Path:
    """The folder of a state folder's journals; makes it."""
    folder = state_folder(path) / "runs"
    try:
        _make(folder)
    except OSError as error:
        raise UsageError(f"cannot make the folder of journals {folder}: {error.strerror}") from error
    return folder
