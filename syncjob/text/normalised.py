"""What a server made of a text that it was sent: the same, another form of it, or less of it. Pure."""

import html
import re
from collections.abc import Callable, Iterable
from typing import Literal

from syncjob.text.canonical import LARGEST, normalized, same

Stored = Literal["same", "form", "less", "other"]
_WORD = re.compile(r"[^\W_]+")
_TOKEN = re.compile(r"[^\W_]+|\S")
_LONG_REFERENCE = re.compile(r"&#[0-9]{8,}")  # Python makes no number of thousands of digits
_ELLIPSES = ("...", "[...]")  # what a cut may end in; NFKC makes three dots of the one sign


def what_became(sent: str, stored: str) -> Stored:
    """What a canonical text that was `sent` has become in what is `stored`.

    `form` says the same, or has all its words in order; `less` lacks something and adds nothing; `other` is neither.
    """
    if same(sent, stored):
        return "same"
    before, after = folded(sent), folded(stored)
    if before == after:
        return "form"
    if sent and (not stored or _is_beginning(after, before)):
        return "less"
    if max(len(sent), len(stored)) > LARGEST:
        return "other"
    ours, theirs = (_TOKEN.findall(text.casefold()) for text in (before, after))
    if theirs and len(theirs) < len(ours) and _in_order(theirs, ours):
        return "less"
    words = list(filter(_WORD.fullmatch, ours))
    return "form" if words and _in_order(words, theirs) else "other"


def is_same_but_for_form(sent: str, stored: str) -> bool:
    """Whether two texts differ only in white space, HTML entities and compatible characters of Unicode."""
    return folded(sent) == folded(stored)


def _is_beginning(after: str, before: str) -> bool:
    """Whether a folded text is the beginning of another one, with or without an ellipsis at the cut."""
    kept = {after.removesuffix(end).rstrip() for end in ("", *_ELLIPSES)} - {"", before}
    return before.startswith(tuple(kept))


def kin_of(stored: str) -> Callable[[str], bool]:
    """Tells of other texts whether a text on Scenario, which is folded once, is most likely what a server made of them."""
    after = folded(stored)

    def is_kin(sent: str) -> bool:
        before = folded(sent)
        return before == after or _is_beginning(after, before)

    return is_kin


def folded(text: str) -> str:
    """The text without what a server may change and mean the same; unchanged if it is too large."""
    if len(text) > LARGEST:
        return text
    return " ".join(normalized(html.unescape(_LONG_REFERENCE.sub(_cut, text)), "NFKC").split())


def _cut(reference: re.Match[str]) -> str:
    """The same character, which is none if the number is too large."""
    return f"&#{reference[0][2:].lstrip('0')[:8] or 0}"


def _in_order(some: Iterable[str], all_: Iterable[str]) -> bool:
    left = iter(all_)
    return all(each in left for each in some)
