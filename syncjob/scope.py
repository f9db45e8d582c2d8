"""Which descriptions a run is about: the folder, SELECT, --since and --shard."""

import errno
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from syncjob.config import Config
from syncjob.documents import Document, Folder, gone, list_folder, model_id_of, not_in_tree
from syncjob.errors import UsageError
from syncjob.history import Changed, changed_since, not_checked_out
from syncjob.problems import Problem, warning
from syncjob.selection import Shard, select
from syncjob.tags import is_id


class Files:
    """The documents of a config's folder by file name, each read when it is asked for."""

    def __init__(self, config: Config, there: Sequence[str], hidden: frozenset[str] = frozenset()) -> None:
        self._shown_as = config.shown_folder
        self._there = frozenset(there)
        self._hidden = hidden
        self._was_listed = config.folder.is_dir()
        self._folder = Folder(config.folder, self._shown_as, there, config.safety.max_file_bytes)

    def read(self, name: str) -> Document:
        """The document of a file as it is now; one without a text where there is no such file."""
        if name in self._there:
            return self._folder.read(name)
        return not_in_tree(name, self._shown_as) if name in self._hidden else self._gone(name)

    def _gone(self, name: str) -> Document:
        """One that was not there when the folder was listed, which may be long ago."""
        try:
            back = self._folder.found_again(name)
        except OSError as error:
            is_known = not self._was_listed or error.errno == errno.ENAMETOOLONG
            problem = Problem("file-special", f"cannot be looked for in its folder: {error.strerror}")
            return self.unread(name) if is_known else replace(self.unread(name), problems=(problem,))
        return self._folder.read(back) if back else self.unread(name)

    def unread(self, name: str) -> Document:
        """The place of a document whose file is not looked at."""
        return gone(name, self._shown_as)


@dataclass(frozen=True, slots=True)
class Scope:
    """`asked` are the names of the files that a run is about; `gone` of those that are no longer there.

    `names` are all files of the folder, those among them that git keeps out of the working tree;
    `count` is how many the shard has of them. `is_whole` says that no revision narrows the scope, so
    what is gone is not known from git. What the run is about is sorted by model id. `problems` are
    warnings of the run as a whole.
    """

    files: Files
    asked: tuple[str, ...]
    gone: tuple[str, ...]
    names: tuple[str, ...]
    count: int
    is_whole: bool
    problems: tuple[Problem, ...] = ()

    def documents(self) -> Iterator[Document]:
        """The documents that the run is about, bad ones among them."""
        return map(self.files.read, self.asked)


def find(
    config: Config,
    patterns: Sequence[str],
    since: str | None,
    *,
    shard: Shard | None = None,
    with_unfiled: bool = False,
) -> Scope:
    """The scope; reads no file.

    Raises UsageError where the folder holds no description, and for a pattern that names none;
    `with_unfiled` says that in a whole scope it may name a model that has no file.
    """
    changed = changed_since(config.folder, since) if since is not None else Changed(None)
    problems: tuple[Problem, ...] = ()
    if changed.names is None and since is not None:
        problems = (warning("since-unknown", f"{changed.reason}; all files are compared"),)
    there = names_of(config, may_be_empty=bool(changed.names))
    filed = set(map(model_id_of, there))  # a file whose name is a bad one is still its model's
    deleted = frozenset(name for name in _descriptions(changed.deleted) if model_id_of(name) not in filed)
    hidden = not_checked_out(config.folder) - set(there)
    names = (*there, *hidden)
    must_match = not (with_unfiled and changed.names is None)
    chosen = select((*names, *deleted), patterns, config.folder, must_match=must_match)
    if changed.names is not None:
        chosen &= changed.names
    return Scope(
        Files(config, there, hidden),
        in_order((name for name in names if name in chosen), shard),
        in_order(deleted & chosen, shard),
        names,
        len(names) if shard is None else sum(shard.holds(model_id_of(name)) for name in names),
        changed.names is None,
        problems,
    )


def in_order(names: Iterable[str], shard: Shard | None = None) -> tuple[str, ...]:
    """The names that belong to the shard, sorted by model id."""
    own = names if shard is None else (name for name in names if shard.holds(model_id_of(name)))
    return tuple(sorted(own, key=lambda name: (model_id_of(name), name)))


def names_of(config: Config, *, may_be_empty: bool = False) -> tuple[str, ...]:
    """All description files of the folder; raises UsageError where there are none, unless that may be.

    A folder that is there and cannot be listed is not empty.
    """
    try:
        names = list_folder(config.folder)
    except UsageError as error:
        if not (may_be_empty and isinstance(error.__cause__, FileNotFoundError)):
            raise
        return ()
    if not names and not may_be_empty:
        raise UsageError(
            f"no descriptions in {config.folder}: no file in it ends in .md; `descriptions` in the config names the folder"
        )
    return names


def _descriptions(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name for name in names if name.endswith(".md") and is_id(name[:-3]))
