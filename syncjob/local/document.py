"""The descriptions folder -> documents, with every problem of every file; nothing is written."""

import os
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from syncjob.errors import UsageError
from syncjob.files import regular
from syncjob.local import unfinished
from syncjob.local.names import model_id_of, problem_of, shown_name
from syncjob.problems import Problem, warning
from syncjob.text.canonical import canonical, sha256
from syncjob.text.sanitize import shorten
from syncjob.text.tags import NearMiss, Tag, find, near_misses


@dataclass(frozen=True, slots=True)
class Document:
    """One description file; `text` is canonical, "" if a problem kept it from being read or it is gone.

    `unread_sha256` is of the text of a file that is not read as a description, because its name is a bad one.
    `mark` tells a file without a text from a later one, which its text cannot.
    """

    model_id: str
    path: str
    text: str = ""
    problems: tuple[Problem, ...] = ()
    unread_sha256: str | None = None
    mark: tuple[int, ...] | None = field(default=None, compare=False)

    @property
    def tags(self) -> tuple[Tag, ...]:
        """Found each time: nobody asks for those of a text that is in step."""
        return find(self.text)[0]

    @property
    def is_valid(self) -> bool:
        return not any(problem.is_error for problem in self.problems)


def list_folder(folder: Path) -> tuple[str, ...]:
    """The names of all description files of a folder itself, sorted; raises UsageError if it cannot be listed."""
    try:
        return tuple(sorted(entry for entry in os.listdir(folder) if entry.lower().endswith(".md")))
    except OSError as error:
        what = f"cannot list the descriptions folder {folder}: {error.strerror}"
        raise UsageError(f"{what}; `descriptions` in the config names it") from error


class Folder:
    """The files of a folder, read one at a time; `shown_as` is its name in messages and reports.

    `names` are all that it holds: of them, those that are one file elsewhere are refused.
    """

    def __init__(self, path: Path, shown_as: str, names: Iterable[str], max_file_bytes: int) -> None:
        self._path = os.fspath(path)
        self._shown_as = shown_name(shown_as)
        self._collisions = _collisions(names)
        self._max_file_bytes = max_file_bytes

    def read(self, name: str) -> Document:
        document = self._read(name)
        if not document.text:
            document = replace(document, mark=regular.mark(os.path.join(self._path, name)))  # noqa: PTH118
        problems = self._collisions.get(name)
        return replace(document, problems=(*problems, *document.problems)) if problems else document

    def found_again(self, name: str) -> str | None:
        """What a file is called that was gone and is there again, None if it still is gone; raises OSError."""
        os.stat(self._path)  # noqa: PTH116  its message names the folder
        for ending in (".md", ".MD", ".Md", ".mD"):  # a file whose name is a bad one is still its model's
            with suppress(FileNotFoundError):
                os.lstat(os.path.join(self._path, name[:-3] + ending))  # noqa: PTH118
                return name[:-3] + ending
        return None

    def _read(self, name: str) -> Document:
        data = _read_regular(os.path.join(self._path, name), self._max_file_bytes)  # noqa: PTH118  a third of a Path's time
        if bad := problem_of(name):
            digest = None if isinstance(data, Problem) else sha256(parse("", "", data).text)
            path = f"{self._shown_as}/{shown_name(name)}"
            return Document(model_id_of(name), path, problems=(bad,), unread_sha256=digest)
        model_id, shown = name[:-3], f"{self._shown_as}/{name}"  # an id can be shown as it is
        if isinstance(data, Problem):
            return Document(model_id, shown, problems=(data,))
        return parse(model_id, shown, data)


def gone(name: str, shown_as: str) -> Document:
    """The document of a file that is no longer there, in a folder that is shown so: one without a text."""
    return Document(model_id_of(name), f"{shown_as}/{shown_name(name)}")


def _collisions(names: Iterable[str]) -> dict[str, list[Problem]]:
    """Names that are one file on a file system that ignores case or Unicode form."""
    groups: dict[str, str | list[str]] = {}  # most names are alone, and a list of each would cost memory
    for name in names:
        folded = unicodedata.normalize("NFC", name).casefold()
        other = groups.setdefault(folded, name)
        if other is not name:
            groups[folded] = [*([other] if isinstance(other, str) else other), name]
    return {
        name: [Problem("file-collision", f"differs from {shown_name(other)} only in case or Unicode form; keep one")]
        for group in groups.values()
        if isinstance(group, list)
        for name, other in zip(group, group[1:] + group[:1], strict=True)
    }


def parse(model_id: str, path: str, data: bytes) -> Document:
    """The document that a file's bytes hold. Pure."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        return Document(model_id, path, problems=(_of_encoding(message, data, error.start),))
    if "\0" in text:
        nul = _of_encoding("holds a NUL character; is this a text file?", data, data.index(0))
        return Document(model_id, path, problems=(nul,))
    has_mark = text.startswith("\ufeff")
    problems = [warning("file-encoding", "starts with a byte order mark, which is not sent")] if has_mark else []
    text = canonical(text)
    if not text.strip():
        problems.append(Problem("file-empty", "is empty; write the description, or delete the file"))
        return Document(model_id, path, problems=tuple(problems))
    if unfinished.is_pointer(text):
        return Document(model_id, path, problems=(*problems, unfinished.POINTER))
    problems += [*unfinished.conflicts(text), *_near_miss_problems(text, near_misses(text))]
    return Document(model_id, path, text, tuple(problems))


def _of_encoding(message: str, data: bytes, offset: int) -> Problem:
    """At a byte that valid UTF-8 precedes; a lone CR ends a line too."""
    lines = data[:offset].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return Problem("file-encoding", message, len(lines), len(lines[-1].decode()) + 1)


def _near_miss_problems(text: str, misses: tuple[NearMiss, ...]) -> Iterator[Problem]:
    if not misses:
        return
    # Imported late: few files hold a near miss, and the Markdown parser is slow to load.
    from syncjob.text.code_spans import code_spans, is_code

    spans = code_spans(text)
    for miss in misses:
        if not is_code(spans, miss.line, miss.column):
            advice = f"write {miss.repair}" if miss.repair else "write {asset:<id>} or {model:<id>}"
            message = f"{shorten(miss.text, 100)} is not a tag: {advice}, or wrap it in backticks to show it literally"
            yield Problem("tag-malformed", message, miss.line, miss.column)


def _read_regular(path: str, max_file_bytes: int) -> bytes | Problem:
    """A regular file's bytes. Nothing else is ever opened: a pipe would block, a link lead away."""
    try:
        return regular.read(path, max_file_bytes)
    except regular.TooLarge as error:
        advice = "(safety.max_file_bytes, or what doctor --probe saw accepted)"
        return Problem("file-too-large", f"holds {error.size:,} bytes; {max_file_bytes:,} are allowed {advice}")
    except regular.NotRegular as error:
        return Problem("file-special", f"{error.what}; a description is a regular file")
    except regular.Unfit as error:
        return Problem("file-special", error.what)
    except OSError as error:
        return Problem("file-special", f"cannot be read: {error.strerror}")
