"""Files and what Scenario holds -> Plans in slices: read by the run's workers, judged, and what they refer to looked up."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Protocol, TypeVar

from syncjob import journal, runs, workers
from syncjob.documents import Document
from syncjob.errors import UsageError
from syncjob.journal import Begin, Confirmed, Record
from syncjob.lookup import look_up
from syncjob.memory import Memory
from syncjob.plan import Change, Plan, compare, confirmed, in_order, not_compared, unjudged, with_references
from syncjob.references import Catalogue, Key
from syncjob.run import Run
from syncjob.text import sha256

# So many descriptions that are to be written are planned as a whole before the first of them is written.
SLICE = 1000
# The share of the rate window that a later slice reads, so that it is written before what it read is old.
_READING = 0.45
_REMEMBERED = 50_000  # ids that later slices need not look up again

_T = TypeVar("_T")
_Result = TypeVar("_Result")
Judge = Callable[[Change], Change]


class Source(Protocol):
    """Documents by the name of their file."""

    def read(self, name: str) -> Document: ...

    def unread(self, name: str) -> Document:
        """The place of a document that is not looked at."""
        ...


def plans(
    run: Run, names: Sequence[str], source: Source, judge: Judge, memory: Memory, *, will_write: bool
) -> Iterator[Plan]:
    """The names' documents compared, in slices; what is in step comes as it is found, in partial plans.

    The first slice ends where `SLICE` descriptions are to be written, so that up to so many all is
    known before the first write. The later ones, of a run that writes, are as small as it takes to
    write them before what was read is old.
    """
    reading = _Reading(run, names, source, memory)
    references = _References(run)
    size = SLICE
    while True:
        pending: list[Change] = []
        for settled in reading.slice(pending, size):
            yield Plan(in_order(settled), is_partial=True)
        if not run.stop.requested:
            pending = [judge(change) for change in pending]
        if run.stop.requested:  # a write that was not judged and looked up is no plan
            yield from reading.unread()
            yield Plan(in_order(change if change.failure else unjudged(change) for change in pending))
            return
        yield Plan(in_order(references.of(pending)), rest=reading.rest)
        if not reading.rest:
            return
        size = _later_slice(run.client.requests_per_minute, run.config.http.recheck_after) if will_write else SLICE


def _later_slice(per_minute: int, recheck_after: float) -> int:
    if not per_minute:
        return SLICE
    return max(1, min(SLICE, int(per_minute * recheck_after / 60 * _READING)))


class _Reading:
    """Reads the documents of some names and compares them, a slice at a time; what is unchanged is put aside."""

    def __init__(self, run: Run, names: Sequence[str], source: Source, memory: Memory) -> None:
        self._run = run
        self._memory = memory
        self._names = iter(names)
        self._source = source
        self._known = _confirmed_before(run)
        self._flying: dict[str, None] = {}  # handed to a worker and not back yet; in order
        self.rest = len(names)
        run.progress.expect(self.rest)

    def slice(self, pending: list[Change], size: int) -> Iterator[list[Change]]:
        """Fills `pending` up to `size` with what is not unchanged; yields the unchanged, in handfuls."""
        settled: list[Change] = []
        read: list[tuple[str, str | None]] = []
        compared = in_parallel(self._run, self._until_full(pending, size), self._compare, self.rest)
        for name, (change, is_asked) in compared:
            del self._flying[name]
            self.rest -= 1
            if is_asked:
                self._run.breaker.note(change.failure)
                read += [] if change.failure else [(change.model_id, change.before_sha256)]
            (settled if self._is_settled(change) else pending).append(change)
            if len(settled) == SLICE or len(read) == SLICE:
                self._memory.remember(read)
                yield settled
                settled, read = [], []
        self._memory.remember(read)
        yield settled

    def _is_settled(self, change: Change) -> bool:
        if change.action != "unchanged":
            self._run.progress.half_done()
            return False
        self._run.progress.done()
        if self._run.journal:  # so that it need not be asked for again, if this run is resumed
            self._run.journal.write(Confirmed(change.model_id, change.after_sha256))
        return True

    def unread(self) -> Iterator[Plan]:
        """The places of all that was not compared, as partial plans."""
        names = iter((*self._flying, *self._names))
        while places := [not_compared(self._source.unread(name)) for name in islice(names, SLICE)]:
            yield Plan(in_order(places), is_partial=True)

    def _is_known(self, model_id: str, digest: str | None) -> bool:
        """Whether Scenario is known to hold the text of that digest, and need not be asked."""
        if model_id in self._known and self._known[model_id] == digest:
            return True
        return not self._run.options.refresh and self._memory.holds(model_id, digest)

    def _until_full(self, pending: Sequence[Change], size: int) -> Iterator[str]:
        while len(pending) + len(self._flying) < size:
            name = next(self._names, None)
            if name is None:
                return
            self._flying[name] = None
            yield name

    def _compare(self, name: str) -> tuple[Change, bool]:
        """The change that a document asks for, and whether Scenario was asked."""
        document = self._source.read(name)
        if not document.is_valid:
            return not_compared(document), False
        if self._is_known(document.model_id, sha256(document.text)):
            return confirmed(document), False
        return compare(document, self._run.remote.read(document.model_id)), True


def _confirmed_before(run: Run) -> Mapping[str, str | None]:
    """The digests of what the run that is resumed knew Scenario to hold; those are not asked for again."""
    return runs.confirmed(records_of(run, run.options.resume)) if run.options.resume is not None else {}


def in_parallel(
    run: Run, things: Iterable[_T], work: Callable[[_T], _Result], total: int
) -> Iterable[tuple[_T, _Result]]:
    """Each thing with its result, as they are done, by the run's workers; `total` is how many there may be."""
    return run.track("Reading", workers.run(things, work, min(run.config.http.workers, total), run.stop), total)


class _References:
    """Looks up what changes refer to: an id that an earlier slice knew is not asked for again."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._known = Catalogue()
        self._asked: set[Key] = set()

    def of(self, changes: Iterable[Change]) -> Iterator[Change]:
        """The changes with what is known of their models and of what they refer to."""
        changes = list(changes)
        referred = {key for change in changes for key in _referred(change)}
        own: set[Key] = {
            ("model", change.model_id) for change in changes if change.is_write or change.action == "conflict"
        }
        found = look_up_all(self._run, (referred | own) - self._asked)
        catalogue = Catalogue({**self._known.records, **found.records}, found.failures)
        self._remember(referred, catalogue)
        return (with_references(change, catalogue) for change in changes)

    def _remember(self, keys: set[Key], catalogue: Catalogue) -> None:
        if len(self._asked) + len(keys) > _REMEMBERED:
            self._asked, self._known = set(), Catalogue()
        self._asked |= {key for key in keys if key not in catalogue.failures}
        records = {key: catalogue.records[key] for key in keys if key in catalogue.records}
        self._known = Catalogue({**self._known.records, **records})


def _referred(change: Change) -> Iterator[Key]:
    """What a write refers to, but for what the API has told already."""
    if change.is_write:
        known = {(record.kind, record.id) for record in change.known}
        yield from ((tag.kind, tag.id) for tag in change.tags if (tag.kind, tag.id) not in known)


def look_up_all(run: Run, keys: set[Key]) -> Catalogue:
    """What is known of the models and assets of some ids."""
    return look_up(
        run.client,
        keys,
        project_id=run.config.project_id,
        count=run.config.http.workers,
        stop=run.stop,
        breaker=run.breaker,
    )


def records_of(run: Run, earlier: str) -> Iterator[Record]:
    """The records of an earlier run's journal; raises UsageError where it wrote to another project."""
    records = journal.read(run.config.state_dir, earlier)
    begin = next(records, None)
    if not isinstance(begin, Begin):
        raise UsageError(f"the run {earlier} has recorded nothing")
    config = run.config
    if (begin.profile, begin.base_url, begin.project_id) != (config.profile, config.base_url, config.project_id):
        raise UsageError(
            f"the run {earlier} was for the profile {begin.profile!r} at {begin.base_url}, not for {config.profile!r} "
            f"at {config.base_url}"
        )
    return records
