"""Probes that have not put a model's own text back, by the journals of their runs."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from syncjob.commands.run import Run
from syncjob.plan.compare import Change
from syncjob.state import journals
from syncjob.state.journal import Confirmed, Finish, Record, Result
from syncjob.state.past_runs import all_writes

_NO_WRITE = ("failed", "refused", "not_attempted")


class Unfinished(NamedTuple):
    """A probe that was killed, or could not put back what its model held."""

    run: str
    model_id: str

    def __str__(self) -> str:
        return (
            f"the probe {self.run} has not put back the description of {self.model_id}; unless it is still running, "
            f"restore it: syncjob rollback {self.run} --force"
        )


def of(run: Run) -> tuple[Unfinished, ...]:
    """Those of the run's project, for each model the oldest, whose journal holds the model's own text.

    A probe is over if its journal has an end, so nothing is left to put back, or if a later run wrote the model or
    found it as it was to be.
    """
    found: dict[str, str] = {}
    for _, begin, records in journals.of_project(run.config, but=run.id):
        if begin.command == "doctor":
            found |= {model_id: begin.run for model_id in _left(records) if model_id not in found}
        elif found:
            for model_id in _settled(records):
                found.pop(model_id, None)
    return tuple(Unfinished(earlier, model_id) for model_id, earlier in found.items())


def settle(run: Run, earlier: str, changes: Iterable[Change]) -> None:
    """Notes in a rollback's journal that a probe's model was found to hold its own text already."""
    if run.journal and any(each.run == earlier for each in of(run)):
        there = [change for change in changes if change.action == "unchanged"]
        run.journal.write(*(Confirmed(change.model_id, change.after_sha256) for change in there))
        if there:
            run.journal.keep()


def _left(records: Iterable[Record]) -> set[str]:
    """The models that a probe wrote, or may have, and did not put back."""
    found = list(records)
    if any(isinstance(record, Finish) for record in found):
        return set()
    return {write.intent.model_id for write in all_writes(found) if write.effect != "none"}


def _settled(records: Iterable[Record]) -> Iterator[str]:
    """The models that a run wrote, or found as they were to be."""
    for record in records:
        if isinstance(record, Confirmed) or (isinstance(record, Result) and record.status not in _NO_WRITE):
            yield record.model_id
