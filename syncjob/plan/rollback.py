"""What puts back the text that a write of an earlier run replaced. Pure."""

from dataclasses import replace

from syncjob.plan.compare import Action, Change
from syncjob.plan.existing import Existing, Held
from syncjob.problems import Failure, Problem, warning
from syncjob.state.past_runs import Write
from syncjob.text.canonical import canonical, same, sha256


def put_back(write: Write, existing: Existing, *, is_forced: bool) -> Change:
    """The change that puts the earlier text back, where Scenario still holds what the write left.

    Where it holds a third text that is a `conflict`, unless `is_forced`.
    """
    intent = write.intent
    after = intent.before or ""
    # A probe's journal holds a text to the letter.
    base = Change(intent.model_id, intent.path, "invalid", after_sha256=sha256(canonical(after)))
    if isinstance(existing, Failure):
        return replace(base, failure=existing)
    before = existing.text if isinstance(existing, Held) else ""
    before_sha256 = sha256(before)
    if same(before, canonical(after)):
        return replace(base, action="unchanged", before_sha256=before_sha256)
    action: Action = "delete" if not after else "update" if before else "create"
    change = replace(base, action=action, before=before, after=after, before_sha256=before_sha256)
    change = replace(change, read_at=existing.read_at, exists=isinstance(existing, Held))
    return change if write.has_left(before_sha256) else _over_later(change, is_forced=is_forced)


def _over_later(change: Change, *, is_forced: bool) -> Change:
    """A change that would replace a text of meanwhile."""
    if is_forced:
        return replace(change, problems=(warning("remote-edited", "a later text is overwritten, because of --force"),))
    message = "edited on Scenario since that run; left alone, --force puts the earlier text back all the same"
    return replace(change, action="conflict", problems=(Problem("remote-edited", message),))


def wrote_nothing(write: Write) -> Change:
    """The place of a write that Scenario did not take: whatever stands there is of somebody else, or another run."""
    error = write.result.error if write.result else None
    why = f" ({error})" if error else ""
    message = f"that run wrote nothing here{why}, so there is nothing to put back"
    problems = (warning("nothing-written", message),)
    return Change(write.intent.model_id, write.intent.path, "unchanged", problems=problems)


def not_read(write: Write) -> Change:
    """The place of a write that the run did not come to look at."""
    return Change(write.intent.model_id, write.intent.path, "invalid", is_compared=False)
