"""What git leaves in the place of a text: the markers of a conflict, and the pointer of a file in Git LFS. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from syncjob.problems import Problem, warning

_OURS, _THEIRS = "<<<<<<< ", ">>>>>>> "
_MIDDLE = "======="
# What a pull calls the two sides of a conflict that it writes.
LABELS = ("your file", "Scenario")
_OWN = frozenset({f"{_OURS}{LABELS[0]}", f"{_THEIRS}{LABELS[1]}"})
# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: the version first, then keys in order, under 1,024 bytes.
_POINTER = re.compile(r"version https?://\S+/spec/v1\n(?:ext-\S+ \S+\n)*oid \S+\nsize [0-9]+")
_POINTER_SIZE = 1024
POINTER = Problem(
    "file-special",
    "is a pointer of Git LFS, not the text: run `git lfs pull`; in GitHub Actions, check out with `lfs: true`",
)


def is_pointer(text: str) -> bool:
    """Whether a canonical text is a pointer of Git LFS, and not the text itself."""
    return text.startswith("version http") and len(text) < _POINTER_SIZE and _POINTER.fullmatch(text) is not None


def conflicts(text: str) -> Iterator[Problem]:
    """A problem at the first marker of each conflict in a canonical text, and one at the first that is left over.

    In code a marker is text, and left over it is a warning, unless it is one of a pull's own. One that begins a
    conflict outside of code may have torn the fences of what follows.
    """
    left_over: list[_Marker] = []
    begun: _Marker | None = None
    is_half = False
    for each in _markers(text):
        if each.sign == _OURS and not each.is_in_code:
            begun = begun or each
        elif each.sign == _MIDDLE and begun:
            is_half = True
        elif each.sign == _THEIRS and begun and is_half:
            message = "a merge conflict begins here: resolve it, and remove its markers"
            yield Problem("merge-marker", message, begun.line, 1)
            begun, is_half = None, False
        elif each.sign == _THEIRS and not each.is_in_code:
            left_over.append(each)
    yield from _left_over([*left_over, begun] if begun else left_over)


def own_markers(text: str) -> list[int]:
    """The lines on which a conflict begins that a pull wrote."""
    return [each.line for each in _markers(text) if each.is_own and each.sign == _OURS]


def _left_over(markers: Sequence["_Marker"]) -> Iterator[Problem]:
    """A problem at the first of them, an error if that is a pull's own or any other is."""
    own = [each.line for each in markers if each.is_own]
    if own:
        message = "a marker of `pull --merge` was left over here: remove it"
        yield Problem("merge-marker", message, min(own), 1)
    elif markers:
        message = "a conflict marker was left over here: remove it, or put it into a code block to show it literally"
        yield warning("merge-marker", message, min(each.line for each in markers), 1)


class _Marker(NamedTuple):
    """A marker; `is_own` says that a pull wrote it, which is never taken for code."""

    line: int
    sign: str
    is_in_code: bool
    is_own: bool


def _markers(text: str) -> Iterator[_Marker]:
    """Each marker, in a text that holds more than the middle of one."""
    if not (_OURS in text or _THEIRS in text):
        return
    found = [
        (number, line)
        for number, line in enumerate(text.split("\n"), 1)
        if line.startswith((_OURS, _THEIRS)) or line.rstrip() == _MIDDLE
    ]
    if not any(line.rstrip() != _MIDDLE for _, line in found):
        return
    # Imported late: few files hold a marker, and the Markdown parser is slow to load.
    from syncjob.text.code_spans import code_spans, is_code

    spans = code_spans(text)
    for number, line in found:
        is_own = line.rstrip() in _OWN  # an editor may leave blanks at the end
        sign = _MIDDLE if line.rstrip() == _MIDDLE else line[: len(_OURS)]
        yield _Marker(number, sign, not is_own and is_code(spans, number, 1), is_own)
