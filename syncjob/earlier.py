"""What an earlier run left in its journal, where it was for the same project."""

from collections.abc import Iterator, Mapping

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


def records_of(run: Run, earlier: str) -> Iterator[Record]:
    """The records of an earlier run's journal; raises UsageError where it wrote to another project."""
    records = journal.read(run.config.state_dir, earlier)
    begin = next(records, None)
    if not isinstance(begin, Begin):
        raise UsageError(f"the run {earlier} has recorded nothing")
    config = run.config
    if (begin.profile, begin.base_url, begin.project_id) != (config.profile, config.base_url, config.project_id):
        theirs = target(begin.profile, begin.base_url, begin.project_id)
        ours = target(config.profile, config.base_url, config.project_id)
        raise UsageError(f"the run {earlier} was for {theirs}, not for {ours}")
    return records
