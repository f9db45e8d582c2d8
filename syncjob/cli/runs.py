"""`syncjob runs`."""

import click

from syncjob.cli.begin import Settings, load_config


@click.command()
@click.option("--format", type=click.Choice(["text", "json"]), default="text", help="Form of the list.")
@click.pass_obj
def runs(settings: Settings, /, format: str) -> int:
    """List the runs that wrote, newest first; each can be rolled back."""
    from syncjob import journal
    from syncjob.report import runs as listing

    state_dir = load_config(settings).state_dir
    found = listing.rows(journal.read(state_dir, run) for run in journal.run_ids(state_dir))
    click.echo(listing.render_json(found) if format == "json" else listing.render_text(found), nl=False)
    return 0
