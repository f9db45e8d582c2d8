"""A probe, from its refusal to the findings that are kept: one worker asks, so that a hung request delays no stop."""

from functools import partial
from typing import Any

from msgspec import structs

from syncjob.commands.probe import unfinished
from syncjob.commands.probe.borrowing import borrowed, not_restored
from syncjob.commands.probe.questions import questions
from syncjob.commands.probe.scratch import Edited, NotRestored
from syncjob.commands.run import Run, now
from syncjob.control import workers
from syncjob.errors import Stopped, UsageError
from syncjob.state import probe_results
from syncjob.state.journal import Finish
from syncjob.state.probe_results import Answers, Finding, Learnt


def probe(run: Run, model_id: str) -> Answers:
    """Asks a scratch model what is not documented, keeps the findings for later runs, and restores the model.

    Raises UsageError if an earlier probe was not restored, SyncjobError if not all could be asked,
    NotRestored if the model is not as it was.
    """
    for each in unfinished.of(run):  # whose text would be taken for the model's own
        raise UsageError(f"nothing was sent: {each}")
    for _, ended in list(workers.run([model_id], partial(_probe, run), 1, run.stop)):
        if isinstance(ended, Exception):
            raise ended
        return ended
    if run.journal and run.journal.is_needed:
        why = "interrupted, and Scenario did not respond in time"
        raise NotRestored(not_restored(run, model_id, why))
    raise Stopped(run.stop.reason)


def _probe(run: Run, model_id: str) -> Answers | Exception:
    """The findings, or why there are none; the journal has an end if nothing is left to put back."""
    try:
        probed = _asked(run, model_id)
        probe_results.save(run.config, probed)
    except Exception as error:  # noqa: BLE001  raised again in the thread that waits
        if isinstance(error, Edited) or not isinstance(error, NotRestored):
            run.write_end(Finish(now(), run.interrupts.status or 1, {}))
        return error
    run.write_end(Finish(now(), 0, {}))
    return probed


def _asked(run: Run, model_id: str) -> Answers:
    findings: list[Finding] = []  # without a secret that the API may echo
    facts: dict[str, Any] = {}
    with borrowed(run, model_id) as scratch:
        for finding, told in run.track("Asking", questions(scratch), 0):
            findings.append(structs.replace(finding, answer=run.client.quoted(finding.answer)))
            facts |= told
    return Answers(model_id, now(), Learnt(**facts), tuple(findings))
