"""Which documents a command is about: ids, shell globs over ids, or paths. Pure."""

import difflib
from collections import defaultdict
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from syncjob.display import one_line
from syncjob.documents import Document
from syncjob.errors import UsageError


def select(documents: Sequence[Document], patterns: Sequence[str], folder: Path) -> tuple[Document, ...]:
    """The documents that any pattern names, in the given order; all of them without a pattern.

    Raises UsageError for a pattern that names none: a typing error must not pass as "all is well".
    """
    if not patterns:
        return tuple(documents)
    index = _Index(documents, folder)
    chosen: set[str] = set()
    for pattern in patterns:
        found = index.find(pattern)
        if not found:
            raise UsageError(_nothing_found(pattern, documents))
        chosen |= found
    return tuple(document for document in documents if document.path in chosen)


class _Index:
    """Documents by id and by file name, so that thousands of paths from a shell glob cost no more than they are."""

    def __init__(self, documents: Sequence[Document], folder: Path) -> None:
        self._by_id: defaultdict[str, set[str]] = defaultdict(set)
        self._by_name: dict[str, str] = {}
        self._folder = _resolved(folder)
        self._parents: dict[Path, Path | None] = {}
        for document in documents:
            self._by_id[document.model_id].add(document.path)
            self._by_name[document.path.rpartition("/")[2]] = document.path

    def find(self, pattern: str) -> set[str]:
        """The paths of the documents that a pattern names."""
        found = set(self._by_id.get(pattern, ()))
        if any(sign in pattern for sign in "*?["):
            found |= {path for id_, paths in self._by_id.items() if fnmatchcase(id_, pattern) for path in paths}
        path = Path(pattern)
        if path.name in self._by_name and pattern.lower().endswith(".md") and self._parent(path) == self._folder:
            found.add(self._by_name[path.name])
        return found

    def _parent(self, path: Path) -> Path | None:
        if path.parent not in self._parents:
            self._parents[path.parent] = _resolved(path.parent)
        return self._parents[path.parent]


def _resolved(folder: Path) -> Path | None:
    try:
        return folder.resolve()
    except (OSError, RuntimeError):  # a link that leads to itself
        return None


def _nothing_found(pattern: str, documents: Sequence[Document]) -> str:
    ids = [document.model_id for document in documents]
    near = difflib.get_close_matches(Path(pattern).name.removesuffix(".md"), ids, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"no description matches {one_line(pattern)!r} (an id, a glob over ids, or the path of a file){hint}"
