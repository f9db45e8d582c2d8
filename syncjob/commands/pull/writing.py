"""The files of a pull, and the lines that say which text of Scenario's each has taken in."""

import os
import shlex
from collections.abc import Iterable

from syncjob import log
from syncjob.commands.pull.judging import Adoption
from syncjob.commands.run import Run
from syncjob.files import whole
from syncjob.local import acknowledged, scope
from syncjob.local.acknowledged_lines import CODE, updated
from syncjob.local.names import name_of
from syncjob.plan.acknowledged import file_of
from syncjob.plan.compare import Change
from syncjob.plan.outcome import Outcome
from syncjob.plan.pull.files import file_bytes
from syncjob.problems import Failure, Problem
from syncjob.text.canonical import sha256


def write(run: Run, adoption: Adoption) -> Outcome:
    """Writes a file, then its line: without the file that would say that an edit may be lost."""
    change = adoption.change
    try:
        acknowledged.require(run.config.folder, change.model_id)
    except OSError as error:  # then the next pull does both
        message = f"was left alone, because {_unwritable(change, error)}"
        return Outcome(change, "refused", (Problem(CODE, message),))
    outcome = _write_file(run, adoption)
    is_seen = adoption.is_adopted and change.action != "create"  # a new file needs no line: it is the record itself
    if outcome.status == "applied" and (why := keep_lines(run, change, adoption.existing_sha256, is_seen=is_seen)):
        path = shlex.quote(change.path)
        undo = f"delete {path}" if change.action == "create" else f"run `git restore {path}`"
        message = f"the file was written, but {why}; mend that, {undo}, and pull again"
        return Outcome(change, "failed", failure=Failure(CODE, message))
    return outcome


def tidy(run: Run, change: Change, digest: str | None, *, is_seen: bool = False) -> None:
    """Brings the lines of a file up to date of which nothing was written."""
    if why := keep_lines(run, change, digest, is_seen=is_seen):
        log.event("warning", CODE, message=why)


def keep_lines(run: Run, change: Change, digest: str | None, *, is_seen: bool) -> str | None:
    """Makes the model's lines say that Scenario's text `is_seen`, and drops older ones; returns why it cannot.

    `digest` is of that text, None for none.
    """
    try:
        acknowledged.update(run.config.folder, change.model_id, run.config.profile, digest, is_seen=is_seen)
    except OSError as error:
        return _unwritable(change, error)
    return None


def dropped(run: Run, adoptions: Iterable[Adoption]) -> int:
    """How many lines nothing needs any more; those of a text that gives way to another adopted one do not count."""
    folder, profile = run.config.folder, run.config.profile
    rest = (each for each in adoptions if each.is_read and not each.is_adopted)
    read = ((acknowledged.read(folder, each.change.model_id).lines, each.existing_sha256) for each in rest)
    return sum(len(lines - updated(lines, profile, held, is_seen=False)) for lines, held in read)


def _unwritable(change: Change, error: OSError) -> str:
    return f"{file_of(change)} cannot be written: {error.strerror}"


def _write_file(run: Run, adoption: Adoption) -> Outcome:
    change = adoption.change
    name = name_of(change.model_id)
    path = run.config.folder / name
    is_there = os.path.lexists(path)
    now = scope.Files(run.config, [name] if is_there else []).read(name)
    is_another = sha256(now.text) != change.before_sha256 or now.mark != adoption.mark
    if is_another or (is_there and change.action == "create"):
        message = "the file changed during this run and was left alone; pull again"
        return Outcome(change, "refused", (Problem("file-uncommitted", message),))
    try:
        whole.write(path, file_bytes(change.after))
    except OSError as error:
        return Outcome(change, "failed", failure=Failure("file-special", f"cannot be written: {error.strerror}"))
    return Outcome(change, "applied")
