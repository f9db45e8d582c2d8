"""What a server made of a text that it was sent: the same, another form of it, or less of it. Pure."""

import html
import re
from collections import Counter
from collections.abc import Callable
from typing import Literal

from syncjob.text import LARGEST, normalized, same

Stored = Literal["same", "form", "less"]
_WORD = re.compile(r"\w+")
_ELLIPSES = ("...", "[...]")  # what a cut may end in; NFKC makes three dots of the one sign


def what_became(sent: str, stored: str) -> Stored:
    """What a canonical text that was `sent` has become in what is `stored`.

    `form` may differ in anything but is no shorter, or says the same word for word; `less` lacks something.
    """
    if same(sent, stored):
        return "same"
    if is_same_but_for_form(sent, stored):
        return "form"
    if not stored:
        return "less"
    before, after = folded(sent), folded(stored)
    return "less" if len(after) < len(before) and _lacks_something(before, after) else "form"


def is_same_but_for_form(sent: str, stored: str) -> bool:
    """Whether two texts differ only in white space, HTML entities and compatible characters of Unicode."""
    return folded(sent) == folded(stored)


def is_beginning(stored: str, sent: str) -> bool:
    """Whether a text is the beginning of another one, with or without an ellipsis where it was cut."""
    return _is_beginning(folded(stored), folded(sent))


def _is_beginning(after: str, before: str) -> bool:
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
    """The text without what a server may change and mean the same; unchanged where it is too large."""
    if len(text) > LARGEST:
        return text
    return " ".join(normalized(html.unescape(text), "NFKC").split())


def _lacks_something(before: str, after: str) -> bool:
    if is_beginning(after, before):
        return True
    left = iter(before)
    if all(character in left for character in after):  # nothing was added, so something was taken out
        return True
    words = Counter(_WORD.findall(before.casefold()))
    return bool(words - Counter(_WORD.findall(after.casefold())))
