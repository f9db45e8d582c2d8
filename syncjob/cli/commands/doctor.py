"""`syncjob doctor`."""

import sys

import click

from syncjob.cli import completion
from syncjob.cli.question import is_agreed, is_attended
from syncjob.cli.session import Settings, run_for
from syncjob.commands import doctor as use_case
from syncjob.commands.probe.job import probe
from syncjob.commands.probe.scratch import NotRestored
from syncjob.commands.run import Options, Run
from syncjob.errors import SyncjobError, Unauthorized, UsageError
from syncjob.output.gate import columns, is_colorful, tell
from syncjob.report.doctor import render_findings, render_line
from syncjob.text.tags import is_id


@click.command()
@click.option(
    "--probe",
    "model_id",
    metavar="MODEL_ID",
    shell_complete=completion.model_ids,
    help="Ask a scratch model what is not documented; it is restored.",
)
@click.option("--yes", is_flag=True, help="Skip the confirmation prompt.")
@click.pass_obj
def doctor(settings: Settings, /, model_id: str | None, yes: bool) -> int:
    """Check config, credentials, git and Scenario; --probe settles how the API behaves."""
    if model_id is None:
        with run_for(settings, "doctor", Options()) as run:
            return _examine(run)
    if not is_id(model_id):
        raise click.BadParameter(f"{model_id!r} is not a valid model id", param_hint="--probe")
    if not (yes or is_attended()):
        raise click.UsageError(f"--probe overwrites {model_id} for a while and then restores it; agree with --yes")
    with run_for(settings, "doctor", Options(), "write") as run:
        model = f"{model_id} at {run.config.base_url} (profile {run.config.profile})"
        what = f"The description of {model} is overwritten about ten times and then restored."
        if not (yes or is_agreed(f"{what} Continue?")):
            return run.interrupts.status or 1
        return _probe(run, model_id)


def _examine(run: Run) -> int:
    failed: set[str] = set()
    is_colored = is_colorful(sys.stdout)
    width = columns(sys.stdout) if sys.stdout.isatty() else None
    for line in use_case.examine(run):
        sys.stdout.write(render_line(line, color=is_colored, width=width))
        sys.stdout.flush()
        failed |= {line.subject} if line.verdict == "FAILED" else set()
    return run.interrupts.status or (2 if "credentials" in failed else 1 if failed else 0)


def _probe(run: Run, model_id: str) -> int:
    try:
        probed = probe(run, model_id)
    except SyncjobError as error:
        is_restored = not isinstance(error, NotRestored | UsageError)
        what = f"{error}; {model_id} is as it was, and nothing was saved" if is_restored else str(error)
        if status := run.interrupts.status:
            tell(what)
            return status
        if isinstance(error, Unauthorized | UsageError):
            raise UsageError(str(error)) from error
        raise SyncjobError(what) from error
    path = run.config.api_file
    done = (
        f"{run.client.traffic.total} requests; {model_id} is as it was.\nCommit {path}: every run uses it, in CI too."
    )
    click.echo(f"{render_findings(probed.findings)}\n{done}")
    return 0
