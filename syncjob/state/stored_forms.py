"""What Scenario made of our own texts, by the journals: those that it stored in another form than they were sent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from syncjob.config.config import Config
from syncjob.state import journals
from syncjob.state.past_runs import all_writes


@dataclass(frozen=True, slots=True)
class Form:
    """The digests of a text that was sent and of what was then stored, None for no text."""

    run: str
    sent: str | None
    stored: str | None


@dataclass(frozen=True)
class StoredForms:
    """The last write of each model, if Scenario stored it otherwise; the journals are read when first asked."""

    config: Config
    but: str
    is_believed: bool

    def of(self, model_id: str) -> Form | None:
        """The form of a model's last write; None if Scenario stored just what was sent, or nobody knows."""
        return self._last.get(model_id)

    @cached_property
    def _last(self) -> Mapping[str, Form | None]:
        return dict(_forms(self.config, self.but)) if self.is_believed else {}


def _forms(config: Config, but: str) -> Iterator[tuple[str, Form | None]]:
    for _, begin, records in journals.of_project(config, but=but):
        for write in all_writes(records):
            if write.result and write.effect == "written":
                sent, stored = write.intent.after_sha256, write.result.stored_sha256
                yield write.intent.model_id, None if stored == sent else Form(begin.run, sent, stored)
