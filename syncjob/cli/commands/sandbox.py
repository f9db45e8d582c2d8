"""`syncjob sandbox`."""

import click

from syncjob.cli.session import Settings, load_config
from syncjob.output.gate import tell
from syncjob.text.sanitize import one_line


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8484, show_default=True, help="Port; 0 takes a free one."
)
@click.option(
    "--play", "words", multiple=True, metavar="NAME=VALUE", help="How to respond if the API's response is not known."
)
@click.pass_obj
def sandbox(settings: Settings, /, port: int, words: tuple[str, ...]) -> int:
    """Serve the embedded stand-in for Scenario on loopback."""
    from syncjob.sandbox import behaviours, server
    from syncjob.state.folder import sandbox_file

    path = sandbox_file(load_config(settings).state_dir)
    plays = behaviours.parse(words)
    server.serve(path, port, plays, lambda url: click.echo(_notice(url)), lambda reason: tell(one_line(reason)))
    return 0


def _notice(url: str) -> str:
    return (
        f"The stand-in listens at {url} (Ctrl-C stops it); any credentials will do. In another shell:\n"
        f"  export SCENARIO_BASE_URL={url} SCENARIO_SDK_API_KEY=any SCENARIO_SDK_API_SECRET=any\n"
        "  syncjob --profile production diff"
    )
