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
@click.option(
    "--models", "count", type=click.IntRange(0, 100_000), default=0, help="Have at least this many models, described."
)
@click.pass_obj
def sandbox(settings: Settings, /, port: int, words: tuple[str, ...], count: int) -> int:
    """Serve the embedded stand-in for Scenario on loopback."""
    from syncjob.config.config import STAND_IN
    from syncjob.sandbox import Sandbox, behaviours, server
    from syncjob.state.folder import sandbox_file

    # Beside the config, if there is one; the profile makes no difference.
    config = load_config(settings._replace(profile=settings.profile or STAND_IN))
    path, has_config = sandbox_file(config.state_dir), config.path.is_file()
    plays = behaviours.parse(words)
    with Sandbox(path, plays=plays) as filled:
        filled.fill(count)
    server.serve(
        path, port, plays, lambda url: click.echo(_notice(url, has_config)), lambda reason: tell(one_line(reason))
    )
    return 0


def _notice(url: str, has_config: bool) -> str:
    set_up = "" if has_config else "  syncjob init --pull --no-workflows\n"
    return (
        f"The stand-in listens at {url} (Ctrl-C stops it); any credentials will do. In another shell:\n"
        f"  export SCENARIO_BASE_URL={url} SCENARIO_SDK_API_KEY=any SCENARIO_SDK_API_SECRET=any\n"
        f"{set_up}  syncjob --profile production diff"
    )
