"""Whether a pull adopts a text on Scenario, or leaves the file as it is because git knows better. Pure."""

import shlex
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from syncjob.git.history.texts import Version
from syncjob.plan.compare import Change
from syncjob.plan.pull.base import MergeBase
from syncjob.problems import Problem, note, warning
from syncjob.state.last_writes import Form
from syncjob.text.canonical import same, sha256
from syncjob.text.normalised import is_same_but_for_form, kin_of
from syncjob.text.sanitize import shorten

_BACK = "use --back to take Scenario's text anyway"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a description's texts; `versions` and `elsewhere` are read no further than needed.

    `acknowledged` are the digests that HEAD says may be replaced, `uncommitted` those of lines that only the working tree
    has; `elsewhere` are the versions of other branches. `form` is what Scenario made of our last write. `gap` says why there may be more versions, once they are read.
    """

    versions: Iterable[Version]
    elsewhere: Iterable[tuple[str, Version]]
    acknowledged: Collection[str]
    uncommitted: Collection[str]
    form: Form | None
    gap: Callable[[], str | None]


def judged(change: Change, known: Known, *, is_named: bool) -> Change:
    """The change of a pull, `unchanged` if git has moved on from the text, a `conflict` if nobody can tell.

    `is_named`: a pattern is the model's id, so a file that is gone is to come back.
    """
    if left := _left_alone(change, known, is_named=is_named):
        return replace(change, action="unchanged", before="", after="", problems=(left,))
    gap = None if not change.before else known.gap()
    if gap is None:
        return change
    message = f"cannot tell whether git held this text: {gap}; {_BACK}"
    return replace(change, action="conflict", problems=(*change.problems, Problem("history-missing", message)))


def over_own(change: Change, base: MergeBase | None, *, is_written_here: bool = False) -> Change:
    """The change, with a warning if the file has changes since the version that Scenario's text is closest to.

    If Scenario's text `is_written_here`, by the last run, all that the file has besides is its own.
    """
    lost = _lost(change, base, is_written_here=is_written_here) if change.action == "update" else None
    return replace(change, problems=(*change.problems, warning("own-changes", lost))) if lost else change


def _lost(change: Change, base: MergeBase | None, *, is_written_here: bool) -> str | None:
    """What the file loses that nobody need have changed on Scenario."""
    restore = f"run `git restore {shlex.quote(change.path)}`, then `syncjob"
    undo = f"to keep it, {restore} acknowledge {change.model_id}`"
    if is_written_here:
        return f"takes the place of what the file has since a run here wrote Scenario's text; {undo}"
    if base is None:
        return None
    commit = f"commit {base.version.commit[:10]}"
    if not same(base.version.text, change.before):
        both = f"to keep both, {restore} pull --merge {change.model_id}`"
        return f"takes the place of the file's own changes since {commit}; {both}"
    is_cut = kin_of(change.after)(change.before) and not is_same_but_for_form(change.before, change.after)
    return f"Scenario has only the beginning of {commit}'s text, so the file loses its end; {undo}" if is_cut else None


def _left_alone(change: Change, known: Known, *, is_named: bool) -> Problem | None:
    is_new, sent = change.action == "create", _sent(change, known.form)
    if is_new and not is_named:
        if any(True for _ in known.versions):
            advice = f"`syncjob pull {change.model_id}` brings it back"
            return note("deleted-locally", f"its file was deleted in git, so its description was left; {advice}")
    elif not is_new and (held := _held(change, known, sent)):
        return note("ahead", f"Scenario still has the text of commit {held[:10]}; the file is newer; {_BACK}")
    if change.after_sha256 in known.acknowledged:
        return note("acknowledged", f"acknowledged in HEAD: a sync will replace Scenario's text; {_BACK}")
    if change.after_sha256 in known.uncommitted:
        return note("acknowledged", f"acknowledged here, not committed yet: the file was left; {_BACK}")
    for ref, version in known.elsewhere:
        if _is_held(version, change, sent):
            return note(
                "behind", f"{shorten(ref)} has Scenario's text ({version.commit[:7]}): merge that branch; {_BACK}"
            )
    return None


def _held(change: Change, known: Known, sent: str | None) -> str | None:
    """The commit that held the text, or the one that Scenario made it of; None if none did."""
    return next((version.commit for version in known.versions if _is_held(version, change, sent)), None)


def _is_held(version: Version, change: Change, sent: str | None) -> bool:
    return same(version.text, change.after) or (sent is not None and sha256(version.text) == sent)


def _sent(change: Change, form: Form | None) -> str | None:
    """The digest of the text that Scenario made its own of, None if that is the file's, or nobody knows."""
    is_form = form is not None and form.stored == change.after_sha256 and form.sent != change.before_sha256
    return form.sent if form and is_form else None
