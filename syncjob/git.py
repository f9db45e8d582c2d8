"""The git program, asked about one repository, so that nothing of that repository's own is run by it."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from syncjob import dotgit, processes
from syncjob.display import shorten
from syncjob.processes import NEVER, CannotStart, Conversation, Ending, TookTooLong, Watch

# `log --diff-merges` and GIT_CONFIG_COUNT are the newest of what is used here.
LEAST_VERSION = (2, 31)
_VERSION = re.compile(rb"git version ([0-9]+)\.([0-9]+)[^\n]*\n")
_FILTERS = re.compile(r"^filter\..*\.(clean|smudge|process|required)$")

# Settings of anybody's that change what git prints, or run a program.
_SETTINGS = (
    ("core.fsmonitor", "false"), ("core.hooksPath", os.devnull), ("safe.bareRepository", "explicit"),
    ("core.quotePath", "false"), ("core.checkStat", "default"), ("core.trustctime", "true"), ("color.ui", "false"),
    ("diff.relative", "false"), ("diff.orderFile", os.devnull),
    ("log.follow", "false"), ("log.showRoot", "true"), ("log.showSignature", "false"),
)  # fmt: skip
# All that git is given of the environment: what it is found by, and its user's own settings. No credentials, and
# nothing that names another repository, index, program or file to write.
_KEPT = (
    "PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "SUDO_UID", "DEVELOPER_DIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
    "GIT_EXEC_PATH", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CEILING_DIRECTORIES",
)  # fmt: skip
# A replaced object or a grafted parent is nobody's history, and nothing is fetched.
_SET = {
    "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": os.devnull,
    "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "LC_ALL": "C",
}  # fmt: skip


class GitFailed(Exception):
    """git is missing, or ended with an error; `str()` says which, in one line."""


class NoRepository(GitFailed):
    """There is no repository around the folder, so nothing that git could be asked."""


class Repository:
    """The repository around a folder, which need not exist any more.

    Raises NoRepository where there is none, and GitFailed where git does not work with the one that there is.
    Whatever is asked of it raises Stopped, and ends git, once `stop` is requested, and GitFailed once so many
    seconds are over. `prefix` leads from its root to the folder: "" or with a final slash.
    """

    def __init__(self, folder: Path, stop: Ending = NEVER, seconds: float | None = None) -> None:
        resolved = folder.resolve()
        root = dotgit.root_of(resolved)
        if root is None:
            raise NoRepository("not a git repository (or any of the parent directories)")
        self.root = root
        self._watch = Watch(stop, seconds)
        self._require_version()
        self.git_dir = self._require_own()
        self._require_unplanted()
        prefix = resolved.relative_to(root).as_posix()
        self.prefix = "" if prefix == "." else f"{prefix}/"

    def run(self, *arguments: str, said: bytes = b"", settings: Iterable[tuple[str, str]] = ()) -> bytes:
        """What one command prints that reads `said`; raises GitFailed."""
        return self._ask(self.root, arguments, said, settings)

    def _ask(
        self, root: Path, arguments: Sequence[str], said: bytes = b"", settings: Iterable[tuple[str, str]] = ()
    ) -> bytes:
        with _failing(), processes.started(_command(root, arguments), _environment(settings)) as process:
            out, errors, status = processes.whole(process, self._watch, said)
        if status:
            reason = errors.decode("utf-8", "replace").strip().removeprefix("fatal: ")
            raise GitFailed(f"git: {shorten(reason) or f'{arguments[0]} ended with status {status}'}")
        return out

    def tokens(self, *arguments: str, seconds: float | None = None) -> Iterator[str]:
        """What one command prints, between NUL bytes, while it runs; raises GitFailed at its end.

        Also once it has taken more than so many seconds.
        """
        watch = self._watch if seconds is None else self._watch.within(seconds)
        with _failing(), self._quietly(arguments) as process:
            rest = b""
            for chunk in processes.chunks(process, watch):
                *whole, rest = (rest + chunk).split(b"\0")
                yield from map(os.fsdecode, whole)
            status = processes.status(process, watch)
        if status:
            raise GitFailed(f"git {arguments[0]} ended with status {status}")

    def differing(self, tree: str, where: str) -> list[str]:
        """The paths whose file in the working tree is not what a tree has, by git's built-in conversions alone.

        The only command here that reads contents of the working tree: for it no config defines a filter.
        """
        listed = self.run(
            "diff", "-z", "--name-only", "--no-renames", "--no-ext-diff", "--no-textconv",
            "--ignore-submodules=all",  # else git runs in each, by its own config
            tree, "--", where, settings=[(key, "") for key in self._filters()],
        )  # fmt: skip
        return split(listed)

    @contextmanager
    def blobs(self) -> Iterator["Blobs"]:
        """The contents of blobs, by one process for all of them."""
        with _failing(), self._quietly(("cat-file", "--batch")) as process:
            yield Blobs(Conversation(process, self._watch))

    @contextmanager
    def _quietly(self, arguments: Iterable[str]) -> Iterator[processes.Process]:
        with processes.started(_command(self.root, arguments), _environment(), is_quiet=True) as process:
            yield process

    def _require_version(self) -> None:
        found = _VERSION.fullmatch(self.run("version"))
        if found is None:
            raise GitFailed("`git version` answers in a form that is not known here")
        if (int(found[1]), int(found[2])) < LEAST_VERSION:
            least = ".".join(map(str, LEAST_VERSION))
            raise GitFailed(f"{shorten(found[0].decode())} is too old; install git {least} or newer")

    def _require_own(self) -> Path:
        """The repository's own folder; its working tree has to begin where its `.git` is."""
        said = self.run("rev-parse", "--show-toplevel", "--absolute-git-dir").removesuffix(b"\n").split(b"\n")
        if len(said) != 2:
            raise GitFailed("`git rev-parse` answers in a form that is not known here")
        top, git_dir = (Path(os.fsdecode(line)) for line in said)
        if not (dotgit.is_same(top, self.root) and dotgit.is_same(git_dir, dotgit.named_by(self.root))):
            raise GitFailed(f"git's working tree is {shorten(str(top))}, not {shorten(str(self.root))} (core.worktree)")
        return git_dir

    def _require_unplanted(self) -> None:
        """Raises where the next repository above has files below this one's root, which git itself never does."""
        above = dotgit.root_of(self.root.parent)
        if above is None:
            return
        inside = f"{self.root.relative_to(above).as_posix()}/"
        try:
            listed = self._ask(above, ("ls-files", "-z", "--full-name", "--", f":(top,literal){inside}"))
        except GitFailed:  # it is somebody else's, or none
            return
        if any(path.startswith(inside) for path in split(listed)):
            raise GitFailed(f"{shorten(str(self.root))} has files of the repository above and a .git too; remove that")

    def _filters(self) -> list[str]:
        """The keys by which any config of this repository defines a filter."""
        settings = split(self.run("config", "-z", "--name-only", "--list"))
        return [key for key in dict.fromkeys(settings) if _FILTERS.search(key)]


class Blobs:
    """A running `git cat-file --batch`."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def read(self, blob: str) -> bytes | None:
        """A blob's bytes; None where git does not have it."""
        try:
            # One at a time: two full pipes would wait for each other.
            self._conversation.say(f"{blob}\n".encode())
            header = self._conversation.line().split()
            return self._conversation.exactly(int(header[2]) + 1)[:-1] if len(header) == 3 else None
        except (OSError, EOFError, ValueError):  # it ended, or says what git does not say
            return None


def split(output: bytes) -> list[str]:
    """What stands before each NUL byte."""
    return [os.fsdecode(part) for part in output.split(b"\0")[:-1]]


def _command(root: Path, arguments: Iterable[str]) -> list[str]:
    return ["git", "-C", str(root), "--no-pager", *arguments]


@contextmanager
def _failing() -> Iterator[None]:
    """A git that cannot be run, or takes too long, as GitFailed."""
    try:
        yield
    except TookTooLong as error:
        raise GitFailed(f"git took {error}") from error
    except CannotStart as error:
        raise GitFailed("git is not installed, or cannot be run") from error


def _environment(settings: Iterable[tuple[str, str]] = ()) -> dict[str, str]:
    """The environment of git, with settings that win over those of any file."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    told = dict(enumerate((*_SETTINGS, *settings)))
    keys = {f"GIT_CONFIG_KEY_{number}": key for number, (key, _) in told.items()}
    values = {f"GIT_CONFIG_VALUE_{number}": value for number, (_, value) in told.items()}
    return {**kept, **_SET, **keys, **values, "GIT_CONFIG_COUNT": str(len(told))}
