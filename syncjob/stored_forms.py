"""What Scenario made of our own texts: known by the journals, for texts that it stores in another form than it was sent."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from syncjob import journal
from syncjob.earlier import records_of
from syncjob.errors import UsageError
from syncjob.normalised import what_became
from syncjob.plan import Change
from syncjob.problems import Problem
from syncjob.run import Run
from syncjob.runs import Write, all_writes


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
        self._forms: dict[str, Form] | None = None

    def of(self, model_id: str) -> Form | None:
        """The form of a model's last write; None where Scenario stored just what was sent, or nobody knows."""
        if self._forms is None:
            self._forms = {}
            for run, write in self._writes():
                self._take_in(run, write)
        return self._forms.get(model_id)

    def _take_in(self, run: str, write: Write) -> None:
        if self._forms is None or write.effect != "written" or write.result is None:
            return
        sent, stored = write.intent.after_sha256, write.result.stored_sha256
        self._forms.pop(write.intent.model_id, None)
        if sent != stored:
            self._forms[write.intent.model_id] = Form(run, sent, stored)

    def _writes(self) -> Iterator[tuple[str, Write]]:
        runs = () if self._run.distrust else journal.run_ids(self._run.config.state_dir)
        for run in reversed(runs):
            try:
                yield from ((run, write) for write in all_writes(records_of(self._run, run)))
            except UsageError:
                continue  # of another project, or damaged


def as_stored(change: Change, judged: Change, form: Form | None) -> Change:
    """What becomes of a change that was judged to be over an edit, where the text on Scenario is our own after all. Pure.

    A file that is as it was sent needs no other write; one of which Scenario keeps only a part is
    `invalid`, because another write would most likely come to the same, unless edits may be overwritten.
    """
    if form is None or form.stored != change.before_sha256:
        return judged
    if form.sent != change.after_sha256:
        return change
    if what_became(change.after, change.before) == "less":
        return judged if judged.is_write else _kept_in_part(change, form)
    return replace(change, action="unchanged", before="", after="", tags=(), known=())


def _kept_in_part(change: Change, form: Form) -> Change:
    message = f"Scenario kept only a part of this text when run {form.run} sent it"
    advice = f"change the text so that all of it is kept, take over what is there with `syncjob pull {change.model_id}`"
    problem = Problem("remote-normalised", f"{message}; {advice}, or send it again with --overwrite-remote-edits")
    return replace(change, action="invalid", problems=(*change.problems, problem))
