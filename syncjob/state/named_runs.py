"""The run that somebody means, by its id, the beginning of one, or `last`."""

from collections.abc import Iterator

from syncjob.config.config import Config
from syncjob.errors import UsageError
from syncjob.state import journal
from syncjob.state.journal import Begin, Finish, Record
from syncjob.state.past_runs import all_writes
from syncjob.text.sanitize import one_line

LAST = "last"
_SHOWN = 3  # runs that are named if more than one is meant


def run_named(config: Config, name: str, *, but: str) -> str:
    """The id of a run other than `but`; raises UsageError if none or more than one begins so.

    An id of nothing known is given back: whoever reads its journal says that there is none.
    """
    if name == LAST:
        return _last(config, but)
    ids = [run for run in journal.run_ids(config.state_dir) if run != but]
    fitting = [run for run in ids if name and run.startswith(name)]
    if name in ids or not fitting:
        return name
    if len(fitting) > 1:
        some = ", ".join(map(one_line, fitting[:_SHOWN]))
        raise UsageError(f"{len(fitting)} runs begin with {one_line(name)}: {some}{' …' if fitting[_SHOWN:] else ''}")
    return fitting[0]


def _last(config: Config, but: str) -> str:
    """The newest run of the project that wrote or may have written; raises UsageError at a damaged journal before it."""
    for run in journal.run_ids(config.state_dir):
        records = journal.read(config.state_dir, run) if run != but else iter(())
        begin = next(records, None)
        if isinstance(begin, Begin) and begin.target == config.target and _has_left_something(begin, records):
            return run
    raise UsageError(f"no run for {config.target} has written anything; syncjob runs lists those of other profiles")


def _has_left_something(begin: Begin, records: Iterator[Record]) -> bool:
    if begin.command == "doctor":
        probed = list(records)
        if any(isinstance(record, Finish) for record in probed):
            return False  # a probe that came to its end has put everything back
        records = iter(probed)
    return any(write.effect != "none" for write in all_writes(records))
