"""What an earlier run left in its journal, where it was for the same project."""

from collections.abc import Iterator, Mapping

from syncjob import journal, runs
from syncjob.errors import UsageError
from syncjob.journal import Begin, Record
from syncjob.run import Run


def confirmed_before(run: Run) -> Mapping[str, str | None]:
    """The digests of what the run that is resumed knew Scenario to hold; those are not asked for again."""
    return runs.confirmed(records_of(run, run.options.resume)) if run.options.resume is not None else {}


def records_of(run: Run, earlier: str) -> Iterator[Record]:
    """The records of an earlier run's journal; raises UsageError where it wrote to another project."""
    records = journal.read(run.config.state_dir, earlier)
    begin = next(records, None)
    if not isinstance(begin, Begin):
        raise UsageError(f"the run {earlier} has recorded nothing")
    config = run.config
    if (begin.profile, begin.base_url, begin.project_id) != (config.profile, config.base_url, config.project_id):
        raise UsageError(
            f"the run {earlier} was for the profile {begin.profile!r} at {begin.base_url}, not for {config.profile!r} "
            f"at {config.base_url}"
        )
    return records
