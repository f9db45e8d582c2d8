"""A file's text and Scenario's -> one with the changes of both, over the text that both were made from."""

from dataclasses import replace
from typing import NamedTuple

from syncjob.commands.judging import Evidence
from syncjob.commands.run import Run
from syncjob.errors import UsageError
from syncjob.git.call import GitFailed
from syncjob.git.history.changes import named
from syncjob.git.history.head import HeadFiles
from syncjob.git.history.texts import Texts, Version
from syncjob.git.merge import Merged, merge
from syncjob.local import acknowledged
from syncjob.local.acknowledged import Committed
from syncjob.local.acknowledged_lines import FOLDER, MAX_BYTES, Line
from syncjob.local.document import Document
from syncjob.local.names import name_of
from syncjob.local.unfinished import LABELS
from syncjob.plan.compare import Change
from syncjob.plan.pull.base import LastSynced, MergeBase, find_base, later, sent_here
from syncjob.plan.pull.merging import not_merged, with_both
from syncjob.problems import Problem, warning
from syncjob.state.last_writes import LastWrite
from syncjob.text.canonical import canonical, same, sha256

# How many characters of a file's versions may be its base; if there are more, any base is a guess.
_MOST = 20_000_000


def last_sync(run: Run) -> tuple[str | None, tuple[Problem, ...]]:
    """The commit that `--since` names, None if it was not given, or leads nowhere: then with a warning.

    Raises UsageError for one that was mistyped.
    """
    revision = run.options.since
    if revision is None:
        return None, ()
    found = named(run.config.folder, revision, run.git)
    if found.is_slip:
        raise UsageError(found.reason)
    if found.commit is None:
        return None, (warning("since-unknown", f"{found.reason}; the base of each merge comes from the journals"),)
    return found.commit, ()


class _Synced(NamedTuple):
    """What the commit of the last sync has."""

    commit: str
    files: HeadFiles
    lines: Committed

    @classmethod
    def at(cls, commit: str, texts: Texts, max_file_bytes: int) -> "_Synced":
        lines = texts.at(FOLDER, MAX_BYTES, commit)
        return cls(commit, texts.at("", max_file_bytes, commit), Committed(lines))

    def version(self, change: Change) -> Version | None:
        """A change's file; None if it has none."""
        data = self.files.read(name_of(change.model_id))
        return Version(self.commit, canonical(data.decode("utf-8", "replace"))) if data else None


class Merging:
    """Merges the changes of a pull; `since` is the commit of the last sync, None if the journals alone are to tell."""

    def __init__(self, evidence: Evidence, since: str | None) -> None:
        self._evidence = evidence
        self._run = evidence.run
        self._texts = evidence.texts
        self._synced = _Synced.at(since, self._texts, self._run.config.safety.max_file_bytes) if since else None

    def merged(self, document: Document, change: Change) -> Change:
        """The change with both sides' changes; a `conflict` if nothing can be merged. Raises Stopped."""
        for problem in document.problems:
            if problem.code == "merge-marker" and problem.is_error:
                return replace(change, action="conflict", problems=(problem,))
        try:
            base = self._base(change)
            if base is None:
                return not_merged(change, "git held no text that Scenario's was made from")
            return with_both(change, base, self._merge(change, base))
        except GitFailed as error:
            return not_merged(change, str(error))

    def _base(self, change: Change) -> MergeBase | None:
        last, seen = self._evidence.last_writes.of(change.model_id), self._seen(change)
        # If an edit of that was taken over, somebody may have undone the edit there: then the edit is the base.
        if last.is_from_file(change.after_sha256) and seen <= last.replaced:
            return sent_here(change.after)
        versions, is_all = self._newest(name_of(change.model_id))
        base = find_base(change.before, change.after, versions, self._last(change, versions), seen)
        return base if is_all or base is None else replace(base, is_guess=True)

    def _newest(self, name: str) -> tuple[list[Version], bool]:
        """As many versions of a file as are held in memory and compared in no time, and whether those are all."""
        versions: list[Version] = []
        room = _MOST
        for version in self._texts.of(name):
            if room <= 0:
                return versions, False
            versions.append(version)
            room -= len(version.text)
        return versions, True

    def _merge(self, change: Change, base: MergeBase) -> Merged:
        text = base.version.text
        if same(text, change.before):  # only one side has changed
            return Merged(change.after, 0)
        return merge(text, change.before, change.after, LABELS, self._run.git)

    def _seen(self, change: Change) -> frozenset[str]:
        """The digests of earlier texts that were adopted, merged or acknowledged, here or in HEAD."""
        here = acknowledged.read(self._run.config.folder, change.model_id).counted
        committed = self._evidence.committed.of(change.model_id).counted
        return self._own(here | committed) - {change.after_sha256 or ""}

    def _own(self, lines: frozenset[Line]) -> frozenset[str]:
        return frozenset(line.sha256 for line in lines if line.profile == self._run.config.profile)

    def _last(self, change: Change, versions: list[Version]) -> LastSynced:
        """What the last sync left."""
        last = self._evidence.last_writes.of(change.model_id)
        written = (version for version in versions if last.sha256 and sha256(version.text) == last.sha256)
        by_journal = LastSynced(next(written, None) or _sent(last), last.replaced)
        if self._synced is None:
            return by_journal
        lines = self._synced.lines.of(change.model_id).counted
        return later(LastSynced(self._synced.version(change), self._own(lines)), by_journal, versions)


def _sent(last: LastWrite) -> Version | None:
    """The text that a sync here last sent, if git did not have it and the journal does."""
    return Version("", last.text) if last.text and last.is_from_file(sha256(last.text)) else None
