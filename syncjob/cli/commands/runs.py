"""`syncjob runs`."""

import sys

import click

from syncjob.cli.session import Settings, load_config
from syncjob.errors import UsageError
from syncjob.git.git import Git
from syncjob.output.gate import columns, tell
from syncjob.report import runs as listing
from syncjob.state import folder, journal
from syncjob.text.sanitize import one_line


@click.command()
@click.option("--format", type=click.Choice(["text", "json"]), default="text", help="Output format.")
@click.pass_obj
def runs(settings: Settings, /, format: str) -> int:
    """List the runs that wrote, newest first; each can be rolled back."""
    config = load_config(settings)
    found: list[listing.RunRow] = []
    notes = [folder.distrust(config.state_dir, Git(), is_named=config.is_named)]
    for run in journal.run_ids(config.state_dir):
        try:
            is_under_way = journal.is_held(config.state_dir, run)
            row = listing.row_of(journal.read(config.state_dir, run), is_under_way=is_under_way)
            found += [row] if row else []
        except UsageError as error:  # it hides itself alone
            notes.append(f"{error}; this run is not listed")
    for note in filter(None, notes):
        tell(one_line(note))
    width = columns(sys.stdout) if sys.stdout.isatty() else None
    click.echo(listing.render_json(found) if format == "json" else listing.render_text(found, width), nl=False)
    return 0
