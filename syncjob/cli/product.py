"""Where a command's product goes and in which form: the options, and the writing."""

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO, TypeVar

import click

if TYPE_CHECKING:
    from syncjob.report.model import Report

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Product(NamedTuple):
    """Where a command's product goes, and in which form."""

    format: str
    output: TextIO | None
    report: TextIO | None
    color: str

    @property
    def is_text(self) -> bool:
        return self.format == "text"

    @property
    def is_colored(self) -> bool:
        if self.color != "auto":
            return self.color == "always"
        stream = self.output or sys.stdout
        return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    def show(self, text: str) -> None:
        stream = self.output or sys.stdout
        stream.write(text)
        stream.flush()

    def finish(self, report: "Report", render: Callable[..., str]) -> int:
        """Writes what is left to write; returns the exit status."""
        from syncjob.report import json, text

        as_json = json.render(report) if self.report or not self.is_text else ""
        if self.report:
            self.report.write(as_json)
            self.report.flush()
        self.show(render(report, color=self.is_colored) if self.is_text else as_json)
        if not self.is_text or self.output:
            click.echo(text.summary_line(report), err=True)
        return report.exit_code


def with_product(function: _Function) -> _Function:
    """SELECT, and the options of every command that has a product."""
    for decorate in (
        click.option(
            "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colour the text."
        ),
        click.option("--report", type=click.File("w", "utf-8", lazy=False), help="Write the JSON report here too."),
        click.option("--output", type=click.File("w", "utf-8", lazy=False), help="Write here instead of to stdout."),
        click.option("--format", type=click.Choice(["text", "json"]), default="text", help="Form of the product."),
        click.argument("select", nargs=-1, metavar="[SELECT]..."),
    ):
        function = decorate(function)
    return function
