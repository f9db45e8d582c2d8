"""Canonical text, its digest and its diff. Pure."""

import difflib
import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

from syncjob.text.matching import EqualRun, equal_runs

# A longer text is compared byte by byte and shown to nobody: what is done to a text takes seconds then, deaf to signals.
LARGEST = 2_000_000
_MOST_MARKS = 30
_MANY_MARKS = re.compile(f"[^\0-\u02ff]{{{_MOST_MARKS + 1}}}")  # or as many letters of most scripts: the first sieve


def canonical(text: str) -> str:
    r"""The form that is compared and sent: no BOM, `\n` line ends, nothing blank at the end. Idempotent."""
    text = text.lstrip("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    last = len(text.rstrip(" \t\n"))
    if not last:
        return ""
    end = text.find("\n", last)
    return text if end < 0 else text[:end]


def same(desired: str, existing: str) -> bool:
    """Whether two canonical texts are equal under Unicode NFC."""
    return desired == existing or normalized(desired, "NFC") == normalized(existing, "NFC")


def normalized(text: str, form: Literal["NFC", "NFD", "NFKC"]) -> str:
    """The text in a form of Unicode; unchanged if it is too large, or marks pile up as in no language.

    Python sorts the marks on one letter in a time that grows with their square, deaf to signals. The Stream-Safe
    Text Format (UAX 15) allows 30.
    """
    if len(text) > LARGEST or text.isascii() or (_MANY_MARKS.search(text) and _has_too_many_marks(text)):
        return text
    return unicodedata.normalize(form, text)


def _has_too_many_marks(text: str) -> bool:
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks > _MOST_MARKS:
            return True
    return False


def sha256(text: str) -> str | None:
    """Hex digest of a canonical text as UTF-8; None for "", which is no description."""
    return hashlib.sha256(text.encode()).hexdigest() if text else None


def unified_diff(before: str, after: str, *, before_name: str, after_name: str) -> list[str]:
    """The lines of a unified diff of two canonical texts; none if they are equal.

    Lines are split on LF alone: `str.splitlines` would also split on U+2028 and its like.
    "" is no text at all, shown as /dev/null, as git does. Texts that would take minutes to compare are
    shown as replaced whole, and of those that are too large one line says so.
    """
    if before == after:
        return []
    names = (before_name if before else "/dev/null", after_name if after else "/dev/null")
    header = [f"{sign} {' '.join(name.split())}" for sign, name in zip(("---", "+++"), names, strict=True)]
    if max(len(before), len(after)) > LARGEST:
        return [*header, f"Too large to be shown: {len(before):,} characters before, {len(after):,} after"]
    old, new = (text.split("\n") if text else [] for text in (before, after))
    return [*header, *_hunks(old, new, equal_runs(old, new))]


def _hunks(old: Sequence[str], new: Sequence[str], runs: Sequence[EqualRun] | None) -> Iterator[str]:
    if runs is None:
        yield f"@@ -1,{len(old)} +1,{len(new)} @@"
        yield from (f"-{line}" for line in old)
        yield from (f"+{line}" for line in new)
        return
    for group in _Known(runs).get_grouped_opcodes():
        (_, first_old, _, first_new, _), (_, _, last_old, _, last_new) = group[0], group[-1]
        yield f"@@ -{_range(first_old, last_old)} +{_range(first_new, last_new)} @@"
        for tag, start_old, end_old, start_new, end_new in group:
            if tag == "equal":
                yield from (f" {line}" for line in old[start_old:end_old])
                continue
            yield from (f"-{line}" for line in old[start_old:end_old])
            yield from (f"+{line}" for line in new[start_new:end_new])


class _Known(difflib.SequenceMatcher[str]):
    """difflib's own opcodes and hunks, of runs that are known already."""

    def __init__(self, runs: Sequence[EqualRun]) -> None:
        super().__init__()
        joined: list[difflib.Match] = []
        for old, new, size in runs[:-1]:
            if joined and (joined[-1].a + joined[-1].size, joined[-1].b + joined[-1].size) == (old, new):
                old, new, size = joined[-1].a, joined[-1].b, joined.pop().size + size
            if size:
                joined.append(difflib.Match(old, new, size))
        self._runs = [*joined, difflib.Match(*runs[-1])]

    def get_matching_blocks(self) -> list[difflib.Match]:
        return self._runs


def _range(start: int, end: int) -> str:
    """A line range as `diff -u` writes it: from 1, the length left out if it is 1."""
    length = end - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"


def count_changes(diff: list[str]) -> tuple[int, int]:
    """(lines added, lines removed) of a unified diff; its two header lines do not count."""
    if not diff:
        return 0, 0
    signs = Counter(line[:1] for line in diff[2:])
    return signs["+"], signs["-"]
