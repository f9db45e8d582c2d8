"""What Scenario made of our own texts, by the journals: those that it stored in another form than they were sent."""

from collections.abc import Iterator
from dataclasses import dataclass

from syncjob.config.config import Config
from syncjob.state import journals
from syncjob.state.past_runs import traces


@dataclass(frozen=True, slots=True)
class Form:
    """The digests of a text that was sent and of what was then stored, None for no text."""

    run: str
    sent: str | None
    stored: str | None


class StoredForms:
    """The last write of each model, if Scenario stored it otherwise; the journals are read when first asked."""

    def __init__(self, config: Config, *, but: str, is_believed: bool) -> None:
        self._config = config
        self._but = but
        self._is_believed = is_believed
        self._forms: dict[str, Form | None] | None = None

    def of(self, model_id: str) -> Form | None:
        """The form of a model's last write; None if Scenario stored just what was sent, or nobody knows."""
        if self._forms is None:
            self._forms = dict(_forms(self._config, self._but)) if self._is_believed else {}
        return self._forms.get(model_id)


def _forms(config: Config, but: str) -> Iterator[tuple[str, Form | None]]:
    for _, begin, records in journals.of_project(config, but=but):
        for each in traces(records):
            if each.effect == "written":
                is_as_sent = each.stored == each.sent
                yield each.model_id, None if is_as_sent else Form(begin.run, each.sent, each.stored)
