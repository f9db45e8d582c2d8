"""What becomes of an edit made on Scenario that the team has seen, by the lines of `local/acknowledged.py`. Pure."""

import shlex
from collections.abc import Collection, Iterable
from dataclasses import replace

from syncjob.git.history.texts import Version
from syncjob.local.acknowledged_lines import FOLDER, Read, updated
from syncjob.local.names import name_of
from syncjob.plan.compare import Change
from syncjob.plan.pull.base import guessed
from syncjob.problems import Problem, note, warning
from syncjob.text.canonical import same
from syncjob.text.matching import has_changes
from syncjob.text.sanitize import shorten

REPLACES, FORGETTABLE = "edit-acknowledged", "unacknowledged"


def by_lines(change: Change, judged: Change, committed: Read, here: Read, profile: str) -> Change:
    """What becomes of a change that was `judged` to be over an edit: the write after all if HEAD acknowledges the text.

    `committed` is what HEAD has for the model. Lines that are only `here`, in the working tree, change nothing but
    what the conflict says.
    """
    if committed.allows(profile, change.before_sha256):
        what = "replaces" if change.after else "deletes"
        seen = warning(REPLACES, f"{what} an edit made on Scenario, acknowledged here")
        return replace(change, base=judged.base, problems=(*change.problems, seen))
    notes = (warning(each.code, f"{file_of(change)} is ignored: {_said(each)}") for each in committed.problems)
    if here.allows(profile, change.before_sha256):
        uncommitted = Problem("remote-edited", f"acknowledged here, but not committed: commit {file_of(change)}")
        return replace(judged, problems=(*change.problems, *notes, uncommitted))
    found = judged.problems[len(change.problems) :]
    others = {line.profile for line in committed.lines | here.lines if line.sha256 == change.before_sha256}
    return replace(judged, problems=(*change.problems, *notes, *(_for_others(each, others, profile) for each in found)))


def _for_others(problem: Problem, profiles: Collection[str], own: str) -> Problem:
    """The conflict, which says first that other profiles' lines allow nothing here."""
    names = shorten(", ".join(sorted(profiles)), 200)
    if not profiles or own in profiles or problem.code != "remote-edited":
        return problem
    return replace(problem, message=f"acknowledged for profile {names} only, and this is {own}: {problem.message}")


def kept_by_file(change: Change, others: Iterable[Version]) -> Change:
    """The write over an acknowledged edit, with a note in place of the warning if its file has all of that edit.

    `others` are the versions that the edit may have been made from; the file's own text is none of them.
    """
    base = guessed("", change.before, (version for version in others if not same(version.text, change.after)))
    if base is None or not has_changes(base.version.text, change.before, change.after):
        return change
    kept = note(REPLACES, "goes on from an edit made on Scenario, and keeps it")
    return replace(change, problems=tuple(kept if each.code == REPLACES else each for each in change.problems))


def forgettable(change: Change, since: str, unknown: str | None = None) -> Change:
    """The write with the warning that a squash would make an edit of the text that it replaces.

    `unknown` says why git cannot tell whether it would.
    """
    command = f"syncjob acknowledge {change.model_id} --since {shlex.quote(shorten(since))}"
    message = (
        f"only this branch's own commits hold Scenario's text, and a squash forgets it. Run `{command}`, then commit"
    )
    if unknown:
        message = f"cannot tell whether a squash forgets Scenario's text: {unknown}"
    return replace(change, problems=(*change.problems, warning(FORGETTABLE, message)))


def long_gone(change: Change) -> Change:
    """What is left of a deletion if the file went before --since REV, and only lines of other texts changed after that."""
    message = "its file went before --since REV, and no line of this profile acknowledges its description, which stays"
    note = warning("deleted-locally", message)
    return replace(change, action="unchanged", before="", after="", tags=(), known=(), problems=(note,))


def to_acknowledge(change: Change, judged: Change, here: Read, profile: str) -> Change:
    """The write that a line would allow, or why none is needed; what is wrong, or belongs to another branch, stays.

    `here` are the lines of the working tree.
    """
    if judged.failure or judged.action == "invalid" or not judged.is_compared:
        return judged
    is_forgettable = any(problem.code == FORGETTABLE for problem in judged.problems)
    if judged.action != "conflict" and not is_forgettable:
        is_dropped = updated(here.lines, profile, change.before_sha256, is_seen=False) != here.lines
        dropped = f"; the line of an earlier text is dropped: commit {file_of(change)}" if is_dropped else ""
        return _needless(change, f"{_reason(change, judged)}{dropped}")
    if any(problem.is_error and problem.code != "remote-edited" for problem in judged.problems):
        return judged
    if here.allows(profile, change.before_sha256):
        return _needless(change, f"acknowledged already, but not committed: commit {file_of(change)}")
    return replace(change, base=judged.base)


def _reason(change: Change, judged: Change) -> str:
    """Why a text needs no line."""
    if any(problem.code == REPLACES for problem in judged.problems):
        return "acknowledged already"
    if change.is_write and judged.action == "unchanged":
        return "Scenario stores what syncjob wrote, in another form"
    if change.is_write and change.before:
        return "git's history holds Scenario's text, so a sync may replace it"
    if change.before_sha256:
        return "Scenario holds what the file says"
    return "Scenario has no description, or no such model that these credentials see"


def _needless(change: Change, why: str) -> Change:
    needless = note("nothing-acknowledged", f"nothing to acknowledge: {why}")
    bare = replace(change, action="unchanged", before="", after="", tags=(), known=())
    return replace(bare, problems=(*change.problems, needless))


def not_at_hand(change: Change, unknown: str | None = None) -> Change:
    """What is refused because git has the model's lines and did not check them out: those of other profiles would go.

    `unknown` says why git cannot tell whether it has.
    """
    message = f"git has {file_of(change)} but did not check it out (a sparse checkout); check it out"
    if unknown:
        message = f"cannot tell whether {file_of(change)} is checked out: {unknown}"
    problem = Problem("file-special", message)
    return replace(change, action="invalid", tags=(), known=(), problems=(*change.problems, problem))


def file_of(change: Change) -> str:
    """The file of a model's lines, as messages call it."""
    return f"{change.path.removesuffix(name_of(change.model_id))}{FOLDER}/{change.model_id}"


def _said(problem: Problem) -> str:
    return f"line {problem.line}, {problem.message}" if problem.line else f"it {problem.message}"
