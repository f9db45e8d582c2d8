"""A repository, as git tells of it: what its commits hold, and how its files differ from that."""

import re
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from copy import copy
from functools import cached_property, partial
from pathlib import Path

from syncjob.git import call, processes
from syncjob.git.call import EndedEarly, ErrorStatus, GitFailed, Settings, failure, split
from syncjob.git.processes import Conversation, Process, Watch

# The full hash of a commit.
HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_FILTER = re.compile(r"filter\.(.*)\.(?:clean|smudge|process|required)", re.DOTALL)


def is_file(mode: str) -> bool:
    """Whether that is the mode of a regular file: neither of a link or a submodule, nor of what is gone."""
    return mode.startswith("100")


class TooLarge(GitFailed):
    """A blob holds more than anybody wants to read."""


class Repository:
    """A repository as it is seen from a folder: `prefix` leads there from its root, "" or with a final slash.

    Whatever is asked of it raises GitFailed, and once the run is to end it ends git and raises Stopped.
    """

    def __init__(self, root: Path, git_dir: Path, watch: Watch, *, is_shallow: bool) -> None:
        self.root = root
        self.git_dir = git_dir
        self.is_shallow = is_shallow
        self.prefix = ""
        self._head: list[str] = []  # shared by all that see it from another folder
        self._watch = watch

    def seen_from(self, folder: Path) -> "Repository":
        """The same, from another folder below its root."""
        seen = copy(self)
        seen.prefix = "" if folder == Path() else f"{folder.as_posix()}/"
        return seen

    def run(self, *arguments: str, said: bytes = b"", settings: Settings = ()) -> bytes:
        return call.output(self.root, arguments, self._watch, said, settings)

    def all_tokens(self, *arguments: str, said: bytes = b"", settings: Settings = ()) -> list[str]:
        """What one command prints, between NUL bytes."""
        return split(self.run(*arguments, said=said, settings=settings), command=arguments[0])

    def lines(self, *arguments: str) -> list[str]:
        """The lines that one command prints."""
        return split(self.run(*arguments), "\n", command=arguments[0])

    def tokens(
        self, *arguments: str, seconds: float | None = None, settings: Settings = ()
    ) -> Generator[str, None, None]:
        """What one command prints, between NUL bytes, while it runs; GitFailed comes at its end, or after `seconds`."""
        watch = self._watch if seconds is None else self._watch.within(seconds)
        with call.started(self.root, arguments, settings) as process:
            rest = b""
            for chunk in processes.chunks(process, watch):
                whole, end, rest = (rest + chunk).rpartition(b"\0")
                yield from split(whole + end, command=arguments[0])
            status = processes.status(process, watch)
        if status:
            raise failure(arguments[0], status)
        if rest:
            raise EndedEarly(arguments[0])

    @contextmanager
    def blobs(self, largest: int) -> Iterator[Callable[[str], bytes | None]]:
        """The contents of blobs of at most `largest` bytes, by one process for all of them."""
        with call.started(self.root, ("cat-file", "--batch")) as process:
            yield partial(_blob, Conversation(process, self._watch), largest, partial(self._lacks, process))

    def _lacks(self, process: Process) -> None:
        """Raises EndedEarly unless the program ended by itself, as one does that a partial clone has no object for."""
        ended = failure("cat-file", processes.status(process, self._watch))
        if isinstance(ended, EndedEarly):
            raise ended

    def pathspec(self, name: str = "") -> str:
        """What limits a command to the folder, or to one name in it."""
        return f":(top,literal){self.prefix}{name}"

    def names(self, paths: Iterable[str]) -> Iterator[str]:
        """Those of the paths that are in the folder itself, as names."""
        for path in paths:
            name = path.removeprefix(self.prefix)
            if name and "/" not in name and path.startswith(self.prefix):
                yield name

    def commit(self, revision: str = "HEAD") -> str:
        """The full hash of the commit that a revision names."""
        wanted = f"{revision}^{{commit}}"
        found = self.lines("rev-parse", "--verify", "--quiet", "--end-of-options", wanted)
        if len(found) != 1:
            raise EndedEarly("rev-parse")
        return found[0]

    @property
    def head(self) -> str:
        """HEAD's commit as it was when it was first asked for; as long as there is none, "HEAD"."""
        if not self._head:
            with suppress(ErrorStatus):
                self._head.append(self.commit())
        return self._head[0] if self._head else "HEAD"

    def tree(self, commit: str, subfolder: str = "") -> dict[str, tuple[str, str]]:
        """The (mode, blob) of what the folder, or a subfolder, had at a commit, by name."""
        inside = f"{self.prefix}{subfolder}{'/' if subfolder else ''}"
        paths = ("--", f":(top,literal){inside}") if inside else ()
        entries: dict[str, tuple[str, str]] = {}
        for listed in self.all_tokens("ls-tree", "-z", commit, *paths):  # mode, type and hash, a tab, the path
            about, _, path = listed.partition("\t")
            mode, _, blob = about.split(" ")
            if path.startswith(inside):
                entries[path.removeprefix(inside)] = mode, blob
        return entries

    def blobs_of(self, commit: str) -> dict[str, str]:
        """The blobs of the regular files that the folder had at a commit, by name."""
        return {name: blob for name, (mode, blob) in self.tree(commit).items() if is_file(mode)}

    def differing(self, tree: str) -> list[str]:
        """The paths of the folder whose file is not what a tree has, by git's built-in conversions alone.

        The only command here that reads contents of the working tree: for it no config defines a filter.
        """
        return self.all_tokens(
            "diff", "-z", "--name-only", "--no-renames", "--no-ext-diff", "--no-textconv",
            "--ignore-submodules=all",  # else git runs in each, by its own config
            tree, "--", self.pathspec(), settings=[(key, "") for key in self.settings if _FILTER.fullmatch(key)],
        )  # fmt: skip

    def is_unborn(self) -> bool:
        """Whether HEAD is a branch without a commit yet; raises GitFailed if it leads nowhere for another reason."""
        if self._is("HEAD^{commit}"):
            return False
        if not self._is("HEAD") and self._names_a_branch_to_be():  # a HEAD that is known names a commit that is lost
            return True
        raise GitFailed("HEAD leads to no commit that git can read; `git fsck` says more")

    def _names_a_branch_to_be(self) -> bool:
        """Whether the branch of HEAD is not there at all: one that is there and names no commit is damaged."""
        try:
            (branch,) = self.lines("symbolic-ref", "--quiet", "HEAD")
            listed = self.lines("for-each-ref", "--format=%(refname)", branch)
            (file,) = self.lines("rev-parse", "--git-path", branch)
        except (GitFailed, ValueError):
            return False
        return branch not in listed and not (self.root / file).is_file()

    def is_commit(self, object_id: str) -> bool:
        """Whether that is a commit, and here."""
        try:
            return bool(self.commit(object_id))
        except ErrorStatus as error:
            if error.status != 1:
                raise
            return False

    def _is(self, revision: str) -> bool:
        try:
            return bool(self.run("rev-parse", "--verify", "--quiet", revision))
        except ErrorStatus:
            return False

    @cached_property
    def settings(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.all_tokens("config", "-z", "--name-only", "--list")))

    @property
    def drivers(self) -> frozenset[str]:
        """The names of the filters that any config of this repository defines."""
        return frozenset(found[1] for key in self.settings if (found := _FILTER.fullmatch(key)))


def _blob(cat_file: Conversation, largest: int, lacks: Callable[[], None], blob: str) -> bytes | None:
    """A blob's bytes from `git cat-file --batch`; None if git does not have it. Raises TooLarge and EndedEarly."""
    try:
        # One at a time: two full pipes would wait for each other.
        cat_file.say(f"{blob}\n".encode())
        header = cat_file.line().split()
        if header[1:] == [b"missing"]:
            return None
        size = int(header[2])
        if size <= largest:
            return cat_file.exactly(size + 1)[:-1]
        cat_file.skip(size + 1)
    except (OSError, EOFError):
        lacks()
        return None
    except (ValueError, IndexError) as error:
        raise GitFailed("`git cat-file` printed something unexpected; is this git?") from error
    raise TooLarge(f"it once held {size:,} bytes, and no more than {largest:,} are compared")
