"""Canonical text, its digest and its diff. Pure."""

import difflib
import hashlib
import unicodedata
from collections import Counter

_MOST_PAIRS = 500_000  # a few seconds


def canonical(text: str) -> str:
    r"""The form that is compared and sent: no BOM, `\n` line ends, nothing blank at the end.

    A text of nothing but spaces, tabs and newlines becomes "". Idempotent.
    """
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
    return desired == existing or _nfc(desired) == _nfc(existing)


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def sha256(text: str) -> str | None:
    """Hex digest of a canonical text as UTF-8; None for "", which is no description."""
    return hashlib.sha256(text.encode()).hexdigest() if text else None


def unified_diff(before: str, after: str, *, before_name: str, after_name: str) -> list[str]:
    """The lines of a unified diff of two canonical texts; none where they are equal.

    Lines are split on LF alone: `str.splitlines` would also split on U+2028 and its like.
    "" is no text at all, shown as /dev/null, as git does. Texts whose lines repeat so much that to
    compare them would take minutes are shown as replaced whole.
    """
    old, new = (text.split("\n") if text else [] for text in (before, after))
    names = (before_name if before else "/dev/null", after_name if after else "/dev/null")
    if old != new and _equal_pairs(old, new) > _MOST_PAIRS:
        hunk = f"@@ -1,{len(old)} +1,{len(new)} @@"
        header = [f"--- {names[0]}", f"+++ {names[1]}", hunk]
        return [*header, *(f"-{line}" for line in old), *(f"+{line}" for line in new)]
    return list(difflib.unified_diff(old, new, *names, lineterm=""))


def _equal_pairs(old: list[str], new: list[str]) -> int:
    """How many pairs of equal lines difflib looks at, which its time grows with.

    From 200 lines on it leaves out those that make up more than a hundredth (its `autojunk`).
    """
    most = len(new) // 100 + 1 if len(new) >= 200 else len(new)
    counts = {line: number for line, number in Counter(new).items() if number <= most}
    return sum(counts.get(line, 0) * number for line, number in Counter(old).items())


def count_changes(diff: list[str]) -> tuple[int, int]:
    """(lines added, lines removed) of a unified diff; its two header lines do not count."""
    body = diff[2:]
    added = sum(line.startswith("+") for line in body)
    removed = sum(line.startswith("-") for line in body)
    return added, removed
