"""What has to be agreed to before a run writes."""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from syncjob.cli.question import is_agreed
from syncjob.local.document import name_of

if TYPE_CHECKING:
    from syncjob.cli.output import Product
    from syncjob.commands.applying import Consent
    from syncjob.commands.run import Run
    from syncjob.config.config import Config
    from syncjob.report.model import Report

    # Whether to write, asked with the report of a slice, whether there is anything to write, and how many are to come.
    Agrees = Callable[[Report, bool, int], Consent]


def unasked(report: "Report", will_write: bool, rest: int) -> "Consent":
    """The agreement of a run that asks nobody."""
    return "unasked"


def asking(run: "Run", product: "Product") -> "Agrees":
    """A person's agreement, asked for once: a yes is for the slices that follow too."""
    is_asked = False

    def agrees(report: "Report", will_write: bool, rest: int) -> "Consent":
        nonlocal is_asked
        if is_asked or not will_write:
            return "unasked"
        is_asked = True
        question = _question(report, run.config, rest, is_shown=product.is_on_screen)
        told = " ".join(filter(None, [uncommitted_note(run, report), question]))
        return "asked" if is_agreed(told) else "no"

    return agrees


def uncommitted_note(run: "Run", report: "Report") -> str | None:
    """That git does not have what is to be written, which later syncs would take for an edit on Scenario."""
    from syncjob.errors import Stopped
    from syncjob.git.worktree import uncommitted

    planned = {name_of(item.model_id) for item in report.items if item.action in ("create", "update")}
    unsaved: frozenset[str] = frozenset()
    if planned and run.command != "rollback":  # which writes no files' texts
        with suppress(Stopped):
            unsaved = uncommitted(run.config.folder, run.git) or unsaved
    if not (number := len(planned & unsaved)):
        return None
    what = "1 of these files is" if number == 1 else f"{number:,} of these files are"
    return f"{what} not committed: commit first, or a later sync takes the text for an edit on Scenario."


def _question(report: "Report", config: "Config", rest: int, *, is_shown: bool) -> str:
    """What is to be agreed to; with the counts where the plan is not shown right above."""
    from syncjob.report.summary import plan_line

    summary = report.summary
    number = summary.create + summary.update + summary.delete
    what = "this change" if number == 1 else f"these {number:,} changes"
    where = "the embedded stand-in" if config.is_sandbox else config.base_url
    more = f", and then what the other {rest:,} descriptions need" if rest else ""
    return f"{'' if is_shown else plan_line(report) + ' '}Write {what} to {where} (profile {config.profile}){more}?"
