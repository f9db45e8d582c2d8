"""What git leaves in the place of a text: the markers of a conflict, and the pointer of a file in Git LFS. Pure."""

import re
from collections.abc import Iterator

from syncjob.problems import Problem, warning

_OURS, _THEIRS = "<<<<<<< ", ">>>>>>> "
_MIDDLE = "======="
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
    """A problem at the first marker of each conflict in a canonical text, and a warning at the first that is left over.

    In code a marker is text; but one that begins a conflict outside of it may have torn the fences of what follows.
    """
    left_over: list[int] = []
    begun: int | None = None
    is_half = False
    for line, marker, is_in_code in _markers(text):
        if marker == _OURS and not is_in_code:
            begun = begun or line
        elif marker == _MIDDLE and begun:
            is_half = True
        elif marker == _THEIRS and begun and is_half:
            yield Problem("merge-marker", "a merge conflict begins here: resolve it, and remove its markers", begun, 1)
            begun, is_half = None, False
        elif marker == _THEIRS and not is_in_code:
            left_over.append(line)
    if left_over or begun:
        message = "a conflict marker was left over here: remove it, or put it into a code block to show it literally"
        yield warning("merge-marker", message, min((*left_over, begun) if begun else left_over), 1)


def _markers(text: str) -> Iterator[tuple[int, str, bool]]:
    """(line, marker, whether it is in code) of each marker, in a text that holds more than the middle of one."""
    if not (_OURS in text or _THEIRS in text):
        return
    found = [
        (number, line[: len(_OURS)])
        for number, line in enumerate(text.split("\n"), 1)
        if line.startswith((_OURS, _THEIRS)) or line == _MIDDLE
    ]
    if not any(marker != _MIDDLE for _, marker in found):
        return
    # Imported late: few files hold a marker, and the Markdown parser is slow to load.
    from syncjob.text.code_spans import code_spans, is_code

    spans = code_spans(text)
    yield from ((line, marker, is_code(spans, line, 1)) for line, marker in found)
