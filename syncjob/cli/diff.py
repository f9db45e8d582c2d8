"""`syncjob diff`, which is also `sync --dry-run`."""

from typing import TYPE_CHECKING, Any

import click

from syncjob.cli.begin import Settings, begin
from syncjob.cli.product import Product, with_product

if TYPE_CHECKING:
    from syncjob.run import Command, Options


@click.command()
@with_product
@click.option("--exit-code", is_flag=True, help="Exit 3 where there are changes.")
@click.pass_obj
def diff(settings: Settings, /, select: tuple[str, ...], exit_code: bool, **product_options: Any) -> int:
    """Show what sync would do; never writes to Scenario."""
    from syncjob import run

    return show_diff(settings, "diff", run.Options(select, exit_code=exit_code), Product(**product_options))


def show_diff(settings: Settings, command: "Command", options: "Options", product: Product) -> int:
    """The product of a diff; returns the exit status."""
    from syncjob import run
    from syncjob.report import text

    with begin(settings, command, options) as started:
        report = run.diff(started)
    return product.finish(report, text.render_plan)
