"""Plans, as the commands make them in the same way: what is asked, judged by git, and held to the thresholds."""

import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property, partial
from itertools import chain
from typing import TypeVar

from syncjob.commands.reading import in_parallel
from syncjob.commands.run import Run
from syncjob.environment import is_step
from syncjob.git.history.changes import commits_since
from syncjob.git.history.texts import Texts, texts
from syncjob.local import acknowledged, scope
from syncjob.local.acknowledged import Committed
from syncjob.local.acknowledged_lines import FOLDER, MAX_BYTES
from syncjob.local.names import name_of
from syncjob.output.internal import guarded
from syncjob.plan.acknowledged import by_lines, forgettable, kept_by_file, long_gone
from syncjob.plan.as_stored import as_stored
from syncjob.plan.compare import Change, Plan, failed, in_order, not_compared
from syncjob.plan.drift import behind, is_behind, put_back, with_history
from syncjob.plan.thresholds import Tally, large_review, over_threshold
from syncjob.state.stored_forms import Form, StoredForms
from syncjob.text.canonical import same, sha256
from syncjob.text.normalised import is_same_but_for_form

_T = TypeVar("_T")


def texts_of(run: Run, encodings: Mapping[str, str]) -> AbstractContextManager[Texts]:
    """What git held for the run's files; `encodings` are those in which git writes them."""
    config = run.config
    return texts(config.folder, run.git, encodings, config.safety.max_file_bytes, run.options.since)


def unasked_plan(run: Run) -> Plan:
    """The places of all that a run may have been about, if it was stopped before it knew."""
    return Plan(in_order(map(not_compared, scope.unasked(run.config, run.options.patterns, run.options.shard))))


def ask_all(
    run: Run,
    things: Sequence[_T],
    work: Callable[[_T], Change],
    place: Callable[[_T], Change],
    *,
    is_for_scenario: bool,
) -> list[Change]:
    """The change of each thing, or the `place` of one not reached; `is_for_scenario`: a change needs another request."""

    def guard(thing: _T) -> Change:
        return guarded(partial(work, thing), partial(failed, place(thing)))

    run.progress.expect(len(things))
    done: dict[_T, Change] = {}
    for thing, change in in_parallel(run, things, guard, len(things)):
        run.breaker.note(change.failure)
        if is_for_scenario and change.action != "unchanged":
            run.progress.half_done()
        else:
            run.progress.done()
        done[thing] = change
    return [done[thing] if thing in done else place(thing) for thing in things]


def has_neither(change: Change) -> bool:
    """Whether there is neither a file nor a description."""
    return change.action == "unchanged" and not change.after_sha256


def within_thresholds(
    run: Run,
    plans: Iterable[Plan],
    files: int,
    is_emptied: bool,
    *,
    will_write: bool,
    is_reviewed: Callable[[Change], bool] = lambda change: False,
) -> Iterator[Plan]:
    """The plans, with a problem if all so far would change more than a run may without `--force`."""
    tally, safety = Tally(), run.config.safety
    has_force = run.command == "sync" and not is_step(os.environ)
    for plan in plans:
        tally = tally.plus(plan.changes, is_reviewed)
        is_due = not (run.options.force or plan.is_partial or (plan.rest and not will_write))
        above = over_threshold(tally, files, safety, is_emptied=is_emptied, has_force=has_force) if is_due else ()
        problems = tuple(above) or tuple(large_review(tally, files, safety) if is_due and not plan.rest else ())
        yield replace(plan, problems=(*problems, *plan.problems))


def by_history(run: Run, texts: Texts, beside: Container[str] = ()) -> Callable[[Change], Change]:
    """Judges changes by what git held, by what HEAD acknowledges, and by what became of our own writes.

    Of the files `beside` others, of which only the acknowledged lines changed, a description goes just if HEAD
    acknowledges it.
    """
    return _Judge(run, texts, beside)


def committed_lines(texts: Texts) -> Committed:
    """The acknowledged lines that HEAD has."""
    return Committed(texts.at(FOLDER, MAX_BYTES))


class _Judge:
    """Whether a change would overwrite what neither git nor an earlier run ever held, nor HEAD acknowledges."""

    def __init__(self, run: Run, texts: Texts, beside: Container[str]) -> None:
        self._run = run
        self._texts = texts
        self._beside = beside
        self._committed = committed_lines(texts)
        self._forms = StoredForms(run.config, but=run.id, is_believed=not run.distrust)

    def __call__(self, change: Change) -> Change:
        if change.action == "delete" and name_of(change.model_id) in self._beside and not self._allows(change):
            self._run.progress.half_done()
            return long_gone(change)
        form = self._forms.of(change.model_id)
        judged = self._by_git(change, form)
        if judged is change and not is_same_but_for_form(change.before, change.after):
            return self._as_reviewed(change)
        found = as_stored(change, judged, form, partial(self._held, name_of(change.model_id)))
        if found.action == "unchanged":
            self._run.progress.half_done()  # nothing is to be written
        return found

    def _allows(self, change: Change) -> bool:
        return self._committed.of(change.model_id).allows(self._run.config.profile, change.before_sha256)

    def _held(self, name: str, digest: str) -> bool:
        return any(sha256(version.text) == digest for version in self._texts.of(name))

    def _by_git(self, change: Change, form: Form | None) -> Change:
        """The change, or a conflict that neither a line of HEAD nor another branch explains away."""
        name, texts, may_overwrite = name_of(change.model_id), self._texts, self._run.options.overwrite_remote_edits
        versions = texts.of(name, change.before)
        gap, can_fetch = partial(texts.gap, name), not is_step(os.environ)
        judged = with_history(change, versions, gap, may_overwrite=may_overwrite, can_fetch=can_fetch)
        if judged is change and change.is_write and change.before and not may_overwrite:
            return put_back(change, texts.ahead(name))
        if judged is change or judged.action != "conflict":
            return judged
        config = self._run.config
        here = acknowledged.read(config.folder, change.model_id)
        judged = self._behind(name, judged, form)
        if is_behind(judged):
            return judged
        judged = by_lines(change, judged, self._committed.of(change.model_id), here, config.profile)
        return kept_by_file(judged, texts.of(name, but=self._own_commits)) if judged.is_write else judged

    def _behind(self, name: str, judged: Change, form: Form | None) -> Change:
        """The conflict, which is none over an edit if another branch holds the text, or that of which it is a form."""
        if self._texts.gap(name):
            return judged
        is_form = form is not None and form.stored == judged.before_sha256
        sent = form.sent if form and is_form and not self._held(name, form.sent or "") else None
        return behind(judged, self._texts.elsewhere(name), sent)

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
        if is_kept or self._allows(change):
            return change
        return forgettable(change, since)

    @cached_property
    def _own_commits(self) -> frozenset[str]:
        """Those that a review is about."""
        return commits_since(self._run.config.folder, self._run.options.since or "HEAD", self._run.git)
