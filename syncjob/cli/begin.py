"""From the options before the command to a run that has begun."""

import gc
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import click

if TYPE_CHECKING:
    from syncjob.config import Config
    from syncjob.log import Format
    from syncjob.run import Command, Options, Reach, Run

_T = TypeVar("_T")
_LONG = 20  # items from which on a terminal shows a progress bar


class Settings(NamedTuple):
    """The options that stand before the command."""

    config: str | None
    profile: str | None
    log_format: "Format"
    log_level: str


def load_config(settings: Settings) -> "Config":
    """The config that the options and the environment name."""
    from pathlib import Path

    from syncjob import config

    return config.load(Path(settings.config) if settings.config else None, settings.profile, os.environ)


@contextmanager
def begin(settings: Settings, command: "Command", options: "Options", reach: "Reach" = "read") -> "Iterator[Run]":
    """A run, until the block ends; raises UsageError where it needs credentials and there are none."""
    from syncjob import log, run, runner
    from syncjob.connection import require_credentials

    gc.enable()
    loaded = load_config(settings)
    run_id = run.new_id()
    log.configure(sys.stderr, settings.log_format, settings.log_level, run_id, loaded.credentials)
    if reach != "offline":
        require_credentials(loaded)
        if loaded.is_sandbox:
            click.echo(f"Profile {loaded.profile} is the embedded stand-in: nothing is sent to Scenario.", err=True)
        if runner.is_on(os.environ):
            runner.mask(loaded.credentials, sys.stderr)
    with run.begin(run_id, command, loaded, options, _track, reach) as started:
        yield started


def _track(label: str, things: Iterable[_T], total: int) -> Iterable[_T]:
    """A progress bar on stderr for a long run on a terminal."""
    if total < _LONG or not sys.stderr.isatty():
        yield from things
        return
    with click.progressbar(things, length=total, label=label, show_pos=True, file=sys.stderr) as bar:
        yield from bar
