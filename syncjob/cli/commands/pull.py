"""`syncjob pull`."""

from typing import Any

import click

from syncjob.cli import completion
from syncjob.cli.options import with_output
from syncjob.cli.output import Output
from syncjob.cli.review import commit_hint
from syncjob.cli.session import Settings, note, run_for
from syncjob.commands.pull import job as use_case
from syncjob.commands.run import Options
from syncjob.plan.pull.files import LINES_DROPPED
from syncjob.report import text
from syncjob.report.model import Item, Report
from syncjob.report.summary import needs_a_look


@click.command()
@click.argument("patterns", nargs=-1, metavar="[SELECT]...", shell_complete=completion.model_ids)
@with_output("text", "json", "markdown")
@click.option(
    "--all", "takes_all", is_flag=True, help="Every own model that has a description, with a file or without."
)
@click.option("--merge", is_flag=True, help="Keep the file's own changes too: merge both sides.")
@click.option("--since", metavar="REV", help="With --merge: the commit of the last sync.")
@click.option("--back", is_flag=True, help="Take Scenario's text even if git has moved on from it.")
@click.option("--force", is_flag=True, help="Overwrite files with changes that git does not have.")
@click.option("--dry-run", is_flag=True, help="Show what would be written.")
@click.pass_obj
def pull(settings: Settings, /, takes_all: bool, dry_run: bool, **given: Any) -> int:
    """Download descriptions from Scenario into files."""
    output, options = Output(given), Options.of(given)
    _require_consistent(options)
    with run_for(settings, "pull", options) as run:
        result = use_case.pull(run, takes_all=takes_all, dry_run=dry_run)
        status = output.finish(run, result, text.render_plan if dry_run else text.render_pull)
        folder = run.config.shown_folder
    if hint := _next_step(result.report, folder, is_of_files=not (options.patterns or takes_all)):
        note(hint)
    return status


def _require_consistent(options: Options) -> None:
    if options.since is not None and not options.merge:
        raise click.UsageError("--since needs --merge; add --merge, or drop it")
    if options.back and options.merge:
        raise click.UsageError("--back cannot be combined with --merge")


def _next_step(report: Report, folder: str, *, is_of_files: bool) -> str | None:
    if is_of_files and not report.items and not report.problems:
        return "No descriptions here yet: `syncjob pull --all` downloads all that Scenario has."
    adopted = [item for item in report.items if item.status == "applied" or _is_merged(item)]
    is_tidied = not report.dry_run and any(problem.code == LINES_DROPPED for problem in report.problems)
    if not adopted and not is_tidied:
        return None
    return commit_hint(folder, is_doubtful=any(map(needs_a_look, adopted)))


def _is_merged(item: Item) -> bool:
    return any(problem.code == "merged" for problem in item.problems)
