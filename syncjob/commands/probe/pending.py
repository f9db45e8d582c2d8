"""Texts that were sent without a clear response, and may still arrive. Pure."""

from syncjob.commands.probe.described import mark
from syncjob.text.sanitize import shorten


class Pending:
    """Those of one model; `held` is what it is known to have held."""

    def __init__(self, held: str | None) -> None:
        self._held = {mark(held)}
        self._sent: list[tuple[str | None, bool]] = []

    def __len__(self) -> int:
        return len(self._sent)

    def __str__(self) -> str:
        return ", ".join(_told(text) for text, _ in self._sent)

    def add(self, text: str | None) -> None:
        """Takes in a text; that it arrived shows only if the model never held it before."""
        self._sent.append((text, mark(text) not in self._held))

    def seen(self, *texts: str | None) -> None:
        """What the model holds: these arrive no more."""
        shown = set(map(mark, texts))
        self._held |= shown
        self._sent = [
            (text, is_telling) for text, is_telling in self._sent if not is_telling or mark(text) not in shown
        ]


def _told(text: str | None) -> str:
    return f"the text '{shorten(text, 40)}' ({len(text):,} characters)" if text else "the deletion of the description"
