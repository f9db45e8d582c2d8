"""What git and this machine's journals know of texts on Scenario, and what a write over them is by that."""

from collections.abc import Callable, Container, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain

from syncjob.commands.run import Run
from syncjob.git.call import EndedEarly, GitFailed
from syncjob.git.history.changes import commits_since, named
from syncjob.git.history.head import HeadFiles
from syncjob.git.history.texts import Texts, texts
from syncjob.local import acknowledged
from syncjob.local.acknowledged import Committed
from syncjob.local.acknowledged_lines import FOLDER, MAX_BYTES
from syncjob.local.names import name_of
from syncjob.plan.acknowledged import by_lines, forgettable, kept_by_file, long_gone
from syncjob.plan.as_stored import as_stored
from syncjob.plan.compare import Change
from syncjob.plan.drift import behind, emptied, is_behind, put_back, unsure, with_history, written_here
from syncjob.state.last_writes import Form, LastWrites
from syncjob.text.canonical import same, sha256
from syncjob.text.normalised import is_same_but_for_form


def texts_of(run: Run, encodings: Mapping[str, str]) -> AbstractContextManager[Texts]:
    """What git held for the run's files; `encodings` are those in which git writes them."""
    config = run.config
    return texts(config.folder, run.git, encodings, config.safety.max_file_bytes, run.options.since)


@dataclass(frozen=True)
class Evidence:
    """What a run can know of the texts that it meets; each part is read once, and only if it is asked."""

    run: Run
    texts: Texts

    @cached_property
    def committed(self) -> Committed:
        """The acknowledged lines that HEAD has."""
        return Committed(self.texts.at(FOLDER, MAX_BYTES))

    @cached_property
    def last_writes(self) -> LastWrites:
        """What earlier runs left on Scenario."""
        return LastWrites(self.run.config, but=self.run.id, is_believed=not self.run.distrust)

    def emptied(self, change: Change) -> Change:
        """A change of what Scenario has no text for; with a warning if it had one before."""
        had_text = self.last_writes.of(change.model_id).has_text
        if had_text:
            return emptied(change)
        if had_text is False:  # a run here left nothing there
            return change
        commit = self._synced_at(name_of(change.model_id))
        return emptied(change, commit) if commit else change

    def _synced_at(self, name: str) -> str | None:
        """The commit that --since names, if it has a text in that file."""
        commit, files = self._synced
        with suppress(GitFailed):
            return commit if commit and (files.read(name) or b"").strip() else None
        return None

    @cached_property
    def _synced(self) -> tuple[str | None, HeadFiles]:
        config, since = self.run.config, self.run.options.since
        commit = named(config.folder, since, self.run.git).commit if since else None
        return commit, self.texts.at("", config.safety.max_file_bytes, commit or "HEAD")

    def allows(self, change: Change) -> bool:
        """Whether HEAD says that the text on Scenario may be replaced."""
        return self.committed.of(change.model_id).allows(self.run.config.profile, change.before_sha256)

    def wrote(self, change: Change, digest: str | None) -> bool:
        """Whether the text with that digest is what a run here last left on Scenario."""
        return digest is not None and self.last_writes.of(change.model_id).sha256 == digest


def by_history(evidence: Evidence, beside: Container[str] = ()) -> Callable[[Change], Change]:
    """Judges changes by what git held, by what HEAD acknowledges, and by what became of our own writes.

    Of the files `beside` others, of which only the acknowledged lines changed, a description goes just if HEAD
    acknowledges it.
    """
    return _Judge(evidence, beside)


class _Judge:
    """Whether a change would overwrite what neither git nor an earlier run ever held, nor HEAD acknowledges."""

    def __init__(self, evidence: Evidence, beside: Container[str]) -> None:
        self._evidence = evidence
        self._run = evidence.run
        self._texts = evidence.texts
        self._beside = beside
        self._own_unknown: str | None = None

    def __call__(self, change: Change) -> Change:
        if change.action == "create":
            return self._evidence.emptied(change)
        if change.action == "delete" and name_of(change.model_id) in self._beside and not self._evidence.allows(change):
            self._run.progress.half_done()
            return long_gone(change)
        judged = self._by_git(change)
        if judged is change and not is_same_but_for_form(change.before, change.after):
            return self._as_reviewed(change)
        found = as_stored(change, judged, self._form(change), partial(self._held, name_of(change.model_id)))
        if found.action == "unchanged":
            self._run.progress.half_done()  # nothing is to be written
        return found

    def _form(self, change: Change) -> Form | None:
        return self._evidence.last_writes.of(change.model_id).form

    def _held(self, name: str, digest: str) -> bool:
        return any(sha256(version.text) == digest for version in self._texts.of(name))

    def _by_git(self, change: Change) -> Change:
        """The change, or a conflict that neither a line of HEAD nor another branch explains away."""
        name, texts, may_overwrite = name_of(change.model_id), self._texts, self._run.options.overwrite_remote_edits
        versions = texts.of(name, change.before)
        judged = with_history(change, versions, partial(texts.gap, name), may_overwrite=may_overwrite)
        if judged is change and change.is_write and change.before and not may_overwrite:
            found = put_back(change, texts.ahead(name))
            fault = texts.fault(name) if found is change else None
            return unsure(change, fault) if fault else found
        if judged is change or judged.action != "conflict":
            return judged
        judged = self._behind(name, judged)
        if is_behind(judged) or texts.fault(name):
            return judged
        config = self._run.config
        here = acknowledged.read(config.folder, change.model_id)
        judged = by_lines(change, judged, self._evidence.committed.of(change.model_id), here, config.profile)
        return kept_by_file(judged, texts.of(name, but=self._own_commits)) if judged.is_write else judged

    def _behind(self, name: str, judged: Change) -> Change:
        """The conflict, which is none over an edit if another branch holds the text, or that of which it is a form.

        Nor is it one if a run here wrote the text last.
        """
        form = self._form(judged)
        is_form = form is not None and form.stored == judged.before_sha256
        sent = form.sent if form and is_form and not self._held(name, form.sent or "") else None
        found = behind(judged, self._texts.elsewhere(name), sent)
        if found is not judged or self._texts.gap(name):
            return found
        if fault := self._texts.fault(name):
            return unsure(judged, fault)
        return written_here(judged) if self._evidence.wrote(judged, judged.before_sha256) else judged

    def _as_reviewed(self, change: Change) -> Change:
        """A change over a text that git held; with a warning if it is reviewed, and a squash would forget that text."""
        since = self._run.options.since
        if since is None or self._run.journal is not None or not (change.is_write and change.before):
            return change
        name = name_of(change.model_id)
        kept = chain(
            self._texts.of(name, change.before, self._own_commits), (held for _, held in self._texts.elsewhere(name))
        )
        is_kept = any(same(version.text, change.before) for version in kept) or self._texts.gap(name)
        if (is_kept and not self._own_unknown) or self._evidence.allows(change):
            return change
        return forgettable(change, since, self._own_unknown)

    @cached_property
    def _own_commits(self) -> frozenset[str]:
        """Those that a review is about; none, and why, if git was ended before it had told them all."""
        try:
            return commits_since(self._run.config.folder, self._run.options.since or "HEAD", self._run.git)
        except EndedEarly as error:
            self._own_unknown = str(error)
            return frozenset()
