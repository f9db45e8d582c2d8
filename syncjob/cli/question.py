"""A question to whoever is at the terminal."""

import sys
from pathlib import Path

import click

from syncjob.config.config import Config
from syncjob.control.signals import asking
from syncjob.output import gate
from syncjob.text.folding import folded
from syncjob.text.sanitize import printable

_YES = (b"y", b"yes")
_NO = (b"", b"n", b"no")
_TERMINAL = Path("/dev/tty")  # the process's own, wherever its streams go


def is_attended() -> bool:
    """Whether somebody types what the command reads; a closed stdin is nobody.

    Raises UsageError if the question could not be shown.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        return False
    try:
        _show("")
    except OSError as error:
        raise click.UsageError("the question cannot be shown; give --yes") from error
    return True


def is_agreed(question: str) -> bool:
    """Whether a person says yes; an empty line, the end of input, and a signal, is a no. A slip is asked about again."""
    answer = b""
    with asking():
        _show(f"{_shown(f'{question} [y/N]:')} ")
        while (answer := sys.stdin.buffer.readline().strip().lower()) not in (*_YES, *_NO):  # it may be no UTF-8
            _show("Answer y or n [y/N]: ")
    return answer in _YES


def typed(question: str) -> str:
    """What a person types in one line; "" at the end of input, and after a signal."""
    answer = b""
    with asking():
        _show(f"{_shown(question)} ")
        answer = sys.stdin.buffer.readline()
    return answer.decode("utf-8", "replace").strip()


def say(line: str) -> None:
    """Tells whoever is at the terminal something between two questions."""
    _show(f"{_shown(line)}\n")


def target_of(config: Config) -> str:
    """What a run writes to, as a question names it: the profile, and its address if that is not the profile's own."""
    name = f"\x1b[1m{config.profile}\x1b[0m" if gate.is_colorful(sys.stderr) else config.profile
    if config.is_sandbox:
        return f"{name} (the embedded stand-in)"
    return f"{name} at {config.base_url}" if config.is_overridden else name


def _shown(question: str) -> str:
    line = printable(" ".join(question.split()), is_colored=gate.is_colorful(sys.stderr))
    return "\n".join(folded(line, gate.columns(sys.stderr) - 1))  # and a place for the answer


def _show(text: str) -> None:
    """Writes to stderr or, if that is no terminal, to the process's own; raises OSError if it has none."""
    if sys.stderr.isatty():
        click.echo(text, nl=False, err=True)
        return
    with _TERMINAL.open("w", encoding=sys.stderr.encoding, errors="backslashreplace") as terminal:
        terminal.write(text)
