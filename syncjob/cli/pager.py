"""A long output through the pager that PAGER names, as git does it."""

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from syncjob.control.signals import left_to_a_reader
from syncjob.environment import is_step
from syncjob.output.gate import tell
from syncjob.output.withheld import without_credentials
from syncjob.text.sanitize import printable

# What git sets if the variables are not set: less ends at once if all fits, shows colours, and leaves the screen as it is.
_DEFAULTS = {"LESS": "FRX", "LV": "-c"}
_NONE = ("", "cat")  # of PAGER: there is to be no pager


def is_wanted(environment: Mapping[str, str]) -> bool:
    """Whether somebody reads on this terminal, and has not said that there should be no pager."""
    is_terminal = sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
    return is_terminal and not is_step(environment) and environment.get("PAGER", "less").strip() not in _NONE


def page(text: str, *, color: bool) -> None:
    """Shows a text in the pager, or on stdout if that cannot be started; one that fails or ends early is no failure."""
    shown = printable(text, is_colored=color)
    has_settings = "LESS" in os.environ  # then click looks whether they let colours through
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    sys.stdout.flush()
    try:
        with left_to_a_reader(), without_credentials():
            click.echo_via_pager(
                shown.removesuffix("\n"), color=None if color and has_settings and _is_less() else color
            )
    except (OSError, ValueError) as error:  # the program cannot be run, or PAGER is no command
        tell(f"cannot start the pager: {error}; set PAGER, or pass --no-pager")
        sys.stdout.write(shown)


def _is_less() -> bool:
    command = shlex.split(os.environ.get("PAGER", "less"))
    return Path(command[0]).name == "less"
