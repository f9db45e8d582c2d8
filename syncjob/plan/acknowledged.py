"""What becomes of an edit made on Scenario that the team has seen, by the lines of `local/acknowledged.py`. Pure."""

from dataclasses import replace

from syncjob.local.acknowledged import FOLDER, Line, Read
from syncjob.local.document import name_of
from syncjob.plan.compare import Change
from syncjob.problems import Problem, warning

REPLACES = "edit-acknowledged"


def by_lines(change: Change, judged: Change, committed: Read, here: frozenset[Line], profile: str) -> Change:
    """What becomes of a change that was `judged` to be over an edit: the write after all if HEAD acknowledges the text.

    `committed` is what HEAD has for the model. Lines that are only `here`, in the working tree, do nothing: they only
    change what the conflict says.
    """
    lines, wrong = committed
    line = Line(profile, change.before_sha256 or "")
    if line in lines:
        what = "replaces" if change.after else "deletes"
        seen = warning(REPLACES, f"{what} an edit made on Scenario, acknowledged here")
        return replace(change, base=judged.base, problems=(*change.problems, seen))
    if line in here:
        uncommitted = Problem("remote-edited", f"acknowledged here, but not committed: commit {file_of(change)}")
        return replace(judged, problems=(*change.problems, uncommitted))
    notes = (warning(each.code, f"{file_of(change)} counts for nothing: {_said(each)}") for each in wrong)
    return replace(judged, problems=(*judged.problems, *notes))


def file_of(change: Change) -> str:
    """The file of a model's lines, as messages call it."""
    return f"{change.path.removesuffix(name_of(change.model_id))}{FOLDER}/{change.model_id}"


def _said(problem: Problem) -> str:
    return f"line {problem.line}, {problem.message}" if problem.line else f"it {problem.message}"
