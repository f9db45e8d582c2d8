"""`syncjob sync`."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syncjob.cli.begin import Settings, begin
from syncjob.cli.planned import carry_out, save_plan, show_diff, with_plan
from syncjob.cli.product import Product

if TYPE_CHECKING:
    from syncjob.jobs import Result
    from syncjob.run import Options


@click.command()
@with_plan
@click.option("--plan", type=click.Path(dir_okay=False), help="Apply exactly the plan that diff --plan-out wrote.")
@click.option("--resume", metavar="RUN", help="Go on where that run was stopped: ask for nothing that it confirmed.")
@click.option("--dry-run", is_flag=True, help="Show what would be done, as diff does.")
@click.option("--exit-code", is_flag=True, help="With --dry-run: exit 3 where there are changes.")
@click.option("--keep-going", is_flag=True, help="Refuse just the items that have problems, not the whole run.")
@click.option("--overwrite-remote-edits", is_flag=True, help="Overwrite texts on Scenario that git never held.")
@click.option("--force", is_flag=True, help="Write however many changes there are.")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal.")
@click.pass_obj
def sync(
    settings: Settings,
    /,
    select: tuple[str, ...],
    since: str | None,
    prune: bool,
    plan: str | None,
    plan_out: str | None,
    resume: str | None,
    dry_run: bool,
    exit_code: bool,
    keep_going: bool,
    overwrite_remote_edits: bool,
    force: bool,
    yes: bool,
    **product_options: Any,
) -> int:
    """Plan, check, and write what changed to Scenario."""
    from syncjob import run

    if plan and (select or since is not None or prune or overwrite_remote_edits or plan_out):
        raise click.UsageError(
            "--plan applies just what the plan holds; SELECT, --since, --prune, --overwrite-remote-edits and --plan-out "
            "belong to the run that makes it (diff, or sync --dry-run)"
        )
    options = run.Options(
        select,
        since,
        prune,
        plan=Path(plan) if plan else None,
        resume=resume,
        keep_going=keep_going,
        overwrite_remote_edits=overwrite_remote_edits,
        force=force,
        exit_code=exit_code,
    )
    product = Product(**product_options, plans={"--plan-out": plan_out, "--plan": plan})
    if dry_run:
        return show_diff(settings, "sync", options, product, plan_out)
    return _apply(settings, options, product, plan_out, is_agreed=yes)


def _apply(settings: Settings, options: "Options", product: Product, plan_out: str | None, *, is_agreed: bool) -> int:
    from syncjob import jobs
    from syncjob.report.summary import plan_line

    def agrees(plan: "Result", will_write: bool) -> bool:
        save_plan(started, plan, plan_out)
        if not will_write or is_agreed or not (sys.stdin.isatty() and sys.stderr.isatty()):
            return True
        return _ask(plan_line(plan.report), plan.report.profile)

    with begin(settings, "sync", options, "write") as started:
        return carry_out(started, partial(jobs.sync, started), product, agrees)


def _ask(plan_line: str, profile: str) -> bool:
    """A person's word; the end of input, and a signal, is a no."""
    from syncjob.signals import asking

    answer = ""
    with asking():
        click.echo(f"{plan_line} Write this to Scenario (profile {profile})? [y/N]: ", nl=False, err=True)
        answer = sys.stdin.readline()
    return answer.strip().lower() in ("y", "yes")
