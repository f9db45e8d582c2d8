"""What exists on Scenario for a model, as values. Pure."""

from dataclasses import dataclass

from syncjob.plan.references import Entry
from syncjob.problems import Failure


@dataclass(frozen=True, slots=True)
class Held:
    """A model's canonical text, "" for none; `known` is what its tags refer to."""

    text: str
    known: tuple[Entry, ...]
    read_at: float


@dataclass(frozen=True, slots=True)
class Absent:
    """The API answered 404, or null if a probe saw that: the model has no description, or there is no such model."""

    read_at: float


Existing = Held | Absent | Failure
