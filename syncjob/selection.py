"""Which documents a command is about: ids, shell globs over ids, or paths. Pure."""

import difflib
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
    chosen: set[str] = set()
    for pattern in patterns:
        found = {document.path for document in documents if _matches(document, pattern, folder)}
        if not found:
            raise UsageError(_nothing_found(pattern, documents))
        chosen |= found
    return tuple(document for document in documents if document.path in chosen)


def _matches(document: Document, pattern: str, folder: Path) -> bool:
    if pattern == document.model_id or fnmatchcase(document.model_id, pattern):
        return True
    return pattern.endswith(".md") and _is_path_of(document, pattern, folder)


def _is_path_of(document: Document, pattern: str, folder: Path) -> bool:
    name = document.path.rpartition("/")[2]
    path = Path(pattern)
    try:
        return path.name == name and path.parent.resolve() == folder.resolve()
    except (OSError, RuntimeError):  # a link that leads to itself
        return False


def _nothing_found(pattern: str, documents: Sequence[Document]) -> str:
    ids = [document.model_id for document in documents]
    near = difflib.get_close_matches(Path(pattern).name.removesuffix(".md"), ids, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"no description matches {one_line(pattern)!r} (an id, a glob over ids, or the path of a file){hint}"
