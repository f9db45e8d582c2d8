"""The descriptions of one project on Scenario: reads them as values, and writes them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from syncjob import log
from syncjob.errors import NotFound, ScenarioError
from syncjob.plan.existing import Absent, Existing, Held
from syncjob.plan.references import entries_of
from syncjob.problems import Failure
from syncjob.scenario import Scenario
from syncjob.scenario.types import Description
from syncjob.state.recent import Doubt, Recent
from syncjob.text.canonical import canonical

# The pauses, in seconds, after which a reading that may be late is made again.
_PAUSES = (2.0, 5.0)


# Seconds that go on while the machine sleeps, if it can tell: a text read before that is old after it.
_boot_time: Callable[[], float] = (
    partial(time.clock_gettime, time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic
)


@dataclass(frozen=True, slots=True)
class Remote:
    """One project's descriptions. Each request is logged with the model that it is about.

    `recent` is what was written in the last minutes, None if Scenario is trusted to show it at once.
    `is_absent_404` says whether a 404 of the API may mean that a model has no description, `with_media` whether
    pictures of assets may be wanted.
    """

    client: Scenario
    project_id: str | None = None
    original_assets: bool = False
    clock: Callable[[], float] = _boot_time
    recent: Recent | None = None
    is_absent_404: bool = True
    with_media: bool = False

    def read(self, model_id: str) -> Existing:
        """What Scenario holds now; a failure is a value. Raises Stopped.

        A text from before one of our own recent writes is asked for again after a pause, and a failure if it stays.
        """
        existing = self._ask(model_id)
        for pause in _PAUSES:
            doubt = self._doubt(model_id, existing)
            if doubt is None:
                return existing
            self.client.wait(pause)
            existing = self._ask(model_id)
            if not doubt.is_sure:
                break
        doubt = self._doubt(model_id, existing)
        return _lagging(doubt) if doubt and doubt.is_sure else existing

    def _doubt(self, model_id: str, existing: Existing) -> Doubt | None:
        if self.recent is None or isinstance(existing, Failure):
            return None
        return self.recent.doubt(model_id, existing.text if isinstance(existing, Held) else "")

    def _ask(self, model_id: str) -> Existing:
        try:
            with log.about(model_id):
                description = self.client.models.description.retrieve(model_id, self.original_assets, self.project_id)
        except NotFound as error:
            return Absent(self.clock()) if self.is_absent_404 else _unknown(error)
        except ScenarioError as error:
            return Failure.of(error)
        if description.value is None and self.client.null_is_no_description:
            return Absent(self.clock())  # by a probe's word alone, so it is to come twice before a write, as a 404 is
        known = entries_of(description, with_media=self.with_media)
        return Held(canonical(description.value or ""), known, self.clock())

    def write(
        self,
        model_id: str,
        text: str | None,
        before_send: Callable[[], None],
        before_repeat: Callable[[ScenarioError], None],
    ) -> Description:
        """Replaces the description, None removes it; raises ScenarioError, Stopped, and what both callbacks raise."""
        with log.about(model_id):
            return self.client.models.description.update(
                model_id,
                text,
                self.original_assets,
                self.project_id,
                before_send=before_send,
                before_repeat=before_repeat,
            )


def _unknown(error: NotFound) -> Failure:
    why = "a model without a description responds otherwise (doctor --probe)"
    message = f"{error.message}; {why}, so there is no such model, or these credentials do not see it"
    return Failure(error.code, message, error.http_status, error.attempts)


def _lagging(doubt: Doubt) -> Failure:
    message = f"this is a text from before the write of run {doubt.run} at {doubt.at:%H:%M:%S} UTC"
    why = "the response is late, or somebody put it back"
    advice = "run again in some minutes, or set http.lag: 0 if it was put back"
    return Failure("remote-lagging", f"{message}: {why}; {advice}")
