"""What an earlier run left in its journal, where it was for the same project."""

from collections.abc import Collection, Iterator, Mapping

from syncjob import journal, log, runs
from syncjob.config import target
from syncjob.errors import UsageError
from syncjob.journal import Begin, Intent, Record
from syncjob.run import Run


def confirmed_before(run: Run) -> Mapping[str, str | None]:
    """The digests of what the run that is resumed knew Scenario to hold; those are not asked for again.

    What a later run has written, a rollback for one, is not among them.
    """
    resumed = run.options.resume
    if resumed is None:
        return {}
    known = dict(runs.confirmed(records_of(run, resumed)))
    for later in journal.later_than(run.config.state_dir, resumed):
        if later in (run.id, resumed):
            continue
        try:
            for record in journal.read(run.config.state_dir, later):
                if isinstance(record, Intent):
                    known.pop(record.model_id, None)
        except UsageError as error:  # it may have written anything
            log.event("warning", "resume", message=f"{error}; so every description is asked for again")
            return {}
    return known


def first_since(run: Run, earlier: str, model_ids: Collection[str]) -> Mapping[str, Intent]:
    """What the runs after an earlier one found in the place of what they wrote: of each model the first intent."""
    found: dict[str, Intent] = {}
    if not model_ids:
        return found
    ids = [each for each in journal.run_ids(run.config.state_dir) if each != run.id]
    for later in reversed(ids[: ids.index(earlier)] if earlier in ids else ids):
        try:
            for record in records_of(run, later):
                if isinstance(record, Intent) and record.model_id in model_ids:
                    found.setdefault(record.model_id, record)
        except UsageError:
            continue  # of another project, or damaged
    return found


def records_of(run: Run, earlier: str) -> Iterator[Record]:
    """The records of an earlier run's journal; raises UsageError where it wrote to another project."""
    records = journal.read(run.config.state_dir, earlier)
    begin = next(records, None)
    if not isinstance(begin, Begin):
        raise UsageError(f"the run {earlier} has recorded nothing")
    config = run.config
    if not begin.is_for(config.profile, config.base_url, config.project_id):
        theirs = target(begin.profile, begin.base_url, begin.project_id)
        ours = target(config.profile, config.base_url, config.project_id)
        raise UsageError(f"the run {earlier} was for {theirs}, not for {ours}")
    return records
