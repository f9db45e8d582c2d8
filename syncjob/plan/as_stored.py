"""What becomes of a change if the text on Scenario is our own in another form. Pure."""

from collections.abc import Callable
from dataclasses import replace

from syncjob.plan.compare import Change
from syncjob.plan.drift import is_behind
from syncjob.problems import Problem
from syncjob.state.last_writes import Form
from syncjob.text.normalised import what_became


def as_stored(change: Change, judged: Change, form: Form | None, held: Callable[[str], bool]) -> Change:
    """What becomes of a change that was `judged` to be over an edit, if the text on Scenario is our own after all.

    A file that is as it was sent needs no other write; one of which Scenario keeps only a part is
    `invalid`, because another write would most likely end the same way, unless edits may be overwritten.
    `held` says whether HEAD's history has the text with a digest: what git never had stays.
    """
    if form is None or form.stored != change.before_sha256:
        return judged
    if form.sent != change.after_sha256:
        is_ours = form.sent is not None and not is_behind(judged) and held(form.sent)
        return change if is_ours else judged
    became = what_became(change.after, change.before)
    if became == "less":
        return judged if judged.is_write else _kept_in_part(change, form)
    if became == "other":  # older versions took whatever a response showed for our own
        return judged
    return replace(change, action="unchanged", before="", after="", tags=(), known=())


def _kept_in_part(change: Change, form: Form) -> Change:
    message = f"Scenario kept only a part of this text when run {form.run} sent it"
    advice = f"change the text so that all of it is kept, run `syncjob pull {change.model_id}` to keep what is there"
    problem = Problem("remote-normalised", f"{message}; {advice}, or send it again with --overwrite-remote-edits")
    return replace(change, action="invalid", problems=(*change.problems, problem))
