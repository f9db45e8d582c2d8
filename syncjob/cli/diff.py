"""`syncjob diff`."""

from typing import TYPE_CHECKING, Any

import click

from syncjob.cli.output import Product
from syncjob.cli.review import show_diff, with_plan
from syncjob.cli.session import Settings

if TYPE_CHECKING:
    from syncjob.local.select import Shard


@click.command()
@with_plan
@click.option("--exit-code", is_flag=True, help="Exit 3 where there are changes.")
@click.pass_obj
def diff(
    settings: Settings,
    /,
    select: tuple[str, ...],
    since: str | None,
    prune: bool,
    shard: "Shard | None",
    refresh: bool,
    plan_out: str | None,
    exit_code: bool,
    **product_options: Any,
) -> int:
    """Show what sync would do; never writes to Scenario."""
    from syncjob.commands import run

    options = run.Options(select, since, prune, shard, refresh, exit_code=exit_code)
    return show_diff(settings, "diff", options, Product(**product_options, plans={"--plan-out": plan_out}), plan_out)
