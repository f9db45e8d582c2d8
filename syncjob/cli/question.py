"""A question to whoever is at the terminal."""

import sys

import click

from syncjob.display import one_line


def is_attended() -> bool:
    """Whether somebody at a terminal can be asked; a closed stdin is none."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def is_agreed(question: str) -> bool:
    """A person's word; the end of input, and a signal, is a no."""
    from syncjob.signals import asking

    answer = b""
    with asking():
        click.echo(f"{one_line(question)} [y/N]: ", nl=False, err=True)
        answer = sys.stdin.buffer.readline()  # bytes: what is typed may be no UTF-8
    return answer.strip().lower() in (b"y", b"yes")
