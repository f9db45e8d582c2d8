"""What this machine's runs last left on Scenario, by the journals."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from syncjob.config.config import Config
from syncjob.state import journals
from syncjob.state.journal import Confirmed, Record
from syncjob.state.past_runs import Write, all_writes


@dataclass(frozen=True, slots=True)
class Left:
    """Digests: of the text that was last sent or found in step, None if nobody knows, and of all that were replaced."""

    sha256: str | None = None
    replaced: frozenset[str | None] = frozenset()


_NOTHING = Left()


class LastSyncs:
    """What was last left of each model; the journals are read when first asked."""

    def __init__(self, config: Config, *, but: str, is_believed: bool) -> None:
        self._config = config
        self._but = but
        self._is_believed = is_believed
        self._left: dict[str, Left] | None = None

    def of(self, model_id: str) -> Left:
        """What is known of a model: nothing if no journal names it, or none is believed."""
        if self._left is None:
            self._left = {}
            if self._is_believed:
                for _, _, records in journals.of_project(self._config, but=self._but):
                    self._read(records, self._left)
        return self._left.get(model_id, _NOTHING)

    def _read(self, records: Iterable[Record], left: dict[str, Left]) -> None:
        for each in all_writes(_noted(records, left)):
            if each.effect != "none":
                model_id = each.intent.model_id
                left[model_id] = _after(left.get(model_id, _NOTHING), each)


def _noted(records: Iterable[Record], left: dict[str, Left]) -> Iterator[Record]:
    """The records, with what was found in step taken in."""
    for record in records:
        if isinstance(record, Confirmed):
            left[record.model_id] = replace(left.get(record.model_id, _NOTHING), sha256=record.sha256)
        yield record


def _after(before: Left, write: Write) -> Left:
    """What is left after a write; of one that may have failed nobody knows."""
    is_sure = write.effect == "written"
    return Left(write.intent.after_sha256 if is_sure else None, before.replaced | {write.before_sha256})
