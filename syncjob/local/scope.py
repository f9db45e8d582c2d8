"""Which descriptions a run is about: the folder, SELECT, --since and --shard."""

import errno
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from syncjob.config.config import Config
from syncjob.config.discovery import require_own_folder
from syncjob.errors import UsageError
from syncjob.git.git import Git
from syncjob.git.history.changes import Changed, changed_since
from syncjob.git.history.texts import had
from syncjob.git.processes import Ending
from syncjob.git.worktree import Worktree, look
from syncjob.local import nested
from syncjob.local.acknowledged import has_lines
from syncjob.local.acknowledged_lines import FOLDER
from syncjob.local.document import Document, Folder, gone, list_folder
from syncjob.local.names import is_name, model_id_of, name_of, shown_name
from syncjob.local.select import Shard, select
from syncjob.problems import Problem, warning
from syncjob.text.canonical import sha256
from syncjob.text.sanitize import shorten

_LONGEST = 100  # characters of a revision in a message


class Good(NamedTuple):
    """A file that can be sent as it is, without its text."""

    model_id: str
    path: str
    sha256: str


class Files:
    """The documents of a config's folder by file name, each read when it is asked for, with what git says of it.

    `below` are the paths of those in subfolders. `names` are all files of the folder, those among them that git
    keeps out of the working tree.
    """

    def __init__(
        self,
        config: Config,
        there: Sequence[str],
        worktree: Worktree = Worktree(),  # noqa: B008  frozen
        below: Mapping[str, str] | None = None,
    ) -> None:
        self._shown_as = shown_name(config.shown_folder)
        self._there = frozenset(there)
        self.names = (*there, *sorted(worktree.problems.keys() - self._there))
        self.worktree = worktree
        self.below = below or {}
        self._was_listed = config.folder.is_dir()
        self._folder = Folder(config.folder, config.shown_folder, there, config.safety.max_file_bytes)
        self._good: dict[str, bytes] = {}  # digests, for the texts of all files would not fit into memory

    def is_valid(self, name: str) -> bool:
        """Reads a document; the digest of one without any problem is kept."""
        document = self.read(name)
        digest = None if document.problems else sha256(document.text)
        if digest:
            self._good[name] = bytes.fromhex(digest)
        return document.is_valid

    def good(self, name: str) -> "Good | None":
        """What is known of a file that was read and found good, so that it need not be read again to be compared."""
        digest = self._good.get(name)
        return Good(model_id_of(name), f"{self._shown_as}/{name}", digest.hex()) if digest else None

    def read(self, name: str) -> Document:
        """The document of a file as it is now; one without a text if there is no such file."""
        document = self._folder.read(name) if name in self._there else self._gone(name)
        problem = self.worktree.problems.get(name)
        return replace(document, problems=(problem, *document.problems)) if problem else document

    def _gone(self, name: str) -> Document:
        """One that was not there when the folder was listed, which may be long ago."""
        try:
            back = self._folder.found_again(name)
        except OSError as error:
            is_known = not self._was_listed or error.errno == errno.ENAMETOOLONG
            problem = Problem("file-special", f"cannot be looked for in its folder: {error.strerror}")
            return self.unread(name) if is_known else replace(self.unread(name), problems=(problem,))
        if back:
            return self._folder.read(back)
        below = self.below.get(name)
        return replace(self.unread(name), problems=(nested.kept(below),)) if below else self.unread(name)

    def unread(self, name: str) -> Document:
        """The place of a document whose file is not looked at."""
        return gone(name, self._shown_as)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run is about, sorted by model id: `asked` are the names of files, `gone` of those that are no longer there.

    `count` is how many of `names`, all files of the folder, the shard has. `is_whole` says that no revision narrows
    the scope, so what is gone is not known from git. `beside` are the names that only their acknowledged lines brought
    in, of whatever profile. `problems` are warnings of the run as a whole.
    """

    files: Files
    asked: tuple[str, ...]
    gone: tuple[str, ...]
    count: int
    is_whole: bool
    beside: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return self.files.names

    def is_valid(self, stop: Ending) -> bool:
        """Whether all files that the run is about are; once it is to end, whether those were that it came to.

        Reads every one of them, so that none with a good text is read again while requests are under way.
        """
        found = [stop.requested or self.files.is_valid(name) for name in self.asked]
        return all(found)

    def documents(self, stop: Ending) -> Iterator[Document]:
        """The documents that the run is about, bad ones among them; their places alone once it is to end."""
        return (self.files.unread(name) if stop.requested else self.files.read(name) for name in self.asked)


def find(
    config: Config,
    patterns: Sequence[str],
    since: str | None,
    *,
    shard: Shard | None = None,
    will_prune: bool = False,
    may_name_unfiled: bool = False,
    is_check: bool = False,
    git: Git,
    stop: Ending,
) -> Scope:
    """The scope; reads no file.

    Raises Stopped, and UsageError: nothing to look at, unless patterns `may_name_unfiled` models; a mistyped revision or,
    if the run `will_prune`, one that leads nowhere; git cannot tell, unless it `is_check`.
    """
    changed, problems = _changed(config, since, git, will_prune=will_prune, is_check=is_check)
    there = names_of(config, may_be_empty=bool(changed.names))
    files, unknown = _look(config, there, git, stop, is_check=is_check)
    gone, must_match = _gone(changed, there), not (may_name_unfiled and changed.names is None)
    chosen = _chosen(config, patterns, files, gone, changed, git, must_match=must_match)
    asked, asked_gone = (in_order(chosen.intersection(names), shard) for names in (files.names, gone))
    count, told = _count(files, shard), (*problems, *unknown, *_overlooked(config, files, patterns))
    return Scope(files, asked, asked_gone, count, changed.names is None, changed.beside, told)


def _overlooked(config: Config, files: Files, patterns: Sequence[str]) -> Iterator[Problem]:
    if files.below and not patterns:
        yield nested.overlooked(files.below, config.shown_folder)


def _count(files: Files, shard: Shard | None) -> int:
    return sum(shard is None or shard.holds(model_id_of(name)) for name in files.names)


def _look(
    config: Config, there: Sequence[str], git: Git, stop: Ending, *, is_check: bool
) -> tuple[Files, tuple[Problem, ...]]:
    """The files of the folder, with what git says of them and what is below it."""
    worktree = look(config.folder, there, git)
    problems = tuple(_unknown(worktree, is_check=is_check))
    return Files(config, there, worktree, nested.find(config.folder, stop)), problems


def _gone(changed: Changed, there: Sequence[str]) -> frozenset[str]:
    """The descriptions that were deleted; a file whose name is a bad one is still its model's."""
    names = list(filter(is_name, changed.deleted))
    filed = set(map(model_id_of, there)) if names else ()
    return frozenset(name for name in names if model_id_of(name) not in filed)


def _chosen(
    config: Config,
    patterns: Sequence[str],
    files: Files,
    gone: frozenset[str],
    changed: Changed,
    git: Git,
    *,
    must_match: bool,
) -> frozenset[str]:
    """Those of the files, there or gone, that a pattern names and that changed."""

    def was_there(name: str) -> bool:
        return name not in files.below and had(config.folder, name, git)

    chosen = select(
        (*files.names, *gone),
        patterns,
        config.folder,
        must_match=must_match,
        was_there=was_there,
        has_lines=partial(has_lines, config.folder),
    )
    return chosen if changed.names is None else chosen & changed.names


def unasked(config: Config, patterns: Sequence[str], shard: Shard | None = None) -> tuple[Document, ...]:
    """The places of what a run may have been about that ended before git had told."""
    there = names_of(config, may_be_empty=True)
    chosen = select(there, patterns, config.folder, must_match=False)
    return tuple(Files(config, there).unread(name) for name in in_order(chosen, shard))


def known_worktree(config: Config, names: Sequence[str], git: Git, *, are_there: bool = True) -> Worktree:
    """What git says of the folder; raises UsageError if it is responsible and cannot tell, and Stopped."""
    worktree = look(config.folder, names, git, are_there=are_there)
    list(_unknown(worktree, is_check=False))
    return worktree


def _unknown(worktree: Worktree, *, is_check: bool) -> Iterator[Problem]:
    if worktree.unknown is None:
        return
    message = f"git cannot tell which descriptions it has and which are unmerged: {worktree.unknown}"
    if not is_check:
        raise UsageError(message)
    yield warning("git-unknown", message)


def _changed(
    config: Config, since: str | None, git: Git, *, will_prune: bool, is_check: bool
) -> tuple[Changed, tuple[Problem, ...]]:
    """What changed since a revision, None of it for all; with a problem if that leads nowhere, or is later than HEAD."""
    if since is None:
        return Changed(None), ()
    changed = changed_since(config.folder, since, git, beside=FOLDER, name_of=name_of)
    if changed.names is not None:
        return changed, ((_old(since),) if changed.is_old and not is_check else ())
    if will_prune:
        raise UsageError(
            f"{changed.reason}; --prune would then delete every description that has no file. "
            "Name a commit in the history of HEAD, or drop one of the two options"
        )
    if changed.is_slip:
        raise UsageError(changed.reason)
    return changed, (warning("since-unknown", f"{changed.reason}; all files are compared"),)


def _old(since: str) -> Problem:
    older = f"HEAD is older than --since {shorten(since, _LONGEST)}"
    advice = "merge that commit, or to go back on purpose, run without --since"
    return Problem("old-run", f"{older}, and a sync would bring back what was replaced since; {advice}")


def in_order(names: Iterable[str], shard: Shard | None = None) -> tuple[str, ...]:
    """The names that belong to the shard, sorted by model id."""
    own = names if shard is None else (name for name in names if shard.holds(model_id_of(name)))
    return tuple(sorted(own, key=lambda name: (model_id_of(name), name)))


def _without_config(config: Config) -> UsageError | None:
    """What a run needs for which neither a config nor its folder is there; None if there is a config."""
    if config.path.is_file():
        return None
    advice = f"write both with `syncjob --profile {config.profile} init --pull`"
    return UsageError(f"no {config.path} and no folder {config.folder} here; {advice}")


def names_of(config: Config, *, may_be_empty: bool = False) -> tuple[str, ...]:
    """All description files of the folder; raises UsageError if there are none, unless that may be.

    A folder that is there and cannot be listed is not empty, and one that a link leads to is not the config's.
    """
    require_own_folder(config.folder, config.path)
    try:
        names = list_folder(config.folder)
    except UsageError as error:
        if not isinstance(error.__cause__, FileNotFoundError):
            raise
        if not may_be_empty:
            raise _without_config(config) or error from error.__cause__
        return ()
    if not names and not may_be_empty:
        what = f"no file in {config.folder} ends in .md (`descriptions` in the config names the folder)"
        raise UsageError(f"{what}; write MODEL_ID.md there, or download Scenario's: `syncjob pull --all`")
    return names
