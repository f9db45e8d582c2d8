"""What the journals of earlier runs tell. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from syncjob.journal import Confirmed, Intent, Record, Result

# What Scenario refuses for good was never written. Any other failure may have had its effect.
_REFUSALS = frozenset({"rejected", "forbidden", "model-unknown", "unauthorized", "plan-limit"})


@dataclass(frozen=True, slots=True)
class Write:
    """One write of a run; `result` is None where the run ended before it knew."""

    intent: Intent
    result: Result | None = None

    def has_left(self, sha256: str | None) -> bool:
        """Whether a text on Scenario is the one that this write put there."""
        stored = self.result.stored_sha256 if self.result else None
        return sha256 in (self.intent.after_sha256, stored) if stored else sha256 == self.intent.after_sha256


def writes(records: Iterable[Record]) -> Mapping[str, Write]:
    """The writes of a run by model id, in the order in which they were begun; of each model the last.

    One that Scenario refused for good is none: what stands there is somebody else's, or of the write before.
    """
    found: dict[str, Write] = {}
    before: dict[str, Write | None] = {}
    for record in records:
        if isinstance(record, Intent):
            before[record.model_id] = found.get(record.model_id)
            found[record.model_id] = Write(record)
        elif isinstance(record, Result) and record.model_id in found:
            write = before.get(record.model_id) if _is_refusal(record) else found[record.model_id]
            if write is None:
                del found[record.model_id]
            else:
                found[record.model_id] = write if _is_refusal(record) else replace(write, result=record)
    return found


def _is_refusal(result: Result) -> bool:
    return result.status == "failed" and result.error in _REFUSALS


def confirmed(records: Iterable[Record]) -> Mapping[str, str | None]:
    """The digests of the texts that Scenario is known to hold since a run, by model id; None for no text."""
    known: dict[str, str | None] = {}
    intents: dict[str, Intent] = {}
    for record in records:
        if isinstance(record, Confirmed):
            known[record.model_id] = record.sha256
        elif isinstance(record, Intent):
            intents[record.model_id] = record
        elif isinstance(record, Result) and record.status == "applied" and record.model_id in intents:
            known[record.model_id] = intents[record.model_id].after_sha256
    return known
