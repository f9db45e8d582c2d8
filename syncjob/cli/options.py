"""The options that commands have in common, and what their values must be."""

import os
import re
import stat
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from syncjob.cli import completion
from syncjob.local.select import Shard
from syncjob.output import outputs

_Function = TypeVar("_Function", bound=Callable[..., Any])
FILE = click.Path(dir_okay=False)


def require_distinct(files: Mapping[str, str | os.PathLike[str] | None]) -> None:
    """Raises if two options name the same file: one of the two would be lost."""
    taken: dict[str, str] = {}
    for option, path in files.items():
        if path is not None:
            other = taken.setdefault(os.path.realpath(path), option)
            if other != option:
                raise click.UsageError(f"{other} and {option} name the same file")


def writable(context: click.Context, parameter: click.Parameter, path: str | None) -> str | None:
    """Proves that a file can be written, without making or emptying it; a pipe stays open until the command ends."""
    if path is None or context.resilient_parsing:  # while a shell completes, nothing is opened
        return path
    try:
        descriptor = outputs.proved(path)
    except OSError as error:
        raise click.BadParameter(f"cannot write {path}: {error.strerror}") from error
    if stat.S_ISFIFO(os.fstat(descriptor).st_mode):  # else its reader would take this for the end
        context.call_on_close(lambda: os.close(descriptor))
    else:
        os.close(descriptor)
    return path


def _shard(context: click.Context, parameter: click.Parameter, value: str | None) -> Shard | None:
    if value is None:
        return None
    number, _, count = value.partition("/")
    is_number = all(re.fullmatch("[0-9]{1,6}", part) for part in (number, count))
    if not is_number or not 1 <= int(number) <= int(count):
        raise click.BadParameter(f"{value!r} is not a shard; use I/N, such as 2/5")
    return Shard(int(number), int(count))


def _share(context: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    if value is not None and not 0 < value <= 1:
        raise click.BadParameter(f"{value:g} is not a part of the limit; use a number above 0, and 1 at most")
    return value


def _all(*options: Callable[[_Function], _Function]) -> Callable[[_Function], _Function]:
    def decorate(function: _Function) -> _Function:
        for option in options:
            function = option(function)
        return function

    return decorate


# SELECT and --since: which descriptions a command is about.
with_selection = _all(
    click.option("--since", metavar="REV", help="Only files that differ from the merge base of REV and HEAD."),
    click.argument("patterns", nargs=-1, metavar="[SELECT]...", shell_complete=completion.model_ids),
)


def with_output(*formats: str) -> Callable[[_Function], _Function]:
    """The options of every command that makes output; the first format is the default."""
    return _all(
        click.option("--no-github", is_flag=True, help="Disable GitHub annotations, summary and outputs."),
        click.option(
            "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colour the text."
        ),
        click.option("--report", type=FILE, callback=writable, help="Write the JSON report here too."),
        click.option("--output", type=FILE, callback=writable, help="Write here instead of to stdout."),
        click.option("--format", type=click.Choice(formats), default=formats[0], help="Output format."),
    )


# SELECT, and the options of output and of a plan.
with_plan = _all(
    click.option(
        "--share",
        type=float,
        metavar="PART",
        callback=_share,
        help="Use only this part of the rate limit, such as 0.8.",
    ),
    click.option("--refresh", is_flag=True, help="Read every description, whatever is remembered."),
    click.option("--shard", metavar="I/N", callback=_shard, help="Only part I of N, by a stable hash of the id."),
    click.option("--plan-out", type=FILE, callback=writable, help="Write the plan here, for sync --plan."),
    click.option("--prune", is_flag=True, help="Delete descriptions on Scenario that have no file any more."),
    with_output("text", "json", "markdown", "html"),
    with_selection,
)
