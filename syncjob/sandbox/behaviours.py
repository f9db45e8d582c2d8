"""What the API leaves open, and the answers that the stand-in can give. Pure."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from syncjob.errors import UsageError
from syncjob.text.closest import hint

VARIABLE = "SYNCJOB_SANDBOX_PLAY"  # such words with spaces between; click's own name for `sandbox --play`
NoDescription = Literal["empty", "null-value", "null", "404"]


@dataclass(frozen=True, slots=True)
class Plays:
    """One answer for each unknown of the API; the defaults are what clients of it expect."""

    # What GET returns for a model without a description: `"value": ""`, `"value": null`, `"description": null`, or 404.
    no_description: NoDescription = "empty"
    # What PUT does with "": the same as with null, or 400.
    empty_text: Literal["deletes", "refused"] = "deletes"
    # What is stored of CRLF, of white space at the end, and of decomposed characters.
    crlf: Literal["kept", "lf"] = "kept"
    ending: Literal["kept", "stripped"] = "kept"
    unicode: Literal["kept", "nfc"] = "kept"
    # The largest text in bytes of UTF-8; a larger one gets 413.
    size: Literal["unlimited", "400000"] = "unlimited"
    # Whether a tag inside code is a reference.
    code: Literal["listed", "ignored"] = "listed"
    # What becomes of a PUT whose text refers to an unknown id, and of such an id in a bulk call.
    unknown_tag: Literal["left-out", "refused"] = "left-out"
    unknown_in_bulk: Literal["left-out", "refused"] = "left-out"
    # Whether an edit of the description moves the model's `updatedAt`, and in which steps.
    updated_at: Literal["moves", "stays"] = "moves"
    ticks: Literal["milliseconds", "seconds"] = "milliseconds"

    def stored(self, text: str) -> str:
        text = text.replace("\r\n", "\n") if self.crlf == "lf" else text
        text = text.rstrip() if self.ending == "stripped" else text
        return unicodedata.normalize("NFC", text) if self.unicode == "nfc" else text


def parse(words: Iterable[str]) -> Plays:
    """The plays that words such as `no_description=404` ask for; raises UsageError for one that is none."""
    known = {field.name: get_args(field.type) for field in fields(Plays)}
    chosen: dict[str, Any] = {}
    for word in words:
        name, _, value = word.partition("=")
        name = name.replace("-", "_")
        if name not in known:
            raise UsageError(f"the stand-in does not know {name!r}; it knows {', '.join(known)}{hint(name, known)}")
        if value not in known[name]:
            raise UsageError(f"{name} cannot be {value!r}; use one of: {', '.join(known[name])}")
        chosen[name] = value
    return Plays(**chosen)
