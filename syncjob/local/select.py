"""Which descriptions a command is about: ids, shell globs over ids, or paths. Pure."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from syncjob.errors import UsageError
from syncjob.local.acknowledged_lines import FOLDER
from syncjob.local.names import is_name, model_id_of, name_of
from syncjob.text.closest import hint
from syncjob.text.sanitize import one_line
from syncjob.text.tags import is_id


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `count` parts of all models, `number` from 1; which part a model is in depends on its id alone."""

    number: int
    count: int

    def holds(self, model_id: str) -> bool:
        digest = hashlib.sha256(model_id.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.number - 1


def select(
    names: Iterable[str],
    patterns: Sequence[str],
    folder: Path,
    *,
    must_match: bool = True,
    was_there: Callable[[str], bool] = lambda name: False,
    has_lines: Callable[[str], bool] = lambda name: False,
) -> frozenset[str]:
    """Those of the file names that any pattern names; all of them without a pattern.

    Raises UsageError for a pattern that names none, unless `must_match` is False: a typing error must not pass as "all
    is well". `was_there` says whether there once was such a file, `has_lines` whether one has acknowledged lines.
    """
    if not patterns:
        return frozenset(names)
    index = _Index(names, folder)
    chosen: set[str] = set()
    for pattern in patterns:
        found = index.find(pattern)
        if must_match and not found and not index.are_lines(pattern, has_lines):
            name = index.file_of(pattern)
            raise UsageError(_deleted(name) if name and was_there(name) else _nothing_found(pattern, index.ids))
        chosen |= found
    return frozenset(chosen)


class _Index:
    """File names by model id, so that thousands of paths from a shell glob cost no more than they are."""

    def __init__(self, names: Iterable[str], folder: Path) -> None:
        self._names = frozenset(names)
        self._by_id: defaultdict[str, set[str]] = defaultdict(set)
        self._folder = _resolved(folder)
        self._parents: dict[Path, Path | None] = {}
        for name in self._names:
            self._by_id[model_id_of(name)].add(name)

    @property
    def ids(self) -> list[str]:
        return sorted(self._by_id)

    def find(self, pattern: str) -> set[str]:
        found = set(self._by_id.get(pattern, ()))
        if any(sign in pattern for sign in "*?["):
            found |= {name for id_, names in self._by_id.items() if fnmatchcase(id_, pattern) for name in names}
        path = Path(pattern)
        if path.name in self._names and self._parent(path) == self._folder:
            found.add(path.name)
        if self._is_beside(path):
            found |= self._by_id.get(path.name, set())
        return found

    def are_lines(self, pattern: str, has_lines: Callable[[str], bool]) -> bool:
        """Whether a pattern is the path of acknowledged lines that are there, of which no file need be."""
        path = Path(pattern)
        return self._is_beside(path) and has_lines(path.name)

    def _is_beside(self, path: Path) -> bool:
        return path.parent.name == FOLDER and self._parent(path.parent) == self._folder

    def file_of(self, pattern: str) -> str | None:
        """The name of the one file that a pattern means, there or not."""
        path = Path(pattern)
        name = name_of(pattern) if is_id(pattern) and not pattern.endswith(".md") else path.name
        is_here = name != path.name or self._parent(path) == self._folder
        return name if is_here and is_name(name) else None

    def _parent(self, path: Path) -> Path | None:
        if path.parent not in self._parents:
            self._parents[path.parent] = _resolved(path.parent)
        return self._parents[path.parent]


def _resolved(folder: Path) -> Path | None:
    try:
        return folder.resolve()
    except (OSError, RuntimeError):  # a link that leads to itself
        return None


def _deleted(name: str) -> str:
    return f"{name} is deleted; `--prune` deletes its description on Scenario too, `git restore` brings the file back"


def _nothing_found(pattern: str, ids: Sequence[str]) -> str:
    name = Path(pattern).name.removesuffix(".md")
    meant = f"; did you mean {name}?" if name in ids else hint(name, ids)
    return f"no description matches {one_line(pattern)!r} (an id, a glob over ids, or the path of a file){meant}"
