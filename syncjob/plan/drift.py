"""Whether the text on Scenario is one that git held, or an edit that somebody made there. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from syncjob.git.history.texts import Version
from syncjob.plan.closest import Closest
from syncjob.plan.compare import EMPTIED, Change
from syncjob.problems import Problem, warning
from syncjob.text.canonical import same, sha256
from syncjob.text.normalised import is_same_but_for_form
from syncjob.text.probe_texts import left_by_a_probe


def with_history(
    change: Change, versions: Iterable[Version], gap: Callable[[], str | None], *, may_overwrite: bool
) -> Change:
    """The change, as a `conflict` if it would overwrite a text that git never held.

    `versions` are the file's, newest first, read no further than needed. Once they are all read, `gap` says why
    history may hold more, if it may. With `may_overwrite` a warning takes the place of the conflict.
    """
    if not (change.is_write and change.before):
        return change
    closest = Closest(change.before, change.after)
    for version in versions:
        if same(version.text, change.before):
            return change
        closest.see(version)
    base, missing = closest.version, gap()
    if may_overwrite:
        return replace(over_edit(change, missing), base=base)
    problem = _of_form(change, base) if base and closest.is_kin else _edited(change, base, missing)
    return replace(change, action="conflict", base=base, problems=(*change.problems, problem))


def _of_form(change: Change, base: Version) -> Problem:
    """Nobody need have edited this: a server may have changed or cut what was sent."""
    commit = f"commit {base.commit[:10]}"
    is_whole = is_same_but_for_form(base.text, change.before)
    if is_whole:
        stored = _unlike_git(change, base, f"Scenario stores the text of {commit} in another form")
        return replace(stored, doubtful=True)
    why = "the end was deleted there, or cut when it was stored"
    if same(base.text, change.after):  # the file's own, of which an earlier part may have been synced uncommitted
        why = "the end was deleted there, cut when it was stored, or written here after a sync"
    return replace(
        _unlike_git(change, base, f"Scenario has only the beginning of the text of {commit}: {why}"), doubtful=True
    )


def _edited(change: Change, base: Version | None, missing: str | None) -> Problem:
    if left := left_by_a_probe(change.before, change.model_id):
        return Problem("remote-edited", left, doubtful=True)
    if missing:
        unsure = f"cannot tell whether this text was edited on Scenario: {missing}"
        return Problem("remote-edited", unsure, doubtful=True)
    what = "edited on Scenario, or synced from a commit that is not here (`git fetch`)"
    return _unlike_git(change, base, f"not in git's history: {what}")


def written_here(judged: Change) -> Change:
    """The conflict over a text that a run of this machine wrote last: git never held it, but nobody edited it since.

    That of a probe stays one.
    """
    if left_by_a_probe(judged.before, judged.model_id):
        return judged
    wrote = "a run here wrote this text, and git does not have it (a sync before its commit, or a rollback)"
    write = f"Write the file over it: `syncjob acknowledge {judged.model_id}`, then commit"
    keep = f"Take it in place of the file: `syncjob pull {judged.model_id}`, then commit"
    problem = Problem("remote-edited", f"{wrote}. {write}. {keep}", doubtful=True)
    return replace(judged, problems=(*judged.problems[:-1], problem))


def _unlike_git(change: Change, base: Version | None, message: str) -> Problem:
    merging = "--merge " if base and not same(base.text, change.after) else ""
    keep = f"Keep it: `syncjob pull {merging}{change.model_id}`, then commit"
    discard = f"Discard it: `syncjob acknowledge {change.model_id}`, then commit"
    return Problem("remote-edited", f"{message}. {keep}. {discard}")


def emptied(change: Change, commit: str | None = None) -> Change:
    """The change, with a warning that Scenario had a text: of a run here, or if that is not known, of a `commit`."""
    what = "emptied on Scenario since a run here wrote or found a text there"
    if commit:
        what = f"Scenario has no text, but commit {commit[:10]} of --since has: emptied there, or never synced"
    message = f"{what}. A sync writes the file's; to leave it empty, delete the file and commit"
    return replace(change, problems=(*change.problems, warning(EMPTIED, message)))


def over_edit(change: Change, missing: str | None = None) -> Change:
    """The change with the warning that it overwrites an edit; `missing` says why that is not sure."""
    what = "a text that git may never have held" if missing else "an edit made on Scenario"
    problem = warning("remote-edited", f"{what} is overwritten, because of --overwrite-remote-edits")
    return replace(change, problems=(*change.problems, problem))


def behind(judged: Change, elsewhere: Iterable[tuple[str, Version]], sent: str | None = None) -> Change:
    """A conflict over a text that a branch holds which HEAD is behind is none over an edit; any other change as it is.

    `elsewhere` are the texts that HEAD's history does not hold, each with its branch's name. `sent` is the digest of
    the one that Scenario stores in another form.
    """
    if judged.action != "conflict":
        return judged
    found = _held_by(elsewhere, judged.before, sent)
    return replace(judged, problems=(*judged.problems[:-1], found)) if found else judged


def is_behind(judged: Change) -> bool:
    """Whether a branch that HEAD is behind holds the text on Scenario."""
    return any(problem.code == "behind" for problem in judged.problems)


def put_back(change: Change, ahead: Iterable[tuple[str, Version]]) -> Change:
    """The change, as a `conflict` if it would put back what a branch that HEAD is behind has replaced.

    `ahead` are the texts that the file has there and not in HEAD, each with its branch's name.
    """
    found = _held_by(ahead, change.before)
    return replace(change, action="conflict", problems=(*change.problems, found)) if found else change


def unsure(change: Change, fault: str) -> Change:
    """The change as a conflict, because of a `fault` nobody knows whether a branch that HEAD is behind has its text."""
    message = f"cannot tell whether a branch that HEAD is behind has this text: {fault}"
    problems = tuple(problem for problem in change.problems if problem.code != "remote-edited")
    return replace(change, action="conflict", problems=(*problems, Problem("behind", message, doubtful=True)))


def _held_by(held: Iterable[tuple[str, Version]], text: str, sent: str | None = None) -> Problem | None:
    """What is to be merged, if a branch has the text, or the one that was `sent`, by its digest."""
    for branch, version in held:
        if same(version.text, text) or (sent and sha256(version.text) == sent):
            return Problem("behind", f"{branch} has this text ({version.commit[:7]}): merge that branch")
    return None
