"""`syncjob acknowledge`."""

from functools import partial
from typing import Any

import click

from syncjob.cli import completion
from syncjob.cli.options import with_output
from syncjob.cli.output import Output
from syncjob.cli.question import is_agreed, is_attended, target_of
from syncjob.cli.review import commit_hint
from syncjob.cli.session import Settings, note, run_for
from syncjob.commands import acknowledge as use_case
from syncjob.commands.run import Options, Run
from syncjob.local.acknowledged_lines import FOLDER
from syncjob.report import text
from syncjob.report.model import Report
from syncjob.report.summary import counted


@click.command()
@click.argument("patterns", nargs=-1, metavar="SELECT...", required=True, shell_complete=completion.model_ids)
@click.option("--since", metavar="REV", help="Also texts that only the commits since REV hold.")
@with_output("text", "json")
@click.option("--yes", is_flag=True, help="Skip the confirmation prompt.")
@click.pass_obj
def acknowledge(settings: Settings, /, yes: bool, **given: Any) -> int:
    """Let a later sync replace what Scenario holds now.

    Shows each text that git never held, and writes down that you have seen it; commit that.
    """
    output = Output(given)
    if not (yes or (output.is_on_screen and is_attended())):
        raise click.UsageError("cannot show and ask without a terminal; check `syncjob diff`, then pass --yes")
    with run_for(settings, "acknowledge", Options.of(given)) as run:
        seen = _Seen(run, output, is_asking=not yes)
        result = use_case.acknowledge(run, seen)
        status = output.finish(run, result, partial(text.render_acknowledged, is_seen=seen.is_shown))
    if result.report.summary.applied:
        note(commit_hint(f"{run.config.shown_folder}/{FOLDER}"))
    return status


class _Seen:
    """Shows what is to be acknowledged, and asks a person if it `is_asking`."""

    def __init__(self, run: Run, output: Output, *, is_asking: bool) -> None:
        self._run = run
        self._output = output
        self._is_asking = is_asking
        self.is_shown = False

    def __call__(self, report: Report) -> bool:
        if self._output.is_text:
            with self._output.attempts.to("show what is to be acknowledged"):
                self._output.show(text.render_seen(report, color=self._output.is_colored, width=self._output.width))
                self.is_shown = True
        return not self._is_asking or is_agreed(self._question(report))

    def _question(self, report: Report) -> str:
        texts = counted(report.summary.update + report.summary.delete, "text")
        return f"May a sync replace {texts} on {target_of(self._run.config)}?"
