"""`syncjob rollback`."""

from functools import partial
from typing import Any

import click

from syncjob.cli.agreement import asking, unasked
from syncjob.cli.options import with_product
from syncjob.cli.output import Product
from syncjob.cli.question import is_attended
from syncjob.cli.review import carry_out
from syncjob.cli.session import Settings, begin


@click.command()
@click.argument("run_id", metavar="RUN")
@with_product("text", "json", "markdown", "html")
@click.option("--dry-run", is_flag=True, help="Show what would be put back.")
@click.option("--force", is_flag=True, help="Put back also where Scenario holds a later text.")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal.")
@click.pass_obj
def rollback(settings: Settings, /, run_id: str, dry_run: bool, force: bool, yes: bool, **product_options: Any) -> int:
    """Put back the texts that a run overwrote; `syncjob runs` lists the runs."""
    from syncjob.commands import jobs, run
    from syncjob.report import text

    product = Product(**product_options)
    options = run.Options(force=force)
    if dry_run:
        with begin(settings, "rollback", options) as started:
            result = jobs.rollback_diff(started, run_id)
            return product.finish(started, result, text.render_plan)
    is_asking = not yes and is_attended()
    with begin(settings, "rollback", options, "write") as started:
        agrees = asking(started, product) if is_asking else unasked
        return carry_out(started, partial(jobs.rollback, started, run_id), product, agrees)
