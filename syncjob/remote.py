"""The descriptions of one project on Scenario: reads them as values, and writes them."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from syncjob import log
from syncjob.errors import NotFound, ScenarioError
from syncjob.existing import Absent, Existing, Held
from syncjob.problems import Failure
from syncjob.references import records_of
from syncjob.scenario import Scenario
from syncjob.scenario.types import Description
from syncjob.text import canonical


def _boot_time() -> float:
    """Seconds that go on while the machine sleeps, where it can tell: a text read before that is old after it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(frozen=True, slots=True)
class Remote:
    """One project's descriptions. Each request is logged with the model that it is about."""

    client: Scenario
    project_id: str | None = None
    original_assets: bool = False
    clock: Callable[[], float] = _boot_time

    def read(self, model_id: str) -> Existing:
        """What Scenario holds now; a failure is a value. Raises Stopped."""
        try:
            with log.about(model_id):
                description = self.client.models.description.retrieve(model_id, self.original_assets, self.project_id)
        except NotFound:
            return Absent(self.clock())
        except ScenarioError as error:
            return Failure.of(error)
        return Held(canonical(description.value or ""), records_of(description), self.clock())

    def write(self, model_id: str, text: str | None, before_send: Callable[[], None]) -> Description:
        """Replaces the description, None removes it. Raises ScenarioError, Stopped, and what `before_send` raises."""
        with log.about(model_id):
            return self.client.models.description.update(
                model_id, text, self.original_assets, self.project_id, before_send=before_send
            )
