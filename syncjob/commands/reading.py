"""Files and what Scenario holds -> Plans in slices: read by the run's workers, judged, and what they refer to looked up."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Literal, TypeVar

from syncjob.commands.run import Run
from syncjob.control import workers
from syncjob.errors import Stopped
from syncjob.local.document import Document
from syncjob.local.names import model_id_of
from syncjob.local.scope import Files
from syncjob.output.internal import guarded
from syncjob.plan.compare import Change, Plan, compare, failed, in_order, in_step, not_compared, unjudged
from syncjob.plan.existing import Existing, Held
from syncjob.plan.suggestions import Suggestions
from syncjob.remote.lookup import References
from syncjob.remote.stamps import Before
from syncjob.state.journal import Confirmed
from syncjob.state.memory.cache import Memory
from syncjob.state.resume import confirmed_before
from syncjob.text.canonical import sha256

# Up to this number of writes, all is planned before the first is sent.
SLICE = 1000
# How many are recorded at once: each time the one thread that does it waits for a disk, it waits for all
# workers' turns at the interpreter. At 100 requests a minute a crash loses a minute of what was found in step.
_HANDFUL = 100
# The share of the rate window that a later slice reads, so that it is written before what it read is old.
_READING = 0.45

_T = TypeVar("_T")
_Result = TypeVar("_Result")
Judge = Callable[[Change], Change]
Slicing = Literal["even", "paced", "one"]


def plans(
    run: Run,
    names: Sequence[str],
    source: Files,
    judge: Judge,
    memory: Memory,
    slicing: Slicing,
    suggestions: Suggestions,
) -> Iterator[Plan]:
    """The names' documents compared, in slices; what is in step comes as it is found, in partial plans.

    The first slice ends when `SLICE` are not in step: below that all is known before the first write. Later `paced`
    ones are small enough to be written before what was read is old; `one` slice can hold all.
    """
    stamps = _stamps(run, names, memory) if slicing == "paced" else None
    reading, references = _Reading(run, names, source, memory, stamps), References(run.look_up, suggestions)
    size = len(names) + 1 if slicing == "one" else SLICE
    while reading.rest:
        if not (yield from _slice(run, reading, references, judge, size)):
            return
        if slicing == "paced":
            size = _later_slice(run.client.requests_per_minute, run.config.http.recheck_after)
    if not names:
        yield Plan(())


def _slice(
    run: Run, reading: "_Reading", references: References, judge: Judge, size: int
) -> Generator[Plan, None, bool]:
    """The plans of one slice; returns whether another may follow."""
    for settled in reading.settled(size):
        yield Plan(in_order(settled), is_partial=True)
    pending = reading.taken()
    with suppress(Stopped):  # while git was asked
        pending = list(_judged(run, pending, judge))
    if run.stop.requested:  # a write that was not judged and looked up is no plan
        yield from reading.cut_short(pending)
        return False
    yield Plan(in_order(references.of(pending)), rest=reading.rest)
    return True


def _judged(run: Run, changes: Iterable[Change], judge: Judge) -> Iterator[Change]:
    """The changes, judged; raises Stopped, because what is judged by half is no plan."""
    for change in changes:
        if run.stop.requested:
            raise Stopped(run.stop.reason)
        yield guarded(partial(judge, change), partial(failed, change))


def _later_slice(per_minute: int, recheck_after: float) -> int:
    if not per_minute or recheck_after < 1:  # what was read is never, or always, read again
        return SLICE
    return max(1, min(SLICE, int(per_minute * recheck_after / 60 * _READING)))


def _stamps(run: Run, names: Sequence[str], memory: Memory) -> Callable[[str], str | None] | None:
    """What tells the stamp of a model before its text is read; None if no write will wait long enough to need it.

    A listing has told it already. A look-up of more than one slice holds would be for what is in step.
    """
    http = run.config.http
    if not (run.learnt.updated_at_moves and run.learnt.bulk_updated_at_moves):
        return None
    if memory.is_on:
        return memory.stamp
    is_worth_it = _later_slice(run.client.requests_per_minute, http.recheck_after) < len(names) <= SLICE
    return Before(run.remote, map(model_id_of, names)).of if is_worth_it else None


class _Reading:
    """Reads the documents of some names and compares them, a slice at a time; what is not in step is pending."""

    def __init__(
        self,
        run: Run,
        names: Sequence[str],
        source: Files,
        memory: Memory,
        stamp: Callable[[str], str | None] | None,
    ) -> None:
        self._run = run
        self._memory = memory
        self._stamp = stamp
        self._trusts = memory.is_on
        self._names = iter(names)
        self._source = source
        self._known = confirmed_before(run.config, run.options.resume, but=run.id)
        self._flying: dict[str, None] = {}  # handed to a worker and not back yet; in order
        self._pending: list[Change] = []
        self.rest = len(names)
        run.progress.expect(self.rest)

    def taken(self) -> list[Change]:
        """What is pending; the next slice begins without it."""
        taken, self._pending = self._pending, []
        if self._trusts and not self._memory.is_on:  # it was wrong about `updatedAt`, or failed
            return [replace(change, stamp=None) for change in taken]
        return taken

    def settled(self, size: int) -> Iterator[list[Change]]:
        """Reads until `size` changes are pending; yields the unchanged, in handfuls."""
        while self.rest and len(self._pending) < size and not self._run.stop.requested:
            yield from self._read(size)

    def _read(self, size: int) -> Iterator[list[Change]]:
        settled: list[Change] = []
        read: list[tuple[str, str | None]] = []
        for name, (change, is_asked) in in_parallel(self._run, self._until_full(size), self._compare, self.rest):
            if is_asked:
                self._run.breaker.note(change.failure)
                read += [] if change.failure else [(change.model_id, change.before_sha256)]
            is_settled = change.action == "unchanged"
            is_all = is_settled or self._run.journal is None  # then nothing is written
            self._run.progress.done() if is_all else self._run.progress.half_done()
            (settled if is_settled else self._pending).append(change)
            del self._flying[name]
            self.rest -= 1
            if len(settled) == _HANDFUL or len(read) == _HANDFUL:
                self._record(settled, read)
                yield settled
                settled, read = [], []
        self._record(settled, read)
        yield settled

    def _until_full(self, size: int) -> Iterator[str]:
        # A small slice is to fit into the rate window, so what is in flight counts; a large one may grow a little.
        while len(self._pending) + (len(self._flying) if size < SLICE else 0) < size:
            name = next(self._names, None)
            if name is None:
                return
            self._flying[name] = None
            yield name

    def _record(self, settled: Iterable[Change], read: Iterable[tuple[str, str | None]]) -> None:
        """Records what a later run, or one that resumes this, need not ask for."""
        self._memory.remember(read)
        if self._run.journal:
            try:
                self._run.journal.write(*(Confirmed(change.model_id, change.after_sha256) for change in settled))
            except OSError as error:
                self._run.stop.request(f"cannot write the journal: {error.strerror}")

    def cut_short(self, pending: Iterable[Change]) -> Iterator[Plan]:
        """The places of all that was not compared, as partial plans, and then of what nobody judged."""
        names = iter((*self._flying, *self._names))
        while places := [not_compared(self._source.unread(name)) for name in islice(names, SLICE)]:
            yield Plan(in_order(places), is_partial=True)
        yield Plan(in_order(change if change.failure else unjudged(change) for change in pending))

    def _is_known(self, model_id: str, digest: str | None) -> bool:
        """Whether Scenario is known to hold the text of that digest, and need not be asked."""
        if self._run.options.refresh:
            return False
        is_confirmed = model_id in self._known and self._known[model_id] == digest
        return is_confirmed or (self._memory.is_on and self._memory.holds(model_id, digest))

    def _compare(self, name: str) -> tuple[Change, bool]:
        """The change that a document asks for, and whether Scenario was asked."""
        return guarded(
            partial(self._compared, name),
            lambda failure: (failed(not_compared(self._source.unread(name)), failure), True),
        )

    def _compared(self, name: str) -> tuple[Change, bool]:
        """A file that was read and is good is read again only if Scenario holds another text."""
        good = self._source.good(name)
        if good is None:
            return self._of_document(self._source.read(name))
        if self._is_known(good.model_id, good.sha256):
            return in_step(*good), False
        stamp = self._stamp(good.model_id) if self._stamp else None
        existing = self._run.remote.read(good.model_id)
        if isinstance(existing, Held) and sha256(existing.text) == good.sha256:
            return in_step(*good), True  # as nearly all are
        document = self._source.read(name)
        if not document.is_valid:
            return not_compared(document), False
        return _change(document, existing, stamp), True

    def _of_document(self, document: Document) -> tuple[Change, bool]:
        """The same of a document just read."""
        if not document.is_valid:
            return not_compared(document), False
        digest = sha256(document.text)
        if self._is_known(document.model_id, digest):
            return in_step(document.model_id, document.path, digest, document.problems), False
        stamp = self._stamp(document.model_id) if self._stamp else None
        return _change(document, self._run.remote.read(document.model_id), stamp), True


def _change(document: Document, existing: Existing, stamp: str | None) -> Change:
    change = compare(document, existing)
    return replace(change, stamp=stamp) if stamp and change.is_write else change


def in_parallel(
    run: Run, things: Iterable[_T], work: Callable[[_T], _Result], total: int
) -> Iterable[tuple[_T, _Result]]:
    """Each thing with its result, as they are done, by the run's workers; `total` is how many there may be."""
    return run.track("Reading", workers.run(things, work, min(run.config.http.workers, total), run.stop), total)
