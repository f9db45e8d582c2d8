"""What Scenario holds for a model, as values; reads only."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from syncjob.errors import NotFound, ScenarioError
from syncjob.problems import Failure
from syncjob.references import Record, records_of
from syncjob.scenario import Scenario
from syncjob.scenario.types import Description
from syncjob.text import canonical


@dataclass(frozen=True, slots=True)
class Held:
    """A model's canonical text, "" where it has none; `known` is what its tags refer to."""

    text: str
    known: tuple[Record, ...]
    read_at: float


@dataclass(frozen=True, slots=True)
class Absent:
    """The API answered 404: the model has no description, or there is no such model."""

    read_at: float


@dataclass(frozen=True, slots=True)
class Remote:
    """The descriptions of one project, read and written; every failure a call may have is a value."""

    client: Scenario
    project_id: str | None = None
    original_assets: bool = False
    clock: Callable[[], float] = time.monotonic

    def read(self, model_id: str) -> Held | Absent | Failure:
        """What Scenario holds now."""
        try:
            description = self.client.models.description.retrieve(model_id, self.original_assets, self.project_id)
        except NotFound:
            return Absent(self.clock())
        except ScenarioError as error:
            return Failure.of(error)
        return Held(canonical(description.value or ""), records_of(description), self.clock())

    def write(self, model_id: str, text: str | None) -> Description:
        """Replaces the description, None removes it; raises ScenarioError."""
        return self.client.models.description.update(model_id, text, self.original_assets, self.project_id)
