"""Where a command's product goes and in which form: the options, and the writing."""

import os
import sys
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import click

from syncjob import runner
from syncjob.step import Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from syncjob.plan import Change
    from syncjob.report.model import Report
    from syncjob.result import Result
    from syncjob.run import Run

_Function = TypeVar("_Function", bound=Callable[..., Any])
_FILE = click.Path(dir_okay=False)


class Product:
    """A command's product on stdout or in a file, its JSON report, and what GitHub Actions is told.

    A file is proved writable before the run and is not emptied before there is something to write.
    """

    def __init__(
        self,
        format: str,
        output: str | None,
        report: str | None,
        color: str,
        no_github: bool,
        plans: "Mapping[str, str | None]" = {},  # noqa: B006  never changed
    ) -> None:
        """`plans` are the other files that the command reads or writes, by option."""
        _require_distinct({"--output": output, "--report": report, **plans})
        self.is_text = format == "text"
        self._format = format
        self._color = color
        self._output = output
        self._report = report
        self._has_begun = False
        self._step = Step(os.environ) if runner.is_on(os.environ) and not no_github else None

    @property
    def is_colored(self) -> bool:
        if self._color != "auto":
            return self._color == "always"
        is_terminal = self._output is None and sys.stdout.isatty()
        return is_terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    def show(self, *text: str) -> None:
        """Writes a part of the product; the parts of a file follow one another."""
        self._show(text)

    def _show(self, text: "Iterable[str]") -> None:
        if self._output is None:
            # A machine format stands alone on stdout; prose may be wrapped.
            is_wrapped = self.is_text and runner.is_on(os.environ)
            with runner.unobeyed(sys.stdout) if is_wrapped else nullcontext():
                sys.stdout.writelines(text)
            sys.stdout.flush()
            return
        with open(self._output, "a" if self._has_begun else "w", encoding="utf-8") as file:  # noqa: PTH123
            file.writelines(text)
        self._has_begun = True

    def finish(self, run: "Run", result: "Result", text: Callable[..., str]) -> int:
        """Writes what is left to write; returns the exit status. `text` renders the format of that name.

        Where that fails, stderr has the summary all the same: what was written must not go unsaid.
        """
        from syncjob.report.summary import summary_line

        report = result.report
        try:
            self._write(run, result, partial(text, color=self.is_colored))
        except OSError:
            click.echo(summary_line(report), err=True)
            raise
        if not self.is_text or self._output:
            click.echo(summary_line(report), err=True)
        return report.exit_code

    def _write(self, run: "Run", result: "Result", text: "Callable[[Report], str]") -> None:
        from syncjob.report import json

        report = result.report
        if self._format == "github":
            self._show_annotations(Step(os.environ).annotations(report, run.config.path))
        else:
            self._show(_renderers(result.changes, text)[self._format](report))
        report_file = self._report or (self._step.file(f"syncjob-{report.run}.json") if self._step else None)
        if report_file:
            with open(report_file, "w", encoding="utf-8") as file:  # noqa: PTH123
                file.writelines(json.parts(report))
        if self._step:
            self._annotate(self._step.annotations(report, run.config.path))
            self._step.tell(report, report_file)

    def _show_annotations(self, lines: "Sequence[str]") -> None:
        """Annotations as the product itself."""
        if self._output:
            self.show("".join(f"{line}\n" for line in lines))
            return
        for line in lines:
            runner.obeyed(sys.stdout, line)

    def _annotate(self, lines: "Sequence[str]") -> None:
        """Annotations beside the product: on its own stream where it was wrapped.

        The runner reads the two streams apart, and where one says stop it obeys neither.
        """
        stream = sys.stdout if self.is_text and self._output is None else sys.stderr
        if self._format != "github":
            for line in lines:
                runner.obeyed(stream, line)


def _renderers(
    changes: "Sequence[Change]", text: "Callable[[Report], str]"
) -> "dict[str, Callable[[Report], Iterable[str]]]":
    """How each format is made; HTML, which is slow to load, only where it is asked for."""
    from syncjob.report import json, markdown

    def html(report: "Report") -> list[str]:
        from syncjob.report.html import page

        return [page.render(report, changes)]

    return {
        "text": lambda report: [text(report)],
        "json": json.parts,
        "markdown": lambda report: [markdown.render(report, markdown.COMMENT)],
        "html": html,
    }


def _require_distinct(files: "Mapping[str, str | None]") -> None:
    """Raises where two options name the same file: one of the two would be lost."""
    taken: dict[str, str] = {}
    for option, path in files.items():
        if path is not None:
            other = taken.setdefault(os.path.realpath(path), option)
            if other != option:
                raise click.UsageError(f"{other} and {option} name the same file")


def writable(context: click.Context, parameter: click.Parameter, path: str | None) -> str | None:
    """Proves that a file can be written, without emptying it; a pipe that nobody reads cannot."""
    if path is not None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            os.close(os.open(path, flags, 0o666))
        except OSError as error:
            raise click.BadParameter(f"cannot write {path}: {error.strerror}") from error
    return path


def with_selection(function: _Function) -> _Function:
    """SELECT and --since: which descriptions a command is about."""
    for option in (
        click.option("--since", metavar="REV", help="Only files that differ from the merge base of REV and HEAD."),
        click.argument("select", nargs=-1, metavar="[SELECT]..."),
    ):
        function = option(function)
    return function


def with_product(*formats: str) -> Callable[[_Function], _Function]:
    """The options of every command that has a product; the first format is the default."""

    def decorate(function: _Function) -> _Function:
        for option in (
            click.option("--no-github", is_flag=True, help="Tell GitHub Actions nothing."),
            click.option(
                "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colour the text."
            ),
            click.option("--report", type=_FILE, callback=writable, help="Write the JSON report here too."),
            click.option("--output", type=_FILE, callback=writable, help="Write here instead of to stdout."),
            click.option("--format", type=click.Choice(formats), default=formats[0], help="Form of the product."),
        ):
            function = option(function)
        return function

    return decorate
