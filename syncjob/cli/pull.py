"""`syncjob pull`."""

from typing import Any

import click

from syncjob.cli.options import with_output
from syncjob.cli.output import Output
from syncjob.cli.session import Settings, run_for
from syncjob.commands import pull as use_case
from syncjob.commands.run import Options
from syncjob.report import text
from syncjob.report.model import Report


@click.command()
@click.argument("patterns", nargs=-1, metavar="[SELECT]...")
@with_output("text", "json")
@click.option(
    "--all", "takes_all", is_flag=True, help="Every own model that has a description, with a file or without."
)
@click.option("--force", is_flag=True, help="Overwrite files with changes that git does not have.")
@click.option("--dry-run", is_flag=True, help="Show what would be written.")
@click.pass_obj
def pull(settings: Settings, /, takes_all: bool, dry_run: bool, **given: Any) -> int:
    """Download descriptions from Scenario into files."""
    output, options = Output(given), Options.of(given)
    with run_for(settings, "pull", options) as run:
        result = use_case.pull(run, takes_all=takes_all, dry_run=dry_run)
        status = output.finish(run, result, text.render_plan if dry_run else text.render_pull)
    if hint := _next_step(result.report, is_of_files=not (options.patterns or takes_all), takes_all=takes_all):
        click.echo(hint, err=True)
    return status


def _next_step(report: Report, *, is_of_files: bool, takes_all: bool) -> str | None:
    if is_of_files and not report.items and not report.problems:
        return "No descriptions here yet: `syncjob pull --all` downloads all that Scenario has."
    return "Commit these files now." if takes_all and report.summary.applied else None
