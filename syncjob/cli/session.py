"""From the options before the command to a run that has begun."""

import gc
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TextIO, TypeVar, cast

import click

from syncjob.environment import is_step
from syncjob.output import gate
from syncjob.text.sanitize import one_line

if TYPE_CHECKING:
    from syncjob.commands.run import Command, Options, Reach, Run
    from syncjob.config.config import Config
    from syncjob.control.progress import Progress, Standing
    from syncjob.log import Format

_T = TypeVar("_T")
_BAR = 6  # so that a run of 100,000 has room on a line of 80 characters
_LONG = 20  # items; a terminal shows a progress bar for this many or more


class Settings(NamedTuple):
    """The options before the command."""

    config: str | None
    profile: str | None
    log_format: "Format"
    log_level: str


def load_config(settings: Settings) -> "Config":
    """The config that the options and the environment name."""
    from pathlib import Path

    from syncjob.config import config

    return config.load(Path(settings.config) if settings.config else None, settings.profile, os.environ)


@contextmanager
def run_for(settings: Settings, command: "Command", options: "Options", reach: "Reach" = "read") -> "Iterator[Run]":
    """A run, until the block ends; raises UsageError if it needs credentials and there are none."""
    from syncjob import log
    from syncjob.commands import run
    from syncjob.credentials import secrets_of
    from syncjob.github import workflow_commands
    from syncjob.remote.connect import require_credentials

    gc.enable()
    gate.bound(sys.stdout, sys.stderr)
    loaded = load_config(settings)
    run_id = run.new_id(loaded.state_dir if reach == "write" else None)
    is_watched = sys.stdout.isatty()
    log.configure(
        sys.stderr, settings.log_format, settings.log_level, run_id, secrets_of(os.environ), is_watched=is_watched
    )
    if reach != "offline":
        require_credentials(loaded)
        if notice := _notice(loaded):
            click.echo(one_line(notice), err=True)
        if is_step(os.environ):
            workflow_commands.mask(loaded.credentials, sys.stderr)
    track = _track_aloud if command == "pull" else _track
    with run.begin(run_id, command, loaded, options, track, reach) as started:
        yield started


def _notice(config: "Config") -> str | None:
    """The target of a run, if it is not what the profile's name says."""
    why = " (SCENARIO_BASE_URL)" if config.is_overridden else ""
    if config.is_sandbox:
        return f"Profile {config.profile} is the embedded stand-in{why}: nothing is sent to Scenario."
    return f"Profile {config.profile} at {config.base_url}{why}." if why else None


def _track(label: str, things: Iterable[_T], total: int, progress: "Progress") -> Iterable[_T]:
    """The progress of a long run: a bar on a terminal, elsewhere an event in the log each minute."""
    return _tracked(label, things, total, progress, _log)


def _track_aloud(label: str, things: Iterable[_T], total: int, progress: "Progress") -> Iterable[_T]:
    """The same, with a line on stderr in the place of an event that most logs leave out: a pull prints only at its end."""
    return _tracked(label, things, total, progress, _say)


def _tracked(
    label: str, things: Iterable[_T], total: int, progress: "Progress", say: Callable[[str, "Standing"], None]
) -> Iterable[_T]:
    if total >= _LONG and sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        bar = click.progressbar(
            length=total,
            label=label,
            width=_BAR,
            show_pos=True,
            show_eta=False,
            item_show_func=_shown,
            file=cast("TextIO", gate.Bar(sys.stderr)),
        )
        with bar:
            for thing in things:
                yield thing
                bar.update(1, progress.standing())
        return
    for thing in things:
        yield thing
        if standing := progress.news():
            say(label, standing)


def _say(label: str, standing: "Standing") -> None:
    click.echo(f"{label}: {standing.done:,} of {standing.items:,}, {standing}", err=True)


def _shown(standing: "Standing | None") -> str | None:
    return str(standing) if standing else None


def _log(label: str, standing: "Standing") -> None:
    from syncjob import log

    left = standing.seconds_left
    log.event(
        "info",
        "progress",
        doing=label.lower(),
        done=standing.done,
        of=standing.items,
        requests=standing.requests,
        requests_per_minute=round(standing.rate),
        requests_left=standing.requests_left,
        seconds_left=None if left is None else round(left),
    )
