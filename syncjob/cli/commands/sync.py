"""`syncjob sync`."""

import re
from pathlib import Path
from typing import Any

import click

from syncjob.cli import completion
from syncjob.cli.commands.diff import show_diff
from syncjob.cli.options import FILE, with_plan
from syncjob.cli.output import Output
from syncjob.cli.question import is_attended
from syncjob.cli.review import Review
from syncjob.cli.session import Settings, note, run_for
from syncjob.commands.run import Options
from syncjob.commands.sync import job as use_case

_DURATION = re.compile(r"(?:(?P<h>[0-9]{1,4})h)?(?:(?P<m>[0-9]{1,5})m)?(?:(?P<s>[0-9]{1,7})s)?", re.ASCII)


def _seconds(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    found = _DURATION.fullmatch(value)
    hours, minutes, seconds = (int(part or 0) for part in found.group("h", "m", "s")) if found else (0, 0, 0)
    if not hours + minutes + seconds:
        raise click.BadParameter(f"{value!r} is not a duration; use 90s, 30m or 5h30m")
    return float(3600 * hours + 60 * minutes + seconds)


def _path(context: click.Context, parameter: click.Parameter, value: str | None) -> Path | None:
    return Path(value) if value else None


@click.command()
@with_plan
@click.option("--plan", type=FILE, callback=_path, help="Apply exactly the plan that diff --plan-out wrote.")
@click.option(
    "--resume",
    metavar="RUN",
    shell_complete=completion.runs,
    help="Resume a stopped run, skipping what it confirmed.",
)
@click.option(
    "--max-duration", metavar="DUR", callback=_seconds, help="Stop in order after this time (90s, 30m, 5h30m): exit 4."
)
@click.option("--dry-run", is_flag=True, help="Show what would be done, as diff does.")
@click.option("--exit-code", is_flag=True, help="With --dry-run: exit 3 if there are changes.")
@click.option("--keep-going", is_flag=True, help="Refuse just the items that have problems, not the whole run.")
@click.option("--overwrite-remote-edits", is_flag=True, help="Overwrite texts on Scenario that git never held.")
@click.option("--force", is_flag=True, help="Write however many changes there are.")
@click.option("--yes", is_flag=True, help="Skip the confirmation prompt.")
@click.pass_obj
def sync(settings: Settings, /, plan_out: str | None, dry_run: bool, yes: bool, **given: Any) -> int:
    """Plan, check, and write what changed to Scenario."""
    options = Options.of(given)
    is_planned_anew = options.patterns or options.since is not None or options.prune or options.shard
    if options.plan and (is_planned_anew or options.overwrite_remote_edits or plan_out):
        raise click.UsageError(
            "--plan applies just what the plan holds; SELECT, --since, --prune, --shard, --overwrite-remote-edits and "
            "--plan-out belong to the run that makes it (diff, or sync --dry-run)."
        )
    output = Output(given, plan_out)
    if dry_run:
        return show_diff(settings, "sync", options, output, plan_out)
    if options.exit_code:
        note("--exit-code has no effect without --dry-run.")
    is_asking = not yes and is_attended()
    with run_for(settings, "sync", options, "write") as run:
        review = Review(run, output, is_asking=is_asking, plan_out=plan_out)
        return review.finish(use_case.sync(run, review))
