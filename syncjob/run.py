"""One run of check, diff or sync, from config to Report: the steps of the other modules in order."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol, TypeVar

from syncjob import log, workers
from syncjob.apply import Outcome, apply
from syncjob.breaker import Breaker
from syncjob.config import Config
from syncjob.connection import connect, offline
from syncjob.documents import Document, read_folder
from syncjob.lookup import look_up
from syncjob.plan import Change, Plan, compare, make_plan, not_compared, with_references
from syncjob.problems import Failure, Problem
from syncjob.references import Catalogue, Key, model_unknown, problems_of
from syncjob.remote import Remote
from syncjob.report import build
from syncjob.report.model import Item, Report, Requests
from syncjob.report.status import End, exit_code
from syncjob.scenario import Scenario
from syncjob.selection import select
from syncjob.signals import Interrupts, ending
from syncjob.workers import Stop

_T = TypeVar("_T")
Command = Literal["check", "diff", "sync"]
# Shown the plan before anything is written, and whether there is anything to write; False calls it off.
Review = Callable[[Report, bool], bool]


class Track(Protocol):
    """Shows progress while `things` are consumed, `total` of them."""

    def __call__(self, label: str, things: Iterable[_T], total: int) -> Iterable[_T]: ...


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks of a run."""

    patterns: tuple[str, ...] = ()
    keep_going: bool = False
    force: bool = False
    exit_code: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """A run that has begun: what it is told, and what may end it."""

    id: str
    command: Command
    config: Config
    options: Options
    started_at: str
    track: Track
    remote: Remote
    stop: Stop
    breaker: Breaker
    interrupts: Interrupts

    @property
    def client(self) -> Scenario:
        return self.remote.client


def new_id() -> str:
    """A run id that sorts by time of start."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


@contextmanager
def begin(
    run_id: str, command: Command, config: Config, options: Options, track: Track, *, is_offline: bool = False
) -> Iterator[Run]:
    """A run with its client and its signal handlers, until the block ends."""
    stop = Stop()
    with offline() if is_offline else connect(config, stop) as client, ending(stop) as interrupts:
        remote = Remote(client, config.project_id, config.original_assets)
        yield Run(run_id, command, config, options, _now(), track, remote, stop, Breaker(stop), interrupts)


def check(run: Run, *, is_remote: bool) -> Report:
    """Checks the files, and with `is_remote` that every model and every referenced id exists."""
    documents, _ = _documents(run)
    catalogue = Catalogue()
    if is_remote:
        keys: set[Key] = {("model", document.model_id) for document in documents if document.is_valid}
        keys |= {(tag.kind, tag.id) for document in documents if document.is_valid for tag in document.tags}
        catalogue = _look_up(run, keys)
    items = tuple(_check_item(document, catalogue, is_remote) for document in documents)
    return _report(run, items, (), dry_run=True)


def diff(run: Run) -> Report:
    """What a sync would do; never writes."""
    documents, files = _documents(run)
    plan = _plan(run, documents, files)
    return _report(run, build.plan_items(plan), plan.problems, dry_run=True)


def sync(run: Run, review: Review) -> Report:
    """Plans, lets `review` look at the plan, and applies it; refuses the whole run by the first problem."""
    documents, files = _documents(run)
    if any(not document.is_valid for document in documents) and not run.options.keep_going:
        # A bad file refuses the run, so not one request is worth sending.
        plan = make_plan(map(not_compared, documents), files=files, safety=run.config.safety, force=run.options.force)
    else:
        plan = _plan(run, documents, files)
    planned = build.plan_items(plan)
    writes = plan.writes if _may_write(run, plan) else ()
    before = _report(run, planned, plan.problems, dry_run=False)
    is_agreed = review(before, bool(writes))
    outcomes = _apply(run, writes) if is_agreed else {}
    items = build.run_items(plan, outcomes, planned)
    is_called_off = bool(writes) and not is_agreed and not run.stop.requested
    called_off = [Problem("interrupted", "called off at the question")] if is_called_off else []
    return _report(run, items, (*plan.problems, *called_off), dry_run=False)


def _may_write(run: Run, plan: Plan) -> bool:
    if run.stop.requested or plan.problems:
        return False
    return run.options.keep_going or not plan.is_refused


def _documents(run: Run) -> tuple[tuple[Document, ...], int]:
    """The selected documents, and how many the whole folder holds."""
    config = run.config
    everything = read_folder(config.folder, config.shown_folder, config.safety.max_file_bytes)
    return select(everything, run.options.patterns, config.folder), len(everything)


def _plan(run: Run, documents: Sequence[Document], files: int) -> Plan:
    valid = [document for document in documents if document.is_valid]
    changes: dict[str, Change] = {}

    def read_and_compare(document: Document) -> Change:
        return compare(document, run.remote.read(document.model_id))

    compared = workers.run(valid, read_and_compare, min(run.config.http.workers, len(valid)), run.stop)
    for document, change in run.track("Reading", compared, len(valid)):
        run.breaker.note(change.failure)
        changes[document.path] = change
    if run.stop.requested:  # a write that was not looked up is no plan
        changes = {path: change for path, change in changes.items() if not change.is_write}
    else:
        catalogue = _look_up(run, {key for change in changes.values() for key in _needed(change)})
        changes = {path: with_references(change, catalogue) for path, change in changes.items()}
    settled = (changes.get(document.path) or not_compared(document) for document in documents)
    return make_plan(settled, files=files, safety=run.config.safety, force=run.options.force)


def _needed(change: Change) -> Iterator[Key]:
    """What must be looked up for a change: its model, and whatever the API has not told already."""
    if change.is_write:
        yield ("model", change.model_id)
        known = {(record.kind, record.id) for record in change.known}
        yield from ((tag.kind, tag.id) for tag in change.tags if (tag.kind, tag.id) not in known)


def _look_up(run: Run, keys: set[Key]) -> Catalogue:
    return look_up(
        run.client,
        keys,
        project_id=run.config.project_id,
        count=run.config.http.workers,
        stop=run.stop,
        breaker=run.breaker,
    )


def _apply(run: Run, writes: Sequence[Change]) -> dict[str, Outcome]:
    http = run.config.http
    outcomes = apply(
        writes, run.remote, count=http.workers, recheck_after=http.recheck_after, stop=run.stop, breaker=run.breaker
    )
    ended: dict[str, Outcome] = {}
    for outcome in run.track("Writing", outcomes, len(writes)):
        ended[outcome.change.model_id] = outcome
        _log_outcome(outcome)
    return ended


def _log_outcome(outcome: Outcome) -> None:
    change, failure = outcome.change, outcome.failure
    if outcome.status == "applied":
        log.event("info", "applied", model_id=change.model_id, action=change.action, after_sha256=change.after_sha256)
    elif failure:
        log.event("error", "failed", model_id=change.model_id, error=failure.code, message=failure.message)
    for problem in outcome.problems:
        level: Literal["error", "warning"] = "error" if problem.is_error else "warning"
        log.event(level, problem.code, model_id=change.model_id, message=problem.message)


def _check_item(document: Document, catalogue: Catalogue, is_remote: bool) -> Item:
    problems = document.problems
    model = catalogue.record("model", document.model_id)
    failure: Failure | None = None
    if is_remote and document.is_valid:
        failure = catalogue.failure("model", document.model_id)
        if model is None and failure is None:
            problems += (model_unknown(),)
        found, failed = problems_of(document.text, document.tags, model, catalogue)
        problems, failure = problems + found, failure or failed
    return build.checked_item(document.model_id, document.path, model.name if model else None, problems, failure)


def _report(run: Run, items: tuple[Item, ...], problems: Sequence[Problem], *, dry_run: bool) -> Report:
    traffic = run.client.traffic
    end = End(run.stop.reason, run.interrupts.signal, run.breaker.ended_by, run.breaker.is_tripped)
    changes_are_3 = run.options.exit_code and dry_run
    return Report(
        version=1,
        run=run.id,
        command=run.command,
        profile=run.config.profile,
        dry_run=dry_run,
        started_at=run.started_at,
        finished_at=_now(),
        exit_code=exit_code(end, items, problems, changes_are_3=changes_are_3),
        summary=build.summarise(items),
        requests=Requests(
            traffic.total, traffic.get, traffic.put, traffic.post, traffic.retries, round(traffic.waited_seconds, 3)
        ),
        items=items,
        problems=build.run_problems((*problems, *end.problems())),
    )


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
