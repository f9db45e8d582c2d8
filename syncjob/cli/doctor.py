"""`syncjob doctor`."""

from typing import TYPE_CHECKING

import click

from syncjob.cli.question import is_agreed, is_attended
from syncjob.cli.session import Settings, begin

if TYPE_CHECKING:
    from syncjob.commands.run import Run
    from syncjob.config.config import Config


@click.command()
@click.option(
    "--probe", "model_id", metavar="MODEL_ID", help="Ask a scratch model what is not documented; it is restored."
)
@click.option("--yes", is_flag=True, help="Do not ask before a model is probed.")
@click.pass_obj
def doctor(settings: Settings, /, model_id: str | None, yes: bool) -> int:
    """Check config, credentials, git and Scenario; --probe settles how the API behaves."""
    from syncjob.commands import run
    from syncjob.text.tags import is_id

    if model_id is None:
        with begin(settings, "doctor", run.Options()) as started:
            return _examine(started)
    if not is_id(model_id):
        raise click.BadParameter(f"{model_id!r} is no model id", param_hint="--probe")
    if not (yes or is_attended()):
        raise click.UsageError(f"--probe overwrites {model_id} for a while and then restores it; agree with --yes")
    with begin(settings, "doctor", run.Options(), "write") as started:
        if not (yes or _agrees(model_id, started.config)):
            return 1 if started.interrupts.signal is None else 128 + started.interrupts.signal
        return _probe(started, model_id)


def _examine(run: "Run") -> int:
    from syncjob.commands import doctor
    from syncjob.report.doctor import render_line

    failed: set[str] = set()
    for line in doctor.examine(run):
        click.echo(render_line(line), nl=False)
        failed |= {line.subject} if line.verdict == "FAILED" else set()
    if run.interrupts.signal is not None:
        return 128 + run.interrupts.signal
    return 2 if "credentials" in failed else 1 if failed else 0


def _agrees(model_id: str, config: "Config") -> bool:
    where = f"{model_id} at {config.base_url} (profile {config.profile})"
    what = f"The description of {where} is overwritten about ten times and then restored."
    return is_agreed(f"{what} Go on?")


def _probe(run: "Run", model_id: str) -> int:
    from syncjob.commands.probe.job import probe
    from syncjob.commands.probe.scratch import NotRestored
    from syncjob.errors import SyncjobError, Unauthorized, UsageError
    from syncjob.output.gate import tell
    from syncjob.report.doctor import render_findings
    from syncjob.state import probe_results

    try:
        probed = probe(run, model_id)
    except SyncjobError as error:
        is_restored = not isinstance(error, NotRestored | UsageError)
        what = f"{error}; {model_id} is as it was, nothing was learnt" if is_restored else str(error)
        if run.interrupts.signal is not None:
            tell(what)
            return 128 + run.interrupts.signal
        if isinstance(error, Unauthorized | UsageError):
            raise UsageError(str(error)) from error
        raise SyncjobError(what) from error
    click.echo(render_findings(probed.findings), nl=False)
    click.echo(
        f"\n{run.client.traffic.total} requests; {model_id} is as it was. Later runs of this profile use "
        f"{probe_results.path_of(run.config)}."
    )
    return 0
