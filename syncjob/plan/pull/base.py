"""The text that both a file and a text on Scenario were made from, as far as anybody knows. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from syncjob.git.history.texts import Version
from syncjob.plan.closest import Closest
from syncjob.text.canonical import same, sha256
from syncjob.text.matching import apart_from
from syncjob.text.normalised import is_same_but_for_form


@dataclass(frozen=True, slots=True)
class MergeBase:
    """A text of git's, or one that a sync here sent and git does not hold: it has no commit.

    `is_guess`: it is only the closest, or another may be the right one. `nearer` is a version that Scenario's text is
    closer to, though the base is not guessed.
    """

    version: Version
    is_guess: bool
    nearer: Version | None = None

    @property
    def is_sent(self) -> bool:
        return not self.version.commit


@dataclass(frozen=True, slots=True)
class LastSynced:
    """What a sync left on Scenario: the text, None if nobody has it, and the digests of those that it replaced.

    One without a commit is from a journal: git does not have it.
    """

    version: Version | None
    replaced: frozenset[str | None] = frozenset()


def sent_here(theirs: str) -> MergeBase:
    """The base if Scenario's text is what a sync of this machine sent: nobody has changed that since."""
    return MergeBase(Version("", theirs), is_guess=False)


def find_base(
    ours: str, theirs: str, versions: Sequence[Version], synced: LastSynced | None, seen: Collection[str]
) -> MergeBase | None:
    """The base of a merge; None if git held no text. `versions` are the file's, newest first.

    `seen` are digests of earlier texts of Scenario's that were adopted, merged or acknowledged. Unless a sync has
    replaced it since, Scenario's text was made from the last of them, and only if git has that is the base sure.
    """
    unspent = [digest for digest in seen if synced is None or digest not in synced.replaced]
    if unspent:
        base = next((version for version in versions if sha256(version.text) in unspent), None)
        is_sure = len(unspent) == 1
    else:
        base, is_sure = synced.version if synced else None, True
    if base is None:
        return guessed(ours, theirs, versions)
    if not base.commit:  # nor does git say whether another text was synced later, but by a closer one
        nearer = _nearer(theirs, base, versions)
        return guessed(ours, theirs, versions) if nearer else MergeBase(base, not is_sure)
    return MergeBase(base, not is_sure or _is_overtaken(theirs, base, versions), _nearer(theirs, base, versions))


def later(named: LastSynced, by_journal: LastSynced, versions: Sequence[Version]) -> LastSynced:
    """What the last sync left, by its commit, or by a journal of a run that wrote a text which git got after that.

    Runs that were red in part come after the last one that succeeded. `versions` are the file's, newest first.
    """
    base, written = named.version, by_journal.version
    newer = list(takewhile(lambda version: base is None or not same(version.text, base.text), versions))
    is_elsewhere = base is not None and len(newer) == len(versions)
    if written is None or is_elsewhere or not any(same(version.text, written.text) for version in newer):
        return named
    return LastSynced(written, named.replaced | by_journal.replaced)


def _is_overtaken(theirs: str, base: Version, versions: Sequence[Version]) -> bool:
    """Whether a later version is closer: another machine may have synced it since."""
    newer = list(takewhile(lambda version: not same(version.text, base.text), versions))
    if not newer or len(newer) == len(versions):  # it is the newest, or in another history
        return False
    apart = apart_from(theirs)
    return min(apart(version.text) for version in newer) < apart(base.text)


def _nearer(theirs: str, base: Version, versions: Sequence[Version]) -> Version | None:
    apart = apart_from(theirs)
    nearest = min(versions, key=lambda version: apart(version.text), default=base)
    return nearest if apart(nearest.text) < apart(base.text) else None


def guessed(ours: str, theirs: str, versions: Iterable[Version]) -> MergeBase | None:
    """The version closest to `theirs`: sure if Scenario only stores it in another form, or git held no other."""
    closest = Closest(theirs, ours)
    has_other = False
    for version in versions:
        closest.see(version)
        has_other = has_other or not same(version.text, ours)
    if closest.version is None:
        return None
    return MergeBase(closest.version, has_other and not is_same_but_for_form(closest.version.text, theirs))
