"""What puts back the text that a write of an earlier run replaced. Pure."""

from dataclasses import replace

from syncjob.plan.compare import Change, over
from syncjob.plan.existing import Existing
from syncjob.problems import Problem, warning
from syncjob.state.past_runs import Write


def put_back(write: Write, existing: Existing, *, is_forced: bool) -> Change:
    """The change that puts the earlier text back: a `conflict` if Scenario no longer holds what the write left.

    `is_forced` makes a warning of that. A probe's journal holds a text to the letter, and so it is put back.
    """
    change = over(replace(_bare(write), after=write.intent.before or ""), existing)
    is_over_later = change.is_write and change.before_sha256 not in write.left
    return _over_later(change, is_forced=is_forced) if is_over_later else change


def _over_later(change: Change, *, is_forced: bool) -> Change:
    if is_forced:
        return replace(change, problems=(warning("remote-edited", "a later text is overwritten, because of --force"),))
    message = "edited on Scenario since that run, and left alone; use --force to put the earlier text back"
    return replace(change, action="conflict", problems=(Problem("remote-edited", message),))


def wrote_nothing(write: Write) -> Change:
    """The place of a write that Scenario did not take: its text there is somebody else's, or another run's."""
    error = write.result.error if write.result else None
    why = f" ({error})" if error else ""
    problem = warning("nothing-written", f"that run wrote nothing here{why}, so there is nothing to put back")
    return replace(_bare(write), action="unchanged", problems=(problem,))


def not_read(write: Write) -> Change:
    """The place of a write that was not read before the run ended."""
    return replace(_bare(write), is_compared=False)


def _bare(write: Write) -> Change:
    intent = write.intent
    return Change(intent.model_id, intent.path, "invalid", model_name=intent.model_name)
