"""What a person sees of a run that writes, and what they have to agree to."""

import sys
from collections.abc import Sequence
from functools import partial

from syncjob.cli.output import Output
from syncjob.cli.question import is_agreed, target_of
from syncjob.cli.session import command_line, note
from syncjob.commands.applying import Consent
from syncjob.commands.result import RunResult
from syncjob.commands.run import Run
from syncjob.output import outputs
from syncjob.plan import saved_plan
from syncjob.plan.saved_plan import SavedItem
from syncjob.report import text
from syncjob.report.build import to_save
from syncjob.report.model import Item, Report, RunProblem
from syncjob.report.screen import ran, skipped_in_words, writes_in_words
from syncjob.report.summary import for_people


class Review:
    """Shows a run its plans and what becomes of them, as text; if it `is_asking`, it asks once before the first write."""

    def __init__(self, run: Run, output: Output, *, is_asking: bool, plan_out: str | None = None) -> None:
        self._run = run
        self._output = output
        self._is_asking = is_asking
        self._plan_file = PlanFile(run, plan_out) if plan_out else None
        self._told: list[RunProblem] = []

    def plan(self, report: Report, *, will_write: bool, rest: int) -> Consent:
        self._told.extend(report.problems)
        if self._plan_file:
            self._plan_file.add(report)
        if self._output.is_text:
            with self._output.attempts.to("show the plan"):
                shown = for_people(report)
                self._output.show(text.render_plan(shown, color=self._output.is_colored, width=self._output.width))
                if will_write and rest:
                    self._output.show(f"This is one slice; {rest:,} descriptions are still to be compared.\n")
        if not (self._is_asking and will_write):
            return "unasked"
        self._is_asking = False  # a yes is for the slices that follow too
        return "asked" if is_agreed(self._question(report, rest)) else "no"

    def outcome(self, items: Sequence[Item], planned: Sequence[Item]) -> None:
        if self._output.is_text:
            with self._output.attempts.to("show what became of the plan"):
                shown = text.render_outcome(items, planned, color=self._output.is_colored, width=self._output.width)
                self._output.show(shown)

    def finish(self, result: RunResult, *, files_differ: bool = False) -> int:
        """Writes what is left to write; returns the exit status. `files_differ`: from what was put back."""
        if self._plan_file:
            with self._output.attempts.to("write the plan"):
                self._plan_file.end()
        end = partial(text.render_end, told=self._told, files_differ=files_differ)
        status = self._output.finish(self._run, result, end)
        if sys.stderr.isatty():
            for line in ran(result.report, command_line("rollback", result.report.run)):
                note(line)
        return status

    def _question(self, report: Report, rest: int) -> str:
        """What to agree to; with what the plan warns of unless that is shown right above."""
        more = f", and then what the other {rest:,} descriptions need" if rest else ""
        question = f"Write {writes_in_words(report.summary)} to {target_of(self._run.config)}{more}?"
        is_uncommitted = any(problem.code == "file-uncommitted" for problem in report.problems)
        unseen = "Not all of it is committed. " if is_uncommitted and not self._output.is_on_screen else ""
        return " ".join([f"{unseen}{question}", *skipped_in_words(report.summary)])


def commit_hint(path: str, *, is_doubtful: bool = False) -> str:
    """The next step once files are written; `is_doubtful`: there are errors at some."""
    look = f"`git add {path}`, review `git diff --cached`, and commit."
    return f"Next: {'check the errors above, then ' if is_doubtful else ''}{look}"


class PlanFile:
    """The file that `--plan-out` names: there before anything is written, whole when all slices are planned."""

    def __init__(self, run: Run, path: str) -> None:
        self._run = run
        self._path = path
        self._items: list[SavedItem] = []
        self._is_behind = False

    def add(self, report: Report) -> None:
        """Takes in what a report holds as planned."""
        self._is_behind = bool(self._items)
        self._items.extend(to_save(report.items))
        if not self._is_behind:
            self._write()

    def end(self) -> None:
        if self._is_behind:  # written once, not slice by slice: a long run has thousands of them
            self._write()

    def _write(self) -> None:
        outputs.save(self._path, [saved_plan.save(self._items, self._run.config)])
