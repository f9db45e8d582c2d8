"""`syncjob` itself: the options before the command, and the commands, each loaded when it is called."""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from syncjob import __version__
from syncjob.cli.session import Settings
from syncjob.text.sanitize import one_line

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# The short help is here too, so that `syncjob --help` loads no command.
COMMANDS = {
    "acknowledge": "Let a later sync replace what Scenario holds now.",
    "check": "Check files, names, encodings and tags; offline unless --remote.",
    "diff": "Show what sync would do; never writes to Scenario.",
    "doctor": "Check config, credentials, git and Scenario; --probe settles how the API behaves.",
    "init": "Set up a repository here: config, descriptions, workflows and git.",
    "preview": "Show the files in a browser while you write them; writes nothing.",
    "pull": "Download descriptions from Scenario into files.",
    "rollback": "Put back the texts that a run overwrote; `syncjob runs` lists the runs.",
    "runs": "List the runs that wrote, newest first; each can be rolled back.",
    "sandbox": "Serve the embedded stand-in for Scenario on loopback.",
    "sync": "Plan, check, and write what changed to Scenario.",
}


def _width() -> int:
    """The terminal's width, 80 at most; click would load shutil and with it three compressors to ask."""
    try:
        return min(os.get_terminal_size(1).columns, 80)
    except OSError:
        return 80


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"syncjob.cli.commands.{cmd_name}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.exceptions.NoSuchCommand(args[0], possibilities=COMMANDS, ctx=ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem[str]]":
        from click.shell_completion import CompletionItem

        commands = [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _profiles(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
    from syncjob.cli import completion  # late: few command lines are to be completed

    return completion.profiles(context, parameter, incomplete)


@click.group(
    cls=_Lazy,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "SYNCJOB",
        "terminal_width": _width(),
    },
)
@click.option(
    "--config",
    type=click.Path(dir_okay=False),
    help="Config file; default: config.yaml here or above.",
)
@click.option("--profile", shell_complete=_profiles, help="Profile of the config to use.")
@click.option(
    "--log-format",
    type=click.Choice(["auto", "console", "json"]),
    default="auto",
    help="Log format on stderr; auto is console, plain on a terminal.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="warning",
    show_default=True,
    help="Lowest level to log.",
)
@click.option("-v", "--verbose", count=True, help="Log what is done too; -vv logs each request.")
@click.option("-q", "--quiet", is_flag=True, help="Only errors and questions on stderr.")
@click.option("--no-pager", is_flag=True, help="Print what a pager would show on a terminal.")
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context, /, **options: Any) -> None:
    """Keep the Markdown descriptions of models on Scenario in step with a git repository.

    SELECT is any number of model ids, shell globs over ids, or paths of description files; none
    means all. Each option can also be set in the environment: SYNCJOB_PROFILE,
    SYNCJOB_SYNC_KEEP_GOING.
    """
    context.obj = settings_of(**options)


def settings_of(verbose: int, quiet: bool, no_pager: bool, log_level: str, **options: Any) -> Settings:
    """The settings that the options before the command ask for; raises UsageError if two of them contradict."""
    if verbose and quiet:
        raise click.UsageError("--verbose cannot be combined with --quiet; drop one of the two")
    level = "error" if quiet else ("debug" if verbose > 1 else "info") if verbose else log_level
    return Settings(**options, log_level=level, is_quiet=quiet, has_pager=not no_pager)


def explained(error: click.ClickException) -> str:
    """What is wrong with a command line, in one line: an argument in it cannot make a line of its own."""
    if isinstance(error, click.NoSuchOption) and any(error.option_name in known.opts for known in cli.params):
        return f"{error.option_name} goes before the command: syncjob {error.option_name} … COMMAND"
    message = one_line(error.format_message())
    if not isinstance(error, click.UsageError) or error.ctx is None:
        return message
    return f"{message}{'' if message.endswith(('.', '?', '?)')) else '.'} See `{error.ctx.command_path} --help`."
