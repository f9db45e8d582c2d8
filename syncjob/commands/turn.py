"""How far a run that ran out of time got, so that another one may continue it."""

from syncjob.commands.run import Run
from syncjob.errors import UsageError
from syncjob.report.model import Report
from syncjob.state import journal
from syncjob.state.past_runs import confirmed
from syncjob.state.resume import records_of

_STOPPED_EARLY = 4


def progress(run: Run, report: Report) -> int | None:
    """How many texts a run wrote, or found in step that the run it resumes had not.

    None if the run was short of anything but time, or has no journal that another could resume.
    """
    is_out_of_time = report.exit_code == _STOPPED_EARLY and run.breaker.ended_by is None and not run.stop.is_given_up
    if not is_out_of_time or run.journal is None:
        return None
    resumed = run.options.resume
    try:
        known = confirmed(records_of(run.config, resumed)) if resumed else {}
        return len(confirmed(journal.read(run.config.state_dir, run.id)).items() - known.items())
    except UsageError:  # somebody removed a journal, or damaged it
        return None
