"""Which descriptions a run is about: the folder, SELECT and --since, read into Documents."""

from collections.abc import Sequence
from dataclasses import dataclass

from syncjob.config import Config
from syncjob.documents import Document, gone, list_folder, read_files, unread
from syncjob.errors import UsageError
from syncjob.history import Changed, changed_since, not_checked_out
from syncjob.problems import Problem, warning
from syncjob.selection import select
from syncjob.tags import is_id


@dataclass(frozen=True, slots=True)
class Scope:
    """`documents` are the files that a run is about, bad ones among them; `gone` those that are no longer there.

    `names` are all files of the folder, those among them that git keeps out of the working tree.
    `is_whole` says that no revision narrows the scope, so what is gone is not known from git.
    `problems` are warnings of the run as a whole.
    """

    documents: tuple[Document, ...]
    gone: tuple[Document, ...]
    names: tuple[str, ...]
    is_whole: bool
    problems: tuple[Problem, ...] = ()


def find(config: Config, patterns: Sequence[str], since: str | None, *, with_unfiled: bool = False) -> Scope:
    """The scope; reads only the files that are in it.

    Raises UsageError where the folder holds no description, and for a pattern that names none;
    `with_unfiled` says that in a whole scope it may name a model that has no file.
    """
    changed = changed_since(config.folder, since) if since is not None else Changed(None)
    problems: tuple[Problem, ...] = ()
    if changed.names is None and since is not None:
        problems = (warning("since-unknown", f"{changed.reason}; all files are compared"),)
    there = names_of(config, may_be_empty=bool(changed.names))
    deleted = _descriptions(changed.deleted) - set(there)
    hidden = not_checked_out(config.folder) - set(there)
    names = tuple(sorted({*there, *hidden}))
    must_match = not (with_unfiled and changed.names is None)
    chosen = select((*names, *deleted), patterns, config.folder, must_match=must_match)
    if changed.names is not None:
        chosen &= changed.names
    documents = read(config, [name for name in there if name in chosen], there)
    return Scope(
        (*documents, *(unread(name, config.shown_folder) for name in sorted(hidden & chosen))),
        tuple(gone(name, config.shown_folder) for name in sorted(deleted & chosen)),
        names,
        changed.names is None,
        problems,
    )


def read(config: Config, names: Sequence[str], everything: Sequence[str]) -> tuple[Document, ...]:
    """The documents of some of the folder's files."""
    return read_files(config.folder, config.shown_folder, names, everything, config.safety.max_file_bytes)


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
