"""What `diff` and `sync` have in common: the options of a plan, and showing one without writing."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import click

from syncjob.cli.begin import Settings, begin
from syncjob.cli.product import Product, with_product, with_selection, writable

if TYPE_CHECKING:
    from syncjob.jobs import Result, Review
    from syncjob.run import Command, Options, Run

_Function = TypeVar("_Function", bound=Callable[..., Any])
_FILE = click.Path(dir_okay=False)


def with_plan(function: _Function) -> _Function:
    """SELECT, and the options of a product and of a plan."""
    for option in (
        click.option("--plan-out", type=_FILE, callback=writable, help="Write the plan here, for sync --plan."),
        click.option("--prune", is_flag=True, help="Delete descriptions on Scenario that have no file any more."),
        with_product("text", "json", "markdown", "html"),
        with_selection,
    ):
        function = option(function)
    return function


def show_diff(
    settings: Settings, command: "Command", options: "Options", product: Product, plan_out: str | None
) -> int:
    """The product of a diff; returns the exit status."""
    from syncjob import jobs
    from syncjob.report import text

    with begin(settings, command, options) as started:
        result = jobs.diff(started)
    save_plan(started, result, plan_out)
    return product.finish(started, result.report, result.plan.changes, text.render_plan)


def carry_out(run: "Run", job: "Callable[[Review], Result]", product: Product, agrees: "Review") -> int:
    """The product of a run that writes: its plan, and what became of it; returns the exit status.

    `agrees` is asked between the two.
    """
    from syncjob.report import text

    planned: list[Result] = []

    def review(plan: "Result", will_write: bool) -> bool:
        planned.append(plan)
        if product.is_text:
            product.show(text.render_plan(plan.report, color=product.is_colored))
        return agrees(plan, will_write)

    result = job(review)
    render = partial(text.render_outcome, planned=planned[0].report)
    return product.finish(run, result.report, result.plan.changes, render)


def save_plan(run: "Run", result: "Result", path: str | None) -> None:
    """Writes the plan where that was asked for."""
    from syncjob import saved_plan

    if path:
        with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123
            file.write(saved_plan.save(result.plan, run.config))
