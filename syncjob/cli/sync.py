"""`syncjob sync`."""

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from syncjob.cli.begin import Settings, begin
from syncjob.cli.diff import show_diff
from syncjob.cli.product import Product, with_product

if TYPE_CHECKING:
    from syncjob.report.model import Report


@click.command()
@with_product
@click.option("--dry-run", is_flag=True, help="Show what would be done, as diff does.")
@click.option("--exit-code", is_flag=True, help="With --dry-run: exit 3 where there are changes.")
@click.option("--keep-going", is_flag=True, help="Refuse just the items that have problems, not the whole run.")
@click.option("--force", is_flag=True, help="Write however many changes there are.")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal.")
@click.pass_obj
def sync(
    settings: Settings,
    /,
    select: tuple[str, ...],
    dry_run: bool,
    exit_code: bool,
    keep_going: bool,
    force: bool,
    yes: bool,
    **product_options: Any,
) -> int:
    """Plan, check, and write what changed to Scenario."""
    from syncjob import run
    from syncjob.report import text

    product = Product(**product_options)
    options = run.Options(select, keep_going=keep_going, force=force, exit_code=exit_code)
    if dry_run:
        return show_diff(settings, "sync", options, product)

    planned: list[Report] = []

    def review(plan: "Report", will_write: bool) -> bool:
        planned.append(plan)
        if product.is_text:
            product.show(text.render_plan(plan, color=product.is_colored))
        if not will_write or yes or not (sys.stdin.isatty() and sys.stderr.isatty()):
            return True
        return _ask(text.plan_line(plan), plan.profile)

    with begin(settings, "sync", options) as started:
        report = run.sync(started, review)
    return product.finish(report, partial(text.render_outcome, planned=planned[0]))


def _ask(plan_line: str, profile: str) -> bool:
    """A person's word; the end of input, and a signal, is a no."""
    from syncjob.signals import asking

    answer = ""
    with asking():
        click.echo(f"{plan_line} Write this to Scenario (profile {profile})? [y/N]: ", nl=False, err=True)
        answer = sys.stdin.readline()
    return answer.strip().lower() in ("y", "yes")
