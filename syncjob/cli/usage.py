"""What is wrong with a command line, in the one form that errors have."""

import click

from syncjob.cli.group import cli
from syncjob.text.sanitize import one_line


def told(error: click.ClickException) -> str:
    """One line: an argument in it cannot make a line of its own."""
    if isinstance(error, click.NoSuchOption) and any(error.option_name in known.opts for known in cli.params):
        return f"{error.option_name} stands before the command: syncjob {error.option_name} … COMMAND"
    message = one_line(error.format_message())
    if not isinstance(error, click.UsageError) or error.ctx is None:
        return message
    return f"{message}{'' if message.endswith(('.', '?', ')')) else '.'} See `{error.ctx.command_path} --help`."
