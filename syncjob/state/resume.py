"""What an earlier run of the same project left in its journal."""

from collections.abc import Collection, Iterator, Mapping

from syncjob import log
from syncjob.config.config import Config
from syncjob.errors import UsageError
from syncjob.state import journal, journals
from syncjob.state.journal import Begin, Intent, Record
from syncjob.state.past_runs import confirmed


def confirmed_before(config: Config, resumed: str | None, *, but: str) -> Mapping[str, str | None]:
    """The digests of what the resumed run knew Scenario to hold, less what later runs wrote, such as a rollback."""
    if resumed is None:
        return {}
    known = dict(confirmed(records_of(config, resumed, command="sync")))
    for later in journal.later_than(config.state_dir, resumed):
        if later in (but, resumed):
            continue
        try:
            for record in journal.read(config.state_dir, later):
                if isinstance(record, Intent):
                    known.pop(record.model_id, None)
        except UsageError as error:  # it may have written anything
            log.event("warning", "resume", message=f"{error}; so every description is asked for again")
            return {}
    return known


def first_since(config: Config, earlier: str, model_ids: Collection[str], *, but: str) -> Mapping[str, Intent]:
    """Of each model the first intent after an earlier run: it says what its run found in the place of that write."""
    found: dict[str, Intent] = {}
    if not model_ids:
        return found
    is_later = False
    for _, begin, records in journals.of_project(config, but=but):
        if is_later:
            intents = (record for record in records if isinstance(record, Intent))
            found |= {each.model_id: each for each in intents if each.model_id in {*model_ids} - {*found}}
        is_later = is_later or begin.run == earlier
    return found


def records_of(config: Config, earlier: str, *, command: str | None = None) -> Iterator[Record]:
    """The records of an earlier run's journal; raises UsageError if its project or its command is another."""
    records = journal.read(config.state_dir, earlier)
    begin = next(records, None)
    if not isinstance(begin, Begin):
        raise UsageError(f"the run {earlier} has recorded nothing")
    if begin.target != config.target:
        raise UsageError(f"the run {earlier} was for {begin.target}, not for {config.target}")
    if command not in (None, begin.command):
        raise UsageError(f"the run {earlier} was a {begin.command}: only a {command} can be resumed")
    return records
