"""`syncjob init`."""

import os
from pathlib import Path
from typing import Any

import click

from syncjob.cli.output import Output
from syncjob.cli.question import is_agreed, is_attended, say, typed
from syncjob.cli.session import Settings, load_config, note, run_for
from syncjob.commands.init import action as actions
from syncjob.commands.init import job
from syncjob.commands.init.action import PinnedAction
from syncjob.commands.init.outcome import Setup, render_files, render_tasks, tasks
from syncjob.commands.init.templates import CONFIG, FOLDER, Layout, files, is_plain, workflow_paths
from syncjob.commands.pull.job import pull
from syncjob.commands.run import Options
from syncjob.config.config import STAND_IN, Config
from syncjob.credentials import from_environment
from syncjob.errors import UsageError
from syncjob.report import text

_PROFILE = "production"
_MAIN = "main"
_FORM = "OWNER/REPO@SHA, with the full hash of a commit"


@click.command()
@click.option("--pull/--no-pull", "pulls", default=None, help="Download every description from Scenario, or none.")
@click.option(
    "--workflows/--no-workflows", "has_workflows", default=None, help="Write the workflows (default), or none."
)
@click.option(
    "--action",
    "named",
    metavar="OWNER/REPO@SHA",
    help="The commit of syncjob that workflows use; a release has its own.",
)
@click.option("--branch", metavar="NAME", help="The branch that is synced; default: the repository's own, or main.")
@click.pass_obj
def init(settings: Settings, /, **given: Any) -> int:
    """Set up a repository here: config, descriptions, workflows and git."""
    here = Path.cwd()
    config = _config(settings, here)
    can_pull = _can_pull(given["pulls"], settings, config)
    has_workflows = _agreed(given["has_workflows"], "Write workflows for GitHub Actions?", otherwise=True)
    own = job.branch_of(here) if has_workflows else None
    folder = config.shown_folder if config else FOLDER
    has_workflows, action = _action(given["named"], here) if has_workflows else (False, None)
    layout = Layout(action, given["branch"] or own or _MAIN, folder)
    if has_workflows:
        _require_plain(layout)
    elif given["named"]:
        note("--action has no effect without workflows.")
    pulls = can_pull and _agreed(given["pulls"], "Download every description from Scenario?", otherwise=False)
    _make(here, layout, has_config=config is not None)
    config = load_config(settings)
    config.folder.mkdir(parents=True, exist_ok=True)
    status = _pull(settings) if pulls else 0
    setup = _setup(config, layout.branch if has_workflows else None, _default_profile(settings))
    click.echo(render_tasks(tasks(setup)), nl=False)
    return status


def _make(here: Path, layout: Layout, *, has_config: bool) -> None:
    """The files that are missing and the repository; says what it made. Raises UsageError, if it can before it writes."""
    texts = files(layout)
    job.require_folders(here, [*texts, *([] if has_config else [f"{FOLDER}/ID.md"])])
    if job.make_repository(here, layout.branch):
        click.echo(f"made a git repository with the branch {layout.branch}")
    click.echo(render_files(tuple(job.write(here, texts))), nl=False)


def _setup(config: Config, branch: str | None, default_profile: str | None) -> Setup:
    """What there is by now; `branch` is that of the workflows."""
    return Setup(
        branch,
        has_descriptions=any(config.folder.glob("*.md")),
        has_production=_PROFILE in config.profiles,
        needs_key=not config.is_sandbox,
        profile=config.profile if config.profile != default_profile else None,
    )


def _config(settings: Settings, here: Path) -> Config | None:
    """The config that is here already; None if one is to be written."""
    if settings.config:
        raise click.UsageError(f"init writes {CONFIG} into the current folder; drop --config")
    if os.path.lexists(here / CONFIG):
        return load_config(settings)
    if settings.profile not in (None, _PROFILE, STAND_IN):
        raise click.UsageError(f"init writes the profile {_PROFILE}; drop --profile, and add others to {CONFIG} later")
    return None


def _default_profile(settings: Settings) -> str | None:
    """The profile that a command without one uses; None if it has to name one."""
    try:
        return load_config(settings._replace(profile=None)).profile
    except UsageError:
        return None


def _agreed(chosen: bool | None, question: str, *, otherwise: bool) -> bool:
    """What an option says, else whoever is at the terminal."""
    if chosen is not None:
        return chosen
    return is_agreed(question) if is_attended() else otherwise


def _action(named: str | None, here: Path) -> tuple[bool, PinnedAction | None]:
    """Whether there are to be workflows, and the commit that `uses:` names: None if none is to be written that needs it."""
    if named is None and (own := actions.of_release()):
        return True, own
    if named is None and not job.lacks(here, workflow_paths()):
        return True, None
    if named is None and is_attended():
        typed_one = _typed_action()
        return typed_one is not None, typed_one
    if named is None:
        raise click.UsageError(
            "name the commit of syncjob for the workflows: --action OWNER/REPO@SHA; or add --no-workflows"
        )
    action = actions.parsed(named)
    if action is None:
        raise click.BadParameter(f"{named!r} is not {_FORM}", param_hint="--action")
    return True, action


def _typed_action() -> PinnedAction | None:
    """The commit that somebody types; None for an empty line, which is said to mean no workflows."""
    while named := typed("The commit of syncjob that they use (OWNER/REPO@SHA; empty: no workflows):"):
        if action := actions.parsed(named):
            return action
        say(f"{named!r} is not {_FORM}; `git ls-remote https://github.com/OWNER/REPO HEAD` prints one.")
    say("No workflows: run `syncjob init` again to add them.")
    return None


def _require_plain(layout: Layout) -> None:
    for what, name in (("branch", layout.branch), ("folder", layout.folder)):
        if not is_plain(name):
            raise click.UsageError(
                f"{name!r} cannot be the {what} of workflows: use letters, digits, `.`, `_`, `-`, `/`"
            )


def _can_pull(chosen: bool | None, settings: Settings, config: Config | None) -> bool:
    """Whether there are credentials; raises UsageError, before anything is asked, if a chosen download lacks them."""
    is_stand_in = config.is_sandbox if config else settings.profile == STAND_IN
    if not is_stand_in and from_environment(os.environ) is None:
        if chosen:
            raise click.UsageError(
                "--pull needs credentials: set SCENARIO_SDK_API_KEY and SCENARIO_SDK_API_SECRET, or SCENARIO_SDK_JWT"
            )
        return False
    return True


def _pull(settings: Settings) -> int:
    """`pull --all`, without its hint: the list of steps has it."""
    output = Output({"format": "text", "color": "auto", "output": None, "report": None, "no_github": False})
    with run_for(settings, "pull", Options()) as run:
        return output.finish(run, pull(run, takes_all=True, dry_run=False), text.render_pull)
