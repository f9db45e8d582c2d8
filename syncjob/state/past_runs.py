"""What the journals of earlier runs tell. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from syncjob.state.journal import Confirmed, Effect, Intent, Record, Result
from syncjob.text.canonical import canonical, sha256

# What Scenario refused with these was never written. Any other failure may have had its effect.
_REFUSALS = frozenset({"rejected", "forbidden", "model-unknown", "unauthorized", "plan-limit", "rate-limited"})


@dataclass(frozen=True, slots=True)
class Write:
    """One write of a run, whose `result` may be missing; `proved` is its effect if later journals show it.

    `is_overtaken`: its effect is unknown, and a later run found another text than it would have left or replaced.
    """

    intent: Intent
    result: Result | None = None
    proved: Effect | None = None
    is_overtaken: bool = False

    @property
    def effect(self) -> Effect:
        return self.proved or (effect_of(self.result) if self.result else "unknown")

    @property
    def at(self) -> datetime | None:
        """When it ended, or else began."""
        return (self.result and self.result.at) or self.intent.at

    @property
    def before_sha256(self) -> str | None:
        """The digest of the text that it replaced."""
        return sha256(canonical(self.intent.before or ""))

    @property
    def left(self) -> frozenset[str | None]:
        """The digests of the texts on Scenario that may be this write's, None for no text."""
        if self.is_overtaken:  # what is there now came later, also if it is the same
            return frozenset()
        stored = self.result.stored_sha256 if self.result else None
        is_known = stored is not None or (self.result is not None and effect_of(self.result) == "written")
        return frozenset({self.intent.after_sha256, stored} if is_known else {self.intent.after_sha256})


def effect_of(result: Result) -> Effect:
    """Whether Scenario took the text; in journals of older versions the status says so."""
    if result.effect is not None:
        return result.effect
    if result.status == "applied":
        return "written"
    return "unknown" if result.status == "failed" and result.error not in _REFUSALS else "none"


def all_writes(records: Iterable[Record]) -> Iterator[Write]:
    """The writes of a run as they end, then those without an end; a probe writes a model more than once."""
    return (event for event in events(records) if isinstance(event, Write))


def events(records: Iterable[Record]) -> Iterator[Confirmed | Write]:
    """The writes of a run as they end, with what it found in step between them; then the writes without an end."""
    open_: dict[str, Write] = {}
    for record in records:
        if isinstance(record, Confirmed):
            yield record
        elif isinstance(record, Intent):
            if record.model_id in open_:
                yield open_.pop(record.model_id)
            open_[record.model_id] = Write(record)
        elif isinstance(record, Result) and record.model_id in open_:
            yield replace(open_.pop(record.model_id), result=record)
    yield from open_.values()


def writes(records: Iterable[Record]) -> Mapping[str, Write]:
    """By model id the last write of a run that may have had an effect, or the last of those that had none."""
    found: dict[str, Write] = {}
    for write in all_writes(records):
        model_id = write.intent.model_id
        if write.effect != "none" or model_id not in found:
            found[model_id] = write
    return found


def settled(write: Write, later: Intent | None) -> Write:
    """The write with its effect, if that shows in `later`, the model's first intent after it in the same project."""
    if write.effect != "unknown" or later is None:
        return write
    found = sha256(canonical(later.before or ""))
    if found in write.left:
        return replace(write, proved="written")
    return replace(write, proved="none") if found == write.before_sha256 else replace(write, is_overtaken=True)


def confirmed(records: Iterable[Record]) -> Mapping[str, str | None]:
    """The digests of the texts that Scenario is known to hold since a run, by model id; None for no text."""
    known: dict[str, str | None] = {}
    intents: dict[str, Intent] = {}
    for record in records:
        if isinstance(record, Confirmed):
            known[record.model_id] = record.sha256
        elif isinstance(record, Intent):
            intents[record.model_id] = record
        elif isinstance(record, Result) and record.status in ("applied", "unchanged") and record.model_id in intents:
            known[record.model_id] = intents[record.model_id].after_sha256
    return known
