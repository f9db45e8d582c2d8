"""What git leaves in the place of a text: the markers of a conflict, and the pointer of a file in Git LFS. Pure."""

import re
from collections.abc import Iterable, Iterator

from syncjob.problems import Problem

_OURS, _BASE, _THEIRS = "<<<<<<< ", "||||||| ", ">>>>>>> "
_MIDDLE = "======="
# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: the version first, then keys in order, under 1,024 bytes.
_POINTER = re.compile(r"version https?://\S+/spec/v1\n(?:ext-\S+ \S+\n)*oid \S+\nsize [0-9]+")
_POINTER_SIZE = 1024


def is_pointer(text: str) -> bool:
    """Whether a canonical text is a pointer of Git LFS, and not the text that it stands for."""
    return text.startswith("version http") and len(text) < _POINTER_SIZE and _POINTER.fullmatch(text) is not None


def pointer() -> Problem:
    """A pointer in the place of a description."""
    message = "is a pointer of Git LFS, not the text: run `git lfs pull`; in GitHub Actions, check out with `lfs: true`"
    return Problem("file-special", message)


def conflicts(text: str) -> Iterator[Problem]:
    """A problem at the first marker of each conflict in a canonical text; markers in code are text."""
    if not (_OURS in text and _THEIRS in text and _MIDDLE in text):
        return
    for line in _first_lines(_markers(text)):
        yield Problem("merge-marker", "a merge conflict begins here: resolve it, and remove its markers", line, 1)


def _markers(text: str) -> Iterator[tuple[int, str]]:
    """(line, marker) of each marker outside code."""
    found = [
        (number, line[: len(_OURS)])
        for number, line in enumerate(text.split("\n"), 1)
        if line.startswith((_OURS, _BASE, _THEIRS)) or line == _MIDDLE
    ]
    if not found:
        return
    # Imported late: few files hold a marker, and the Markdown parser is slow to load.
    from syncjob.markdown import code_spans, is_code

    spans = code_spans(text)
    yield from ((line, marker) for line, marker in found if not is_code(spans, line, 1))


def _first_lines(markers: Iterable[tuple[int, str]]) -> Iterator[int]:
    """The line of the first marker of each whole sequence."""
    begun: int | None = None
    is_half = False
    for line, marker in markers:
        if marker == _OURS:
            begun = begun or line
        elif begun is not None and marker == _MIDDLE:
            is_half = True
        elif begun is not None and marker == _THEIRS and is_half:
            yield begun
            begun, is_half = None, False
