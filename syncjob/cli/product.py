"""Where a command's product goes and in which form: the options, and the writing."""

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from syncjob.report.model import Report

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Product:
    """A command's product on stdout or in a file, and its JSON report.

    A file is proved writable before the run and is not emptied before there is something to write.
    """

    def __init__(self, format: str, output: str | None, report: str | None, color: str) -> None:
        if output and report and os.path.realpath(output) == os.path.realpath(report):
            raise click.UsageError("--output and --report name the same file")
        self.is_text = format == "text"
        self._color = color
        self._output = output
        self._report = report
        self._has_begun = False

    @property
    def is_colored(self) -> bool:
        if self._color != "auto":
            return self._color == "always"
        is_terminal = self._output is None and sys.stdout.isatty()
        return is_terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    def show(self, text: str) -> None:
        """Writes a part of the product; the parts of a file follow one another."""
        if self._output is None:
            sys.stdout.write(text)
            sys.stdout.flush()
            return
        with open(self._output, "a" if self._has_begun else "w", encoding="utf-8") as file:  # noqa: PTH123
            file.write(text)
        self._has_begun = True

    def finish(self, report: "Report", render: Callable[..., str]) -> int:
        """Writes what is left to write; returns the exit status.

        Where that fails, stderr has the summary all the same: what was written must not go unsaid.
        """
        from syncjob.report import json, text

        try:
            if self.is_text:
                self.show(render(report, color=self.is_colored))
            else:
                self.show(json.render(report))
            if self._report:
                with open(self._report, "w", encoding="utf-8") as file:  # noqa: PTH123
                    file.write(json.render(report))
        except OSError:
            click.echo(text.summary_line(report), err=True)
            raise
        if not self.is_text or self._output:
            click.echo(text.summary_line(report), err=True)
        return report.exit_code


def _writable(context: click.Context, parameter: click.Parameter, path: str | None) -> str | None:
    if path is not None:
        try:
            with open(path, "a", encoding="utf-8"):  # noqa: PTH123
                pass
        except OSError as error:
            raise click.BadParameter(f"cannot write {path}: {error.strerror}") from error
    return path


def with_product(function: _Function) -> _Function:
    """SELECT, and the options of every command that has a product."""
    file = click.Path(dir_okay=False)
    for decorate in (
        click.option(
            "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colour the text."
        ),
        click.option("--report", type=file, callback=_writable, help="Write the JSON report here too."),
        click.option("--output", type=file, callback=_writable, help="Write here instead of to stdout."),
        click.option("--format", type=click.Choice(["text", "json"]), default="text", help="Form of the product."),
        click.argument("select", nargs=-1, metavar="[SELECT]..."),
    ):
        function = decorate(function)
    return function
