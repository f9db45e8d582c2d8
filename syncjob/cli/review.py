"""What `diff` and `sync` have in common: the options of a plan, and showing one without writing."""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from syncjob.cli.agreement import uncommitted_note
from syncjob.cli.options import FILE, with_product, with_selection, writable
from syncjob.cli.output import Product
from syncjob.cli.session import Settings, begin

if TYPE_CHECKING:
    from syncjob.cli.agreement import Agrees
    from syncjob.commands.applying import Consent, Review
    from syncjob.commands.result import Result
    from syncjob.commands.run import Command, Options, Run
    from syncjob.local.select import Shard
    from syncjob.plan.saved_plan import SavedItem
    from syncjob.report.model import Item, Report, RunProblem

_Function = TypeVar("_Function", bound=Callable[..., Any])


def with_plan(function: _Function) -> _Function:
    """SELECT, and the options of a product and of a plan."""
    for option in (
        click.option("--refresh", is_flag=True, help="Ask for every description, whatever is remembered."),
        click.option("--shard", metavar="I/N", callback=_shard, help="Only part I of N, by a stable hash of the id."),
        click.option("--plan-out", type=FILE, callback=writable, help="Write the plan here, for sync --plan."),
        click.option("--prune", is_flag=True, help="Delete descriptions on Scenario that have no file any more."),
        with_product("text", "json", "markdown", "html"),
        with_selection,
    ):
        function = option(function)
    return function


def _shard(context: click.Context, parameter: click.Parameter, value: str | None) -> "Shard | None":
    if value is None:
        return None
    from syncjob.local.select import Shard

    number, _, count = value.partition("/")
    is_number = all(re.fullmatch("[0-9]{1,6}", part) for part in (number, count))
    if not is_number or not 1 <= int(number) <= int(count):
        raise click.BadParameter(f"{value!r} is no part of a whole; 2/5 is the second of five")
    return Shard(int(number), int(count))


def show_diff(
    settings: Settings, command: "Command", options: "Options", product: Product, plan_out: str | None
) -> int:
    """The product of a diff; returns the exit status."""
    from syncjob.commands import jobs
    from syncjob.report import text

    with begin(settings, command, options) as started:
        result = jobs.diff(started)
        if plan_out:
            with product.attempts.to("write the plan"):
                PlanFile(started, plan_out).add(result.report)
        status = product.finish(started, result, text.render_plan)
        if product.is_on_screen and (note := uncommitted_note(started, result.report)):
            click.echo(note, err=True)
        return status


class PlanFile:
    """The file that `--plan-out` names: there before anything is written, whole when all slices are planned."""

    def __init__(self, run: "Run", path: str) -> None:
        self._run = run
        self._path = path
        self._items: list[SavedItem] = []
        self._is_behind = False

    def add(self, report: "Report") -> None:
        """Takes in what a report holds as planned."""
        from syncjob.report.build import to_save

        is_first = not self._items
        self._items.extend(to_save(report.items))
        self._is_behind = not is_first
        if is_first:
            self._write()

    def end(self) -> None:
        if self._is_behind:  # written once, not slice by slice: a long run has thousands of them
            self._write()

    def _write(self) -> None:
        from syncjob.output import outputs
        from syncjob.plan import saved_plan

        outputs.save(self._path, [saved_plan.save(self._items, self._run.config)])


class Watched:
    """Shows a run that writes its plans and what becomes of them, as text; `agrees` is asked in between."""

    def __init__(self, product: Product, agrees: "Agrees", plan_file: PlanFile | None) -> None:
        self._product = product
        self._agrees = agrees
        self._plan_file = plan_file
        self._told: list[RunProblem] = []

    def plan(self, report: "Report", *, will_write: bool, rest: int) -> "Consent":
        from syncjob.report import text

        self._told.extend(report.problems)
        if self._plan_file:
            self._plan_file.add(report)
        if self._product.is_text:
            with self._product.attempts.to("show the plan"):
                self._product.show(text.render_plan(report, color=self._product.is_colored))
                if will_write and rest:
                    self._product.show(f"This is one slice; {rest:,} descriptions are still to be compared.\n")
        return self._agrees(report, will_write, rest)

    def outcome(self, items: "Sequence[Item]", planned: "Sequence[Item]") -> None:
        from syncjob.report import text

        if self._product.is_text:
            with self._product.attempts.to("show what became of the plan"):
                self._product.show(text.render_outcome(items, planned, color=self._product.is_colored))

    def end(self, report: "Report", *, color: bool) -> str:
        """What is left to say."""
        from syncjob.report import text

        return text.render_end(report, told=self._told, color=color)


def carry_out(
    run: "Run",
    job: "Callable[[Review], Result]",
    product: Product,
    agrees: "Agrees",
    plan_file: PlanFile | None = None,
) -> int:
    """The product of a run that writes: its plan, and what became of it; returns the exit status.

    `agrees` is asked between the two.
    """
    watched = Watched(product, agrees, plan_file)
    result = job(watched)
    if plan_file:
        with product.attempts.to("write the plan"):
            plan_file.end()
    return product.finish(run, result, watched.end)
