"""From the options before the command to a run that has begun."""

import gc
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import click
from click.core import ParameterSource

from syncjob.cli.progress import tracked, tracked_aloud, untracked
from syncjob.environment import is_step
from syncjob.output import gate
from syncjob.text.sanitize import one_line

if TYPE_CHECKING:
    from syncjob.commands.run import Command, Options, Reach, Run
    from syncjob.config.config import Config
    from syncjob.log import Format


class Settings(NamedTuple):
    """The options before the command."""

    config: str | None
    profile: str | None
    log_format: "Format"
    log_level: str
    is_quiet: bool = False
    has_pager: bool = True


def load_config(settings: Settings) -> "Config":
    """The config that the options and the environment name."""
    from pathlib import Path

    from syncjob.config import config

    return config.load(Path(settings.config) if settings.config else None, settings.profile, os.environ)


@contextmanager
def run_for(settings: Settings, command: "Command", options: "Options", reach: "Reach" = "read") -> "Iterator[Run]":
    """A run, until the block ends; raises UsageError if it needs credentials and there are none; `doctor` says so itself."""
    from syncjob import log
    from syncjob.commands import run
    from syncjob.credentials import secrets_of
    from syncjob.github import workflow_commands
    from syncjob.remote.connect import has_credentials, require_credentials

    gc.enable()
    gate.bound(sys.stdout, sys.stderr)
    loaded = load_config(settings)
    run_id = run.new_id(loaded.state_dir if reach == "write" else None)
    level, secrets = settings.log_level, secrets_of(os.environ)
    log.configure(sys.stderr, settings.log_format, level, run_id, secrets, is_watched=sys.stdout.isatty())
    is_asking = reach != "offline" and (has_credentials(loaded) or command != "doctor" or reach == "write")
    if is_asking:
        require_credentials(loaded)
        if notice := _notice(loaded):
            note(notice)
        if is_step(os.environ):
            workflow_commands.mask(loaded.credentials, sys.stderr)
    track = untracked if settings.is_quiet else tracked_aloud if command == "pull" else tracked
    with run.begin(run_id, command, loaded, options, track, reach if is_asking else "offline") as started:
        yield started


def _notice(config: "Config") -> str | None:
    """The target of a run, if it is not what the profile's name says."""
    why = " (SCENARIO_BASE_URL)" if config.is_overridden else ""
    if config.is_sandbox:
        return f"Profile {config.profile} is the embedded stand-in{why}: nothing is sent to Scenario."
    return f"Profile {config.profile} at {config.base_url}{why}." if why else None


def settings() -> Settings:
    """The options before the command that runs."""
    found: Settings = click.get_current_context().find_root().obj
    return found


def note(message: str) -> None:
    """Says on stderr, in a line, what somebody may do without: nothing with --quiet."""
    if not settings().is_quiet:
        click.echo(gate.fitted(one_line(message), sys.stderr), err=True)


def is_typed(name: str) -> bool:
    """Whether an option of the command comes from its command line, and not from the environment or its default."""
    return click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE


def command_line(*arguments: str) -> str:
    """Another command as somebody types it who typed this one: with the same config and profile."""
    root = click.get_current_context().find_root()
    typed = (
        part
        for name in ("config", "profile")
        if root.get_parameter_source(name) is ParameterSource.COMMANDLINE
        for part in (f"--{name}", root.params[name])
    )
    return shlex.join(["syncjob", *typed, *arguments])
