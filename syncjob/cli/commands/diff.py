"""`syncjob diff`."""

import os
from collections.abc import Callable
from typing import Any

import click

from syncjob.cli.options import with_plan
from syncjob.cli.output import Output
from syncjob.cli.review import PlanFile
from syncjob.cli.session import Settings, is_typed, note, run_for
from syncjob.commands.result import RunResult
from syncjob.commands.run import Command, Options, Run
from syncjob.commands.sync import job as use_case
from syncjob.report import text


@click.command()
@with_plan
@click.option("--unfiled", is_flag=True, help="Also list own models that have a description and no file.")
@click.option("--keep-going", is_flag=True, help="Say what sync --keep-going would write and refuse.")
@click.option("--exit-code", is_flag=True, help="Exit 3 if there are changes.")
@click.option("--stat", is_flag=True, help="List the models and how many lines change, without the texts.")
@click.option("--open", "is_opening", is_flag=True, help="Open the page for reviewers in a browser too.")
@click.option(
    "--images",
    type=click.Choice(["auto", "all", "never"]),
    default="auto",
    help="Show pictures of assets in HTML; auto leaves private ones out in a public repository's Actions.",
)
@click.pass_obj
def diff(settings: Settings, /, plan_out: str | None, stat: bool, is_opening: bool, **given: Any) -> int:
    """Show what sync would do; never writes to Scenario."""
    is_page = is_opening or given["format"] == "html"
    options = Options.of(given if is_page else {**given, "images": "never"})
    if options.unfiled and options.since is not None:
        raise click.UsageError("--unfiled looks at all own models, --since only at what changed; drop one of the two.")
    output = Output(given, plan_out)
    if stat and not output.is_text:
        raise click.UsageError("--stat needs text output; drop --stat or --format")
    if given["images"] == "all" and not is_page and is_typed("images"):
        note("--images all has no effect without --format html or --open.")
    render = text.render_stat if stat else text.render_plan
    return show_diff(settings, "diff", options, output, plan_out, render, is_opening=is_opening)


def show_diff(
    settings: Settings,
    command: Command,
    options: Options,
    output: Output,
    plan_out: str | None,
    render: Callable[..., str] = text.render_plan,
    *,
    is_opening: bool = False,
) -> int:
    """What a sync would do, as output and as a plan; returns the exit status."""
    with run_for(settings, command, options) as run:
        result = use_case.diff(run)
        if plan_out:
            with output.attempts.to("write the plan"):
                PlanFile(run, plan_out).add(result.report)
        illustrated = _illustrated(run, result)
        status = output.finish(run, illustrated, render)
        if is_opening and run.interrupts.status is None:
            output.open(run, illustrated)
        return status


def _illustrated(run: Run, result: RunResult) -> RunResult:
    """The result with the pictures that its page may show, if any are wanted."""
    if run.options.images == "never":
        return result
    from syncjob.commands.pictures import with_pictures
    from syncjob.github.event import is_seen_by_strangers

    may_reach_strangers = run.options.images == "auto" and is_seen_by_strangers(os.environ)
    return with_pictures(run, result, may_reach_strangers=may_reach_strangers)
