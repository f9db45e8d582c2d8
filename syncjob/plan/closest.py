"""Which version in git a text on Scenario was most likely made from. Pure."""

from syncjob.git.history.texts import Version
from syncjob.text.canonical import same
from syncjob.text.matching import apart_from
from syncjob.text.normalised import kin_of


class Closest:
    """Of the versions that it is shown, the one that `text` was most likely made from; only that is kept.

    First one of which a server may have made it, then most lines in common; of equals the newest that is not the
    file's `own`, which says nothing of where an edit began.
    """

    def __init__(self, text: str, own: str) -> None:
        self._own = own
        self._is_kin = kin_of(text)
        self._apart = apart_from(text)
        self._rank: tuple[bool, int, bool] | None = None
        self.version: Version | None = None

    def see(self, version: Version) -> None:
        """Takes in a version; the newest come first."""
        rank = (not self._is_kin(version.text), self._apart(version.text), same(version.text, self._own))
        if self._rank is None or rank < self._rank:
            self._rank, self.version = rank, version

    @property
    def is_kin(self) -> bool:
        """Whether a server may have made the text of the version, which nobody need have edited then."""
        return self._rank is not None and not self._rank[0]
