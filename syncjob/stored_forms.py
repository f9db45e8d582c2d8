"""What Scenario made of our own texts: known by the journals, for texts that it stores in another form than it was sent."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from syncjob import journals
from syncjob.normalised import what_became
from syncjob.plan import Change
from syncjob.problems import Problem
from syncjob.run import Run
from syncjob.runs import traces


@dataclass(frozen=True, slots=True)
class Form:
    """The digests of a text that was sent and of what was then stored, None for no text."""

    run: str
    sent: str | None
    stored: str | None


class StoredForms:
    """The last write of each model, where Scenario stored it otherwise; the journals are read when first asked."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._forms: dict[str, Form | None] | None = None

    def of(self, model_id: str) -> Form | None:
        """The form of a model's last write; None where Scenario stored just what was sent, or nobody knows."""
        if self._forms is None:
            self._forms = {} if self._run.distrust else dict(_forms(self._run))
        return self._forms.get(model_id)


def _forms(run: Run) -> Iterator[tuple[str, Form | None]]:
    for _, begin, records in journals.of_project(run.config, but=run.id):
        for each in traces(records):
            if each.effect == "written":
                is_as_sent = each.stored == each.sent
                yield each.model_id, None if is_as_sent else Form(begin.run, each.sent, each.stored)


def as_stored(change: Change, judged: Change, form: Form | None) -> Change:
    """What becomes of a change that was judged to be over an edit, where the text on Scenario is our own after all. Pure.

    A file that is as it was sent needs no other write; one of which Scenario keeps only a part is
    `invalid`, because another write would most likely come to the same, unless edits may be overwritten.
    """
    if form is None or form.stored != change.before_sha256:
        return judged
    if form.sent != change.after_sha256:
        return change
    became = what_became(change.after, change.before)
    if became == "less":
        return judged if judged.is_write else _kept_in_part(change, form)
    if became == "other":  # older versions took whatever an answer showed for our own
        return judged
    return replace(change, action="unchanged", before="", after="", tags=(), known=())


def _kept_in_part(change: Change, form: Form) -> Change:
    message = f"Scenario kept only a part of this text when run {form.run} sent it"
    advice = f"change the text so that all of it is kept, take over what is there with `syncjob pull {change.model_id}`"
    problem = Problem("remote-normalised", f"{message}; {advice}, or send it again with --overwrite-remote-edits")
    return replace(change, action="invalid", problems=(*change.problems, problem))
