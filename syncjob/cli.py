"""The command line: options in, text and exit status out. The only module that imports click.

Everything heavy is imported inside the commands, so that `--help` is quick.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO, TypeVar

import click

from syncjob import __version__

if TYPE_CHECKING:
    from syncjob.log import Format
    from syncjob.report.model import Report
    from syncjob.run import Command, Options, Run

_T = TypeVar("_T")
_Function = TypeVar("_Function", bound=Callable[..., Any])
_LONG = 20  # items from which on a terminal shows a progress bar


class _Settings(NamedTuple):
    """The options that stand before the command."""

    config: Path | None
    profile: str | None
    log_format: "Format"
    log_level: str


class _Product(NamedTuple):
    """Where a command's product goes, and in which form."""

    form: str
    output: TextIO | None
    report: TextIO | None
    color: str

    @property
    def is_text(self) -> bool:
        return self.form == "text"

    @property
    def is_colored(self) -> bool:
        if self.color != "auto":
            return self.color == "always"
        stream = self.output or sys.stdout
        return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    def show(self, text: str) -> None:
        stream = self.output or sys.stdout
        stream.write(text)
        stream.flush()

    def finish(self, report: "Report", render: Callable[..., str]) -> int:
        """Writes what is left to write; returns the exit status."""
        from syncjob.report import json, text

        as_json = json.render(report) if self.report or not self.is_text else ""
        if self.report:
            self.report.write(as_json)
            self.report.flush()
        self.show(render(report, color=self.is_colored) if self.is_text else as_json)
        if not self.is_text or self.output:
            click.echo(text.summary_line(report), err=True)
        return report.exit_code


@click.group(context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "SYNCJOB"})
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Config file; default: config.yaml here or above.",
)
@click.option("--profile", help="Profile of the config to use.")
@click.option(
    "--log-format",
    type=click.Choice(["auto", "console", "json"]),
    default="auto",
    help="Form of the log on stderr; auto is console.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="warning",
    show_default=True,
    help="Least level that is logged.",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context, /, **options: Any) -> None:
    """Keep the Markdown descriptions of models on Scenario in step with a git repository.

    SELECT is any number of model ids, shell globs over ids, or paths of description files; none
    means all. Each option can also be set in the environment: SYNCJOB_PROFILE,
    SYNCJOB_SYNC_KEEP_GOING.
    """
    context.obj = _Settings(**options)


def _with_product(function: _Function) -> _Function:
    """SELECT, and the options of every command that has a product."""
    for decorate in (
        click.option(
            "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colour the text."
        ),
        click.option("--report", type=click.File("w", "utf-8", lazy=False), help="Write the JSON report here too."),
        click.option("--output", type=click.File("w", "utf-8", lazy=False), help="Write here instead of to stdout."),
        click.option(
            "--format", "form", type=click.Choice(["text", "json"]), default="text", help="Form of the product."
        ),
        click.argument("select", nargs=-1, metavar="[SELECT]..."),
    ):
        function = decorate(function)
    return function


@cli.command()
@_with_product
@click.option("--remote", is_flag=True, help="Also look up every model and every referenced id.")
@click.pass_obj
def check(settings: _Settings, /, select: tuple[str, ...], remote: bool, **product_options: Any) -> int:
    """Check files, names, encodings and tags; offline unless --remote."""
    from syncjob import run
    from syncjob.report import text

    product = _Product(**product_options)
    with _begin(settings, "check", run.Options(select), is_offline=not remote) as started:
        report = run.check(started, is_remote=remote)
    return product.finish(report, text.render_check)


@cli.command()
@_with_product
@click.option("--exit-code", is_flag=True, help="Exit 3 where there are changes.")
@click.pass_obj
def diff(settings: _Settings, /, select: tuple[str, ...], exit_code: bool, **product_options: Any) -> int:
    """Show what sync would do; never writes to Scenario."""
    from syncjob import run

    return _diff(settings, "diff", run.Options(select, exit_code=exit_code), _Product(**product_options))


@cli.command()
@_with_product
@click.option("--dry-run", is_flag=True, help="Show what would be done, as diff does.")
@click.option("--exit-code", is_flag=True, help="With --dry-run: exit 3 where there are changes.")
@click.option("--keep-going", is_flag=True, help="Refuse just the items that have problems, not the whole run.")
@click.option("--force", is_flag=True, help="Write however many changes there are.")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal.")
@click.pass_obj
def sync(
    settings: _Settings,
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

    product = _Product(**product_options)
    options = run.Options(select, keep_going=keep_going, force=force, exit_code=exit_code)
    if dry_run:
        return _diff(settings, "sync", options, product)

    planned: list[Report] = []

    def review(plan: "Report", will_write: bool) -> bool:
        planned.append(plan)
        if product.is_text:
            product.show(text.render_plan(plan, color=product.is_colored))
        if not will_write or yes or not (sys.stdin.isatty() and sys.stderr.isatty()):
            return True
        return _ask(text.plan_line(plan.summary), plan.profile)

    with _begin(settings, "sync", options) as started:
        report = run.sync(started, review)
    return product.finish(report, partial(text.render_outcome, planned=planned[0]))


def _diff(settings: _Settings, command: "Command", options: "Options", product: _Product) -> int:
    from syncjob import run
    from syncjob.report import text

    with _begin(settings, command, options) as started:
        report = run.diff(started)
    return product.finish(report, text.render_plan)


@cli.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8484, show_default=True, help="Port; 0 takes a free one."
)
@click.pass_obj
def sandbox(settings: _Settings, /, port: int) -> int:
    """Serve the embedded stand-in for Scenario on loopback."""
    from syncjob import config
    from syncjob.scenario.sandbox import server
    from syncjob.state import sandbox_file

    loaded = config.load(settings.config, settings.profile, os.environ)
    server.serve(sandbox_file(loaded.state_dir), port, lambda url: click.echo(_sandbox_notice(url)))
    return 0


def _sandbox_notice(url: str) -> str:
    return (
        f"The stand-in answers at {url} (Ctrl-C ends it); any credentials will do. In another shell:\n"
        f"  export SCENARIO_BASE_URL={url} SCENARIO_SDK_API_KEY=any SCENARIO_SDK_API_SECRET=any\n"
        "  syncjob --profile production diff"
    )


@contextmanager
def _begin(settings: _Settings, command: "Command", options: "Options", *, is_offline: bool = False) -> "Iterator[Run]":
    from syncjob import config, log, run
    from syncjob.connection import require_credentials

    loaded = config.load(settings.config, settings.profile, os.environ)
    run_id = run.new_id()
    log.configure(sys.stderr, settings.log_format, settings.log_level, run_id, loaded.credentials)
    if not is_offline:
        require_credentials(loaded)
    with run.begin(run_id, command, loaded, options, _track) as started:
        yield started


def _track(label: str, things: Iterable[_T], total: int) -> Iterable[_T]:
    """A progress bar on stderr for a long run on a terminal."""
    if total < _LONG or not sys.stderr.isatty():
        yield from things
        return
    with click.progressbar(things, length=total, label=label, show_pos=True, file=sys.stderr) as bar:
        yield from bar


def _ask(plan_line: str, profile: str) -> bool:
    """A person's word; the end of input is a no, and Ctrl-C ends the run."""
    from syncjob.signals import asking

    click.echo(f"{plan_line} Write this to Scenario (profile {profile})? [y/N]: ", nl=False, err=True)
    with asking():
        return sys.stdin.readline().strip().lower() in ("y", "yes")
