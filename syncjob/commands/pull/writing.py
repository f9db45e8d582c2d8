"""The files of a pull, and the lines that say which text of Scenario's each has taken in."""

import os
from collections.abc import Iterable

from syncjob import log
from syncjob.commands.pull.judging import Taken
from syncjob.commands.run import Run
from syncjob.files import whole
from syncjob.local import acknowledged, scope
from syncjob.local.names import name_of
from syncjob.plan.outcome import Outcome
from syncjob.plan.pull.files import file_bytes
from syncjob.problems import Failure, Problem
from syncjob.text.canonical import sha256


def write(run: Run, taken: Taken) -> Outcome:
    """Writes a file, then its line: without the file that would say that an edit may be lost."""
    outcome = _write_file(run, taken)
    if outcome.status != "applied":
        return outcome
    try:
        keep_lines(run, taken)
    except OSError as error:
        message = f"the file was written, but not its line in {acknowledged.FOLDER}: {error.strerror}"
        return Outcome(taken.change, "failed", failure=Failure("file-special", message))
    return outcome


def tidy(run: Run, taken: Taken) -> None:
    """Brings the lines of a file up to date that was not written."""
    try:
        keep_lines(run, taken)
    except OSError as error:
        message = f"cannot write the lines of {taken.change.model_id}: {error.strerror}"
        log.event("warning", acknowledged.CODE, message=message)


def keep_lines(run: Run, taken: Taken) -> None:
    """Makes the model's lines say what was adopted, and drops those that Scenario no longer holds; raises OSError.

    A new file needs no line: it is the record itself.
    """
    is_seen = taken.is_adopted and taken.change.action != "create"
    acknowledged.update(run.config.folder, taken.change.model_id, run.config.profile, taken.held, is_seen=is_seen)


def dropped(run: Run, taken: Iterable[Taken]) -> int:
    """How many lines nothing needs any more; those of a text that gives way to another adopted one do not count."""
    folder, profile = run.config.folder, run.config.profile
    rest = (each for each in taken if each.is_read and not each.is_adopted)
    read = ((acknowledged.read(folder, each.change.model_id).lines, each.held) for each in rest)
    return sum(len(lines - acknowledged.held(lines, profile, held)) for lines, held in read)


def _write_file(run: Run, taken: Taken) -> Outcome:
    change = taken.change
    name = name_of(change.model_id)
    path = run.config.folder / name
    is_there = os.path.lexists(path)
    now = scope.Files(run.config, [name] if is_there else []).read(name)
    is_another = sha256(now.text) != change.before_sha256 or now.mark != taken.mark
    if is_another or (is_there and change.action == "create"):
        message = "the file changed during this run and was left alone; pull again"
        return Outcome(change, "refused", (Problem("file-uncommitted", message),))
    try:
        whole.write(path, file_bytes(change.after))
    except OSError as error:
        return Outcome(change, "failed", failure=Failure("file-special", f"cannot be written: {error.strerror}"))
    return Outcome(change, "applied")
