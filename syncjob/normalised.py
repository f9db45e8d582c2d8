"""What a server made of a text that it was sent: the same, another form of it, or less of it. Pure."""

import html
import re
from collections import Counter
from typing import Literal

from syncjob.text import normalized, same

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
    before, after = folded(sent), folded(stored)
    kept = {after.removesuffix(end).rstrip() for end in ("", *_ELLIPSES)} - {"", before}
    return before.startswith(tuple(kept))


def is_kin(stored: str, sent: str) -> bool:
    """Whether a text on Scenario is most likely what a server made of another one."""
    return is_same_but_for_form(sent, stored) or is_beginning(stored, sent)


def folded(text: str) -> str:
    """The text without what a server may change and mean the same."""
    return " ".join(normalized(html.unescape(text), "NFKC").split())


def _lacks_something(before: str, after: str) -> bool:
    if is_beginning(after, before):
        return True
    left = iter(before)
    if all(character in left for character in after):  # nothing was added, so something was taken out
        return True
    words = Counter(_WORD.findall(before.casefold()))
    return bool(words - Counter(_WORD.findall(after.casefold())))
