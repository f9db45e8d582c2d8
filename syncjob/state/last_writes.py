"""What this machine's runs last left on Scenario, by the journals."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from syncjob.config.config import Config
from syncjob.state import journals
from syncjob.state.journal import Begin, Confirmed
from syncjob.state.past_runs import Write, events


@dataclass(frozen=True, slots=True)
class Form:
    """The digests of a text that a run sent and of what was then stored, None for no text."""

    run: str
    sent: str | None
    stored: str | None


@dataclass(frozen=True, slots=True)
class LastWrite:
    """Digests: of the text that was last sent or found in step, None if nobody knows, and of all that were replaced.

    `form` is what Scenario made of the last that it took; None if it stored just that. `written` is the
    last that was sent, None unless a sync sent it, and `text` the text itself, only if git did not have it then.
    `has_text`: there was some text then, whichever; None if nobody knows.
    """

    sha256: str | None = None
    replaced: frozenset[str | None] = frozenset()
    form: Form | None = None
    written: str | None = None
    text: str | None = field(default=None, repr=False)
    has_text: bool | None = field(default=None, compare=False)

    def is_from_file(self, digest: str | None) -> bool:
        """Whether the text with that digest is the last that a sync sent, and nothing else was found since."""
        return digest is not None and digest == self.written == self.sha256


_NOTHING = LastWrite()


@dataclass(frozen=True)
class LastWrites:
    """What was last left of each model, by all runs `but` one; the journals are read when first asked."""

    config: Config
    but: str
    is_believed: bool

    def of(self, model_id: str) -> LastWrite:
        """What is known of a model: nothing if no journal names it, or none is believed."""
        return self._last.get(model_id, _NOTHING) if self.is_believed else _NOTHING

    @cached_property
    def _last(self) -> Mapping[str, LastWrite]:
        last: dict[str, LastWrite] = {}
        for _, begin, records in journals.of_project(self.config, but=self.but):
            for event in events(records):
                model_id = event.model_id if isinstance(event, Confirmed) else event.intent.model_id
                last[model_id] = _after(last.get(model_id, _NOTHING), event, begin)
        return last


def _after(before: LastWrite, event: Confirmed | Write, begin: Begin) -> LastWrite:
    """What is left after a write, or once a text was found in step; of a write that may have failed nobody knows."""
    if isinstance(event, Confirmed):
        return replace(before, sha256=event.sha256, has_text=event.sha256 is not None)
    if event.effect == "none":
        return before
    replaced, sent, form = before.replaced | {event.before_sha256}, event.intent.after_sha256, before.form
    if event.effect != "written":
        return LastWrite(None, replaced, form, has_text=bool(event.before_sha256 and sent) or None)
    if event.result:
        stored = event.result.stored_sha256
        form = None if stored == sent else Form(begin.run, sent, stored)
    if begin.command != "sync":
        return LastWrite(sent, replaced, form, has_text=sent is not None)
    return LastWrite(sent, replaced, form, sent, event.intent.after, has_text=sent is not None)
