"""A command's output, in its format and its place, and what else is made of its report."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import click
from msgspec import structs

from syncjob.cli import pager
from syncjob.cli.options import require_distinct
from syncjob.cli.session import note, settings
from syncjob.commands.result import RunResult
from syncjob.commands.run import Run
from syncjob.environment import is_step
from syncjob.errors import Stopped
from syncjob.github import workflow_commands
from syncjob.github.step import Step
from syncjob.output import gate, outputs
from syncjob.output.outlet import hurried_for
from syncjob.report import json
from syncjob.report.headline import obstacle, summary_line
from syncjob.report.help import help_line
from syncjob.report.markdown import document
from syncjob.report.model import Report
from syncjob.report.summary import for_people
from syncjob.report.text import refusals
from syncjob.text.sanitize import printable

_TO_THE_END = 4.0  # seconds after a signal in which a page may be made
_FOR_A_PAGE = 0.3  # seconds that a page has in any case, however late it is


class Output:
    """A command's output on stdout or in a file, its JSON report, and what GitHub Actions reads.

    A file is proved writable before the run and is not emptied before there is something to write.
    """

    def __init__(self, given: Mapping[str, Any], plan_out: str | None = None) -> None:
        """`given` are the command's options by name."""
        self._format: str = given["format"]
        self._color: str = given["color"]
        self._output: str | None = given["output"]
        self._report: str | None = given["report"]
        self._files = (self._output, self._report, plan_out)
        plan = given.get("plan")
        require_distinct({"--output": self._output, "--report": self._report, "--plan-out": plan_out, "--plan": plan})
        self.is_text = self._format == "text"
        self._has_begun = False
        self.attempts = outputs.Attempts()
        if self._color == "always":
            gate.allow_color(sys.stdout)
        self._step = Step(os.environ) if is_step(os.environ) and not given["no_github"] else None

    @property
    def is_colored(self) -> bool:
        if self._color != "auto":
            return self._color == "always"
        return self._output is None and gate.is_colorful(sys.stdout)

    @property
    def is_on_screen(self) -> bool:
        """Whether whoever is at the terminal reads the output as it is made."""
        return self.is_text and self._output is None and sys.stdout.isatty()

    @property
    def width(self) -> int | None:
        """The columns of the terminal on which the output is shown; None for any other output, which is as it is."""
        return gate.columns(sys.stdout) if self.is_on_screen else None

    def show(self, text: str) -> None:
        """Writes a part of the output; the parts of a file follow one another."""
        if self._output is None:
            self._print([text])
            return
        text = printable(text, is_colored=self.is_colored)
        if self._has_begun:
            outputs.append(self._output, text)
        else:
            outputs.save(self._output, [text])
        self._has_begun = True

    def _print(self, parts: Iterable[str]) -> None:
        if not self.is_text:
            with gate.as_utf_8(sys.stdout):  # a machine format is alone on stdout
                sys.stdout.writelines(parts)
            return
        with workflow_commands.unobeyed(sys.stdout) if is_step(os.environ) else nullcontext():
            sys.stdout.writelines(parts)
            sys.stdout.flush()

    def finish(self, run: Run, result: RunResult, text: Callable[..., str]) -> int:
        """Writes what is left to write; returns the exit status. `text` renders the format of that name.

        First what scripts rely on, then what people read. If one fails the others are made all the same.
        """
        report, shown = result.report, for_people(result.report)
        report_file = self._save_report(report)
        if self._step:
            self._tell(self._step, run, report, report_file)
        with self.attempts.to(f"make the {self._format} output"):
            self._make(run, result, partial(text, color=self.is_colored, width=self.width))
        if self._step and self._format != "github":
            with self.attempts.to("write the annotations"):
                # On the output's own stream if it was wrapped: the runner reads the two apart, and if one says stop
                # it obeys neither.
                stream = sys.stdout if self.is_text and self._output is None else sys.stderr
                _annotate(stream, self._step.annotations(shown, run.config.path))
        self._sum_up(shown)
        if sys.stderr.isatty() and (last := help_line(shown)):
            note(last)
        status = self._status(run, report)
        if report_file and status != report.exit_code and not outputs.is_special(report_file):
            with self.attempts.to("write the report"):
                outputs.save(report_file, json.parts(structs.replace(report, exit_code=status)))
        return status

    def open(self, run: Run, result: RunResult) -> None:
        """Opens the page in a browser: that of --output if all was written, else one in the state folder."""
        from syncjob.cli.opening import open_page, save_page

        if self._format == "html" and self._output and not self.attempts.have_failed:
            open_page(Path(self._output))
        else:
            open_page(save_page(run.config.state_dir, _parts("html", result)))

    def _tell(self, step: Step, run: Run, report: Report, report_file: str | None) -> None:
        from syncjob.commands.turn import progress

        got = None
        with self.attempts.to("tell how far the run got"):
            got = progress(run, report)
        step.tell(report, report_file, self.attempts.to, progress=got)

    def _save_report(self, report: Report) -> str | None:
        """The report's file; None if there is none."""
        path = self._report or (self._step.file(f"syncjob-{report.run}.json") if self._step else None)
        if path:
            with self.attempts.to("write the report"):
                outputs.save(path, json.parts(report))
                return path
        return None

    def _make(self, run: Run, result: RunResult, text: Callable[[Report], str]) -> None:
        report = for_people(result.report)
        if self._format == "github":
            lines = Step(os.environ).annotations(report, run.config.path)
            self.show("".join(f"{line}\n" for line in lines)) if self._output else _annotate(sys.stdout, lines)
        elif self._is_paged(run, report):
            pager.page(text(report), color=self.is_colored)
        elif self.is_text:
            self.show(text(report))
        else:
            parts = _parts(self._format, result)
            outputs.save(self._output, parts) if self._output else self._print(parts)

    def _is_paged(self, run: Run, report: Report) -> bool:
        """Whether a pager shows the output: of a run that only looks, on a terminal, if nobody has ended it."""
        is_readable = self.is_on_screen and report.dry_run and report.command != "check" and not run.interrupts.signal
        return is_readable and settings().has_pager and pager.is_wanted(os.environ)

    def _sum_up(self, report: Report) -> None:
        """The counts, unless the output shows them to whoever looks on: what was written must not go unsaid."""
        is_shown = self.is_text and self._output is None
        if self.attempts.have_failed or gate.failure_of(sys.stdout):
            click.echo(summary_line(report), err=True)
        elif not is_shown:
            said = [] if self._step else refusals(report)  # annotations say it too
            for line in (*said, *filter(None, [obstacle(report)])):
                click.echo(line, err=True)
            note(summary_line(report))
        if self._output and not self.attempts.have_failed:
            note(f"Wrote {', '.join(filter(None, self._files))}.")

    def _status(self, run: Run, report: Report) -> int:
        has_failed = self.attempts.have_failed or gate.failure_of(sys.stdout) is not None
        return run.interrupts.status or report.exit_code or int(has_failed)  # the signal may have come late


def _annotate(stream: TextIO, lines: Iterable[str]) -> None:
    for line in lines:
        workflow_commands.obeyed(stream, line)


def _parts(format: str, result: RunResult) -> Iterable[str]:
    """How each machine format is made; HTML, which is slow to load, only if it is asked for."""
    if format == "json":
        return json.parts(result.report)
    report = for_people(result.report)
    if format == "markdown":
        return [document.render(report, document.COMMENT)]
    from syncjob.report.html import page

    return _in_time(page.parts(report, result.changes, result.pictures))


def _in_time(parts: Iterable[str]) -> Iterator[str]:
    """The parts of a page, which may take long to make; raises Stopped if a signal waits for its end."""
    until = time.monotonic() + _FOR_A_PAGE
    for part in parts:
        yield part
        if hurried_for() > _TO_THE_END and time.monotonic() > until:
            raise Stopped("interrupted before it was complete")
