"""`syncjob rollback`."""

from typing import Any

import click

from syncjob.cli import completion
from syncjob.cli.options import with_output
from syncjob.cli.output import Output
from syncjob.cli.question import is_attended
from syncjob.cli.review import Review
from syncjob.cli.session import Settings, run_for
from syncjob.commands import rollback as use_case
from syncjob.commands.run import Options
from syncjob.report import text


@click.command()
@click.argument("run_id", metavar="RUN", shell_complete=completion.runs_and_last)
@click.argument("patterns", nargs=-1, metavar="[SELECT]...", shell_complete=completion.model_ids)
@with_output("text", "json", "markdown", "html")
@click.option("--dry-run", is_flag=True, help="Show what would be put back.")
@click.option("--force", is_flag=True, help="Put texts back even if Scenario holds a later one.")
@click.option("--yes", is_flag=True, help="Skip the confirmation prompt.")
@click.pass_obj
def rollback(settings: Settings, /, run_id: str, dry_run: bool, yes: bool, **given: Any) -> int:
    """Put back the texts that a run overwrote; `syncjob runs` lists the runs.

    RUN is a run's id, the beginning of one, or `last`.
    """
    output = Output(given)
    options = Options.of(given)
    if dry_run:
        with run_for(settings, "rollback", options) as run:
            return output.finish(run, use_case.rollback_diff(run, run_id), text.render_plan)
    is_asking = not yes and is_attended()
    with run_for(settings, "rollback", options, "write") as run:
        review = Review(run, output, is_asking=is_asking)
        result = use_case.rollback(run, run_id, review)
        return review.finish(result, files_differ=use_case.files_differ(run, result.report))
