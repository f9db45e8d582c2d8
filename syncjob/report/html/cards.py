"""What a description refers to or embeds, as a small card in its text: nothing is ever loaded. Pure.

A card is one `<data>` element whose value is its source, so that it can be compared as one word.
"""

from collections.abc import Callable, Collection, Mapping
from urllib.parse import urlsplit

from syncjob.plan.references import Entry, Key
from syncjob.report.html.rendering import render
from syncjob.text.tags import Kind

TagCard = Callable[[Kind, str], str]


def tag_cards(
    known: Mapping[Key, Entry], missing: Collection[Key], otherwise: str, unasked: Collection[Key] = ()
) -> TagCard:
    """Makes the card of a tag; `otherwise` is said of what is neither known nor missing, unless it is `unasked`."""

    def card(kind: Kind, id_: str) -> str:
        entry = known.get((kind, id_))
        if (kind, id_) in missing:
            return _card(f"{kind} missing", f"{{{kind}:{id_}}}", kind, "", id_, "does not exist")
        if entry is None:
            note = "not looked up" if (kind, id_) in unasked else otherwise
            return _card(f"{kind} unresolved", f"{{{kind}:{id_}}}", kind, "", id_, note)
        return _card(kind, f"{{{kind}:{id_}}}", kind, entry.name or "", id_, entry.privacy or "")

    return card


def image_card(alt: str, source: str) -> str:
    """The card of an image: its alternative text, and the host that it would be loaded from."""
    return _card("image", f"![{alt}]({source})", "image", alt or "no alternative text", "", _host(source))


def _host(source: str) -> str:
    try:
        parts = urlsplit(source)
        return parts.hostname or (f"{parts.scheme}: address" if parts.scheme else "no host")
    except ValueError:  # a port or a bracket that no URL can have
        return "no host"


def _card(classes: str, value: str, kind: str, name: str, id_: str, note: str) -> str:
    return render("card.html", classes=classes, value=value, kind=kind, name=name, id=id_, note=note)
