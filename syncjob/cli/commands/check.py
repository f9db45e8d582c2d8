"""`syncjob check`."""

from typing import Any

import click

from syncjob.cli.options import with_output, with_selection
from syncjob.cli.output import Output
from syncjob.cli.session import Settings, run_for
from syncjob.commands import check as use_case
from syncjob.commands.result import RunResult
from syncjob.commands.run import Options
from syncjob.report import text


@click.command()
@with_selection
@with_output("text", "json", "github")
@click.option("--remote", is_flag=True, help="Also look up every model and every referenced id.")
@click.pass_obj
def check(settings: Settings, /, remote: bool, **given: Any) -> int:
    """Check files, names, encodings and tags; offline unless --remote."""
    output = Output(given)
    with run_for(settings, "check", Options.of(given), "read" if remote else "offline") as run:
        return output.finish(run, RunResult(use_case.check(run, is_remote=remote), ()), text.render_check)
