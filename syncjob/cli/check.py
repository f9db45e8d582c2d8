"""`syncjob check`."""

from typing import Any

import click

from syncjob.cli.options import with_product, with_selection
from syncjob.cli.output import Product
from syncjob.cli.session import Settings, begin


@click.command()
@with_selection
@with_product("text", "json", "github")
@click.option("--remote", is_flag=True, help="Also look up every model and every referenced id.")
@click.pass_obj
def check(
    settings: Settings, /, select: tuple[str, ...], since: str | None, remote: bool, **product_options: Any
) -> int:
    """Check files, names, encodings and tags; offline unless --remote."""
    from syncjob.commands import jobs, run
    from syncjob.commands.result import Result
    from syncjob.report import text

    product = Product(**product_options)
    with begin(settings, "check", run.Options(select, since), "read" if remote else "offline") as started:
        report = jobs.check(started, is_remote=remote)
        return product.finish(started, Result(report, ()), text.render_check)
