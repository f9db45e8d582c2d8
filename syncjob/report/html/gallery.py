"""The pictures of the assets that a description shows, before and after, as cards beside its texts. Pure."""

from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from syncjob.pictures.fitting import FULL, MAX_PAGE, Picture
from syncjob.plan.compare import Change
from syncjob.plan.references import Entry, Key, assets_in
from syncjob.report.html.rendering import Markup, render
from syncjob.text.matching import equal_runs

Pictures = Mapping[str, Picture | str]
_KINDS = {"3d": "3D model"}
_MOST = 200  # assets of one text
_UNASKED = "it was not looked up"


@dataclass(frozen=True, slots=True)
class _Card:
    """An asset, and its picture or why there is none."""

    id: str
    entry: Entry | None
    picture: Picture | str

    @property
    def kind(self) -> str:
        """What it is, and in which format if it is more than an image."""
        media = self.entry.media if self.entry else None
        if media is None:
            return "Asset"
        kind = _KINDS.get(media.kind, media.kind[:1].upper() + media.kind[1:])
        return kind if media.kind == "image" else f"{kind} ({media.mime_type})"

    @property
    def is_shown(self) -> bool:
        return not isinstance(self.picture, str)

    @property
    def source(self) -> str:
        """An address that holds the picture itself."""
        if isinstance(self.picture, str):
            return ""
        return f"data:image/{self.picture.format};base64,{b64encode(self.picture.data).decode()}"


class Album:
    """The pictures of a page: as many as it may hold are shown, in the order in which they are asked for."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures
        self._room = MAX_PAGE

    def gallery(self, change: Change, missing: frozenset[Key], unasked: Collection[Key] = ()) -> Markup | None:
        """The cards of a change; None if its texts show no asset. `missing` is known not to exist, `unasked` unknown."""
        known = {entry.key: entry for entry in change.known}
        before, after = (assets_in(text, known) for text in (change.before, change.after))
        if not before and not after:
            return None
        is_swap = bool(change.before and change.after)
        swaps = list(_swaps(before[:_MOST], after[:_MOST])) if is_swap else []
        kept = [id_ for id_ in after if id_ in set(before)] if is_swap else before or after
        return render(
            "gallery.html",
            swaps=[
                (self._card(old, known, _unresolved(old, unasked)), self._card(new, known, _unknown(new, missing)))
                for old, new in swaps
            ],
            label="in both texts" if is_swap else "on Scenario" if change.before else "in the file",
            cards=[self._card(id_, known, _unknown(id_, missing)) for id_ in kept[:_MOST]],
            left_out=max(0, len(before) - _MOST, len(after) - _MOST),
        )

    def _card(self, id_: str | None, known: Mapping[Key, Entry], otherwise: str) -> _Card | None:
        if id_ is None:
            return None
        entry = known.get(("asset", id_))
        found = self._pictures.get(id_, otherwise) if entry else otherwise
        if not isinstance(found, str):
            if found.weight > self._room:
                found = FULL
            else:
                self._room -= found.weight
        return _Card(id_, entry, found)


def _unresolved(id_: str | None, unasked: Collection[Key]) -> str:
    is_unasked = id_ is not None and ("asset", id_) in unasked
    return _UNASKED if is_unasked else "Scenario did not resolve it"


def _unknown(id_: str | None, missing: frozenset[Key]) -> str:
    if id_ is not None and ("asset", id_) in missing:
        return "no such asset, or not visible to these credentials"
    return _UNASKED


def _swaps(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str | None, str | None]]:
    """The assets of one text alone, each beside the one that took its place."""
    runs = equal_runs(before, after) or [(0, 0, 0), (len(before), len(after), 0)]
    in_both = set(before) & set(after)
    for (old, new, size), (old_end, new_end, _) in pairwise(runs):
        gone = [id_ for id_ in before[old + size : old_end] if id_ not in in_both]
        come = [id_ for id_ in after[new + size : new_end] if id_ not in in_both]
        yield from zip_longest(gone, come)
