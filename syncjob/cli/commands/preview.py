"""`syncjob preview`."""

import time
from contextlib import ExitStack, suppress

import click

from syncjob.cli import completion
from syncjob.cli.session import Settings, load_config, run_for
from syncjob.commands.preview import reading
from syncjob.commands.preview.served import Served, new_token
from syncjob.commands.preview.tree import Tree
from syncjob.commands.run import Options
from syncjob.config.config import Config
from syncjob.control.signals import ended_by_signal
from syncjob.errors import Stopped
from syncjob.files import whole
from syncjob.output import browser, loopback
from syncjob.text.sanitize import one_line

_PATIENCE = 60.0  # seconds in which a browser has to send a request


@click.command()
@click.argument("patterns", nargs=-1, metavar="[SELECT]...", shell_complete=completion.model_ids)
@click.pass_obj
def preview(settings: Settings, /, patterns: tuple[str, ...]) -> int:
    """Show the files in a browser while you write them; writes nothing.

    Reads Scenario once, to compare; without credentials it compares nothing.
    """
    config = load_config(settings)
    is_offline = config.credentials is None and not config.is_sandbox
    options = Options(patterns=patterns, images="never" if is_offline else "all")
    begun = run_for(settings, "check", options, "offline") if is_offline else run_for(settings, "diff", options)
    with begun as run:
        start = None
        with suppress(Stopped):
            start = reading.read(run, is_offline=is_offline)
        if start is None or run.interrupts.status is not None:
            return run.interrupts.status or 1
        served = Served(Tree(run, start), new_token())
    server = loopback.listening(served.respond, max_body=0, patience=_PATIENCE)
    with loopback.serving(server) as address, ended_by_signal() as interrupts:
        _show(f"{address}/{served.token}/", _subject(config, start))
    return interrupts.status or 0


def _subject(config: Config, start: reading.Start) -> str:
    if start.seen is None:
        return f"{config.shown_folder}, not compared: there are no credentials for the profile {config.profile}"
    if start.obstacle:
        return f"{config.shown_folder}, not compared: {start.obstacle}"
    return f"{config.shown_folder}, compared with {config.profile} as it is now"


def _show(address: str, subject: str) -> None:
    """Opens the page, by a file that hides its address from other users, until the process is interrupted."""
    click.echo(one_line(f"Preview of {subject}. Ctrl-C ends it."))
    click.echo(f"  {address}")
    head = '<!DOCTYPE html><meta name="referrer" content="no-referrer">'
    redirect = f'{head}<meta http-equiv="refresh" content="0; url={address}">'
    with ExitStack() as stack:
        is_opened = False
        with suppress(OSError):  # no room for the file
            is_opened = browser.is_opened(stack.enter_context(whole.for_owner(redirect.encode(), ".html")))
        if not is_opened:
            click.echo("No browser was found here; open that address in one.", err=True)
        while True:  # in steps: a signal that another thread receives does not wake this one
            time.sleep(0.25)
