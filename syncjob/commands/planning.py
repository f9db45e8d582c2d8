"""What a run is to do, as Plans: of its files, or of an earlier run's journal."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import TypeVar

from syncjob.commands import deletions, reading
from syncjob.commands.reading import in_parallel
from syncjob.commands.run import Run
from syncjob.errors import Stopped
from syncjob.files import whole
from syncjob.git import history
from syncjob.git.worktree import uncommitted
from syncjob.local import scope
from syncjob.local.document import Document, name_of
from syncjob.local.select import select
from syncjob.output.internal import guarded
from syncjob.plan.as_stored import as_stored
from syncjob.plan.compare import Change, Plan, Tally, failed, in_order, left_alone, not_compared, over_threshold
from syncjob.plan.drift import with_history
from syncjob.plan.pull import pulled, with_collisions
from syncjob.plan.rollback import not_read, put_back, wrote_nothing
from syncjob.problems import Problem
from syncjob.remote.models import own_models
from syncjob.state import past_runs
from syncjob.state.cache import Memory
from syncjob.state.resume import first_since, records_of
from syncjob.state.stored_forms import StoredForms
from syncjob.text.normalised import is_same_but_for_form
from syncjob.text.tags import is_id

_T = TypeVar("_T")


def plans_of_files(run: Run, *, will_write: bool) -> Iterator[Plan]:
    """What the files ask for, in slices. With `will_write` a bad file refuses the run before any request."""
    options, config = run.options, run.config
    try:
        found = scope.find(
            config,
            options.patterns,
            options.since,
            shard=options.shard,
            will_prune=options.prune,
            git=run.git,
            stop=run.stop,
        )
    except Stopped:
        yield unasked_plan(run)
        return
    is_strict = will_write and not options.keep_going
    if is_strict and not all(document.is_valid for document in found.documents(run.stop)):
        # Not one request is worth sending.
        yield Plan(in_order(map(not_compared, found.documents(run.stop))), found.problems)
        return
    with deletions.remembered(run, found) as memory, texts_of(run, found.encodings) as texts:
        removed, problems = deletions.removed(run, found, memory)
        if is_strict and problems:
            yield Plan(in_order(map(not_compared, found.documents(run.stop))), (*found.problems, *problems))
            return
        left = () if options.prune else (left_alone(found.files.unread(name)) for name in removed)
        yield Plan(in_order(left), (*found.problems, *problems), is_partial=True)
        asked = (*found.asked, *(removed if options.prune else ()))
        judge = by_history(run, texts)
        plans = reading.plans(run, asked, found.files, judge, memory, "paced" if will_write else "even")
        plans = map(_without_nothing, plans) if options.prune and found.is_whole else plans
        yield from within_thresholds(run, plans, found.count, not found.names, will_write=will_write)


def texts_of(run: Run, encodings: Mapping[str, str]) -> AbstractContextManager[history.Texts]:
    """What git held for the run's files; `encodings` are those in which git writes them."""
    return history.texts(run.config.folder, run.git, encodings, run.config.safety.max_file_bytes)


def unasked_plan(run: Run) -> Plan:
    """The places of all that a run may have been about that was told to end before it knew."""
    return Plan(in_order(map(not_compared, scope.unasked(run.config, run.options.patterns, run.options.shard))))


def plan_of_rollback(run: Run, earlier: str) -> Plan:
    """What puts back the texts that an earlier run overwrote; raises UsageError where it cannot be told."""
    config = run.config
    found = past_runs.writes(records_of(config, earlier))
    unknown = {model_id for model_id, write in found.items() if write.effect == "unknown"}
    later = first_since(config, earlier, unknown, but=run.id)
    writes = [past_runs.settled(write, later.get(model_id)) for model_id, write in found.items()]

    def read_and_compare(write: past_runs.Write) -> Change:
        if write.effect == "none":
            return wrote_nothing(write)
        return put_back(write, run.remote.read(write.intent.model_id), is_forced=run.options.force)

    def work(write: past_runs.Write) -> Change:
        change = guarded(partial(read_and_compare, write), partial(failed, not_read(write)))
        return replace(change, source=f"run/{earlier}/{change.model_id}")

    done = dict(_ask_all(run, writes, work, is_for_scenario=True))
    unread = (not_read(write) for write in writes if write not in done)
    return Plan(in_order((*done.values(), *unread)))


def plan_of_pull(run: Run, *, takes_all: bool) -> Plan:
    """What Scenario's texts make of the files; raises UsageError for a pattern that names neither file nor model."""
    config, options = run.config, run.options
    names = scope.names_of(config, may_be_empty=True)
    try:
        worktree = scope.known_worktree(config, names, run.git)
        unsaved = frozenset[str]() if options.force else uncommitted(config.folder, run.git)
        found, problems = _to_pull(run, names, takes_all=takes_all)
        new = scope.known_worktree(config, scope.in_order(found - set(names)), run.git, are_there=False)
        worktree = worktree.plus(new)
    except Stopped:
        return unasked_plan(run)
    there = scope.Files(config, names, worktree)
    documents = [there.unread(name) if run.stop.requested else there.read(name) for name in scope.in_order(found)]
    longest_name = whole.max_name_bytes(config.folder)

    def read_and_take(document: Document) -> Change:
        if not is_id(document.model_id):
            return not_compared(document)
        name = name_of(document.model_id)
        may_overwrite = unsaved is not None and name not in unsaved
        must_exist = document.model_id in options.patterns and name not in names
        return pulled(
            document,
            run.remote.read(document.model_id),
            max_file_bytes=config.safety.max_file_bytes,
            max_name_bytes=longest_name,
            may_overwrite=may_overwrite,
            must_exist=must_exist,
            encoding=worktree.encodings.get(name),
        )

    def work(document: Document) -> Change:
        return guarded(partial(read_and_take, document), partial(failed, not_compared(document)))

    taken = dict(_ask_all(run, documents, work, is_for_scenario=False))
    changes = with_collisions((taken.get(each) or not_compared(each) for each in documents), names)
    if takes_all:
        changes = [change for change in changes if name_of(change.model_id) in names or not _has_neither(change)]
    return Plan(in_order(changes), problems)


def _ask_all(
    run: Run, things: Sequence[_T], work: Callable[[_T], Change], *, is_for_scenario: bool
) -> Iterator[tuple[_T, Change]]:
    """Each thing with its change; `is_for_scenario` says that what has changed needs another request."""
    run.progress.expect(len(things))
    for thing, change in in_parallel(run, things, work, len(things)):
        run.breaker.note(change.failure)
        if is_for_scenario and change.action != "unchanged":
            run.progress.half_done()
        else:
            run.progress.done()
        yield thing, change


def _to_pull(run: Run, names: Sequence[str], *, takes_all: bool) -> tuple[frozenset[str], tuple[Problem, ...]]:
    """The names of the files that a pull is about, there or not; a problem where models could not be listed."""
    patterns, folder = run.options.patterns, run.config.folder
    if not (takes_all or patterns):
        return frozenset(names), ()
    if not (takes_all or any(sign in pattern for pattern in patterns for sign in "*?[")):
        named = (name_of(pattern) for pattern in patterns if is_id(pattern))
        return select({*names, *named}, patterns, folder), ()
    models, problems = own_models(run.client, run.config.project_id, Memory(None), run.stop, run.breaker)
    if problems or run.stop.requested:
        return frozenset(), problems
    return select(models if takes_all else {*models, *names}, patterns, folder), ()


def _without_nothing(plan: Plan) -> Plan:
    """Without those that have neither file nor description: only a description that is to go is worth a word."""
    return replace(plan, changes=tuple(change for change in plan.changes if not _has_neither(change)))


def _has_neither(change: Change) -> bool:
    return change.action == "unchanged" and not change.after_sha256


def within_thresholds(
    run: Run, plans: Iterable[Plan], files: int, is_emptied: bool, *, will_write: bool
) -> Iterator[Plan]:
    """The plans, with a problem where all so far would change more than a run may without `--force`."""
    tally = Tally()
    for plan in plans:
        tally = tally.plus(plan.changes)
        is_due = not (run.options.force or plan.is_partial or (plan.rest and not will_write))
        above = over_threshold(tally, files, run.config.safety, is_emptied=is_emptied) if is_due else ()
        yield replace(plan, problems=(*plan.problems, *above))


def by_history(run: Run, texts: history.Texts) -> Callable[[Change], Change]:
    """Judges changes by what git held, and by what became of our own writes."""
    forms = StoredForms(run.config, but=run.id, is_believed=not run.distrust)
    return partial(_judged_by_history, run, texts, forms)


def _judged_by_history(run: Run, texts: history.Texts, forms: StoredForms, change: Change) -> Change:
    """The change, as a conflict where it would overwrite what neither git nor an earlier run ever held."""
    name = name_of(change.model_id)
    versions = texts.of(name)
    judged = with_history(change, versions, partial(texts.gap, name), may_overwrite=run.options.overwrite_remote_edits)
    if judged is change and not is_same_but_for_form(change.before, change.after):
        return change
    found = as_stored(change, judged, forms.of(change.model_id))
    if found.action == "unchanged":
        run.progress.half_done()  # nothing is to be written
    return found
