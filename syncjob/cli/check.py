"""`syncjob check`."""

from typing import Any

import click

from syncjob.cli.begin import Settings, begin
from syncjob.cli.options import with_product, with_selection
from syncjob.cli.product import Product


@click.command()
@with_selection
@with_product("text", "json", "github")
@click.option("--remote", is_flag=True, help="Also look up every model and every referenced id.")
@click.pass_obj
def check(
    settings: Settings, /, select: tuple[str, ...], since: str | None, remote: bool, **product_options: Any
) -> int:
    """Check files, names, encodings and tags; offline unless --remote."""
    from syncjob import jobs, run
    from syncjob.report import text
    from syncjob.result import Result

    product = Product(**product_options)
    with begin(settings, "check", run.Options(select, since), "read" if remote else "offline") as started:
        report = jobs.check(started, is_remote=remote)
        return product.finish(started, Result(report, ()), text.render_check)
