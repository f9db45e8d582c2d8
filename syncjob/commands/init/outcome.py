"""What `init` wrote, and what is left to do, with the commands for it. Pure."""

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from syncjob.text.sanitize import one_line

Became = Literal["written", "as is", "kept"]
_SHOWN = {"written": "wrote", "as is": "unchanged", "kept": "kept"}
_SECRETS = ("SCENARIO_SDK_API_KEY", "SCENARIO_SDK_API_SECRET")
_LONGEST = 75
_ENVIRONMENT = "gh api --method PUT 'repos/{owner}/{repo}/environments/%s'"


class File(NamedTuple):
    """What became of a file; one that was kept is there with another text."""

    path: str
    became: Became


class Task(NamedTuple):
    """Something to do, and the commands that do it."""

    what: str
    commands: tuple[str, ...] = ()


class Setup(NamedTuple):
    """What a repository has so far; `branch` is None without workflows.

    `profile` is the one that commands have to name, None if they use it anyway.
    """

    branch: str | None
    has_descriptions: bool
    has_production: bool
    needs_key: bool = True
    profile: str | None = None

    def command(self, rest: str) -> str:
        return f"syncjob --profile {shlex.quote(self.profile)} {rest}" if self.profile else f"syncjob {rest}"


def render_files(files: Sequence[File]) -> str:
    """A line for each file."""
    lines = [f"{_SHOWN[file.became]} {one_line(file.path)}" for file in files]
    if any(file.became == "kept" and file.path.endswith(".yml") for file in files):
        lines.append("To get a workflow as this version writes it, delete yours and run `syncjob init` again.")
    return "".join(f"{line}\n" for line in lines)


def render_tasks(tasks: Iterable[Task]) -> str:
    """The list of what is left to do; lines to copy have nothing else on them."""
    numbered = (f"\n{number}. {task.what}\n{_lines(task.commands)}" for number, task in enumerate(tasks, 1))
    return "\nLeft to do:\n" + "".join(numbered)


def tasks(setup: Setup) -> Iterator[Task]:
    """In the order in which they work."""
    if not setup.has_production:
        yield Task("Add the profile `production` to config.yaml: the workflows use it.")
    if not setup.has_descriptions:
        yield _download(setup)
    yield Task("Commit it:", ("git add --all", 'git commit -m "Set up syncjob"'))
    if setup.branch is None:
        yield Task(
            "Edit a description, commit it, and write it to Scenario:", tuple(map(setup.command, ("diff", "sync")))
        )
    else:
        yield from _on_github(setup.branch)


def _download(setup: Setup) -> Task:
    pull = setup.command("pull --all")
    if not setup.needs_key:
        return Task("Download what Scenario's stand-in holds:", (pull,))
    exported = "export " + " ".join(f"{name}=…" for name in _SECRETS)
    return Task("Download what Scenario holds, with an API key of your project:", (exported, pull))


def _on_github(branch: str) -> Iterator[Task]:
    yield Task("Create its repository on GitHub, unless there is one:", ("gh repo create --private --source .",))
    rules = "-F 'deployment_branch_policy[protected_branches]=false' -F 'deployment_branch_policy[custom_branch_policies]=true'"
    only = f"gh api 'repos/{{owner}}/{{repo}}/environments/production/deployment-branch-policies' -f name={branch}"
    yield Task(
        f"Create the environment `production` for {branch}, with a key that may write:",
        (f"{_ENVIRONMENT % 'production'} {rules}", only, *_secrets("production")),
    )
    yield Task(
        "Create the environment `production-read`, with a key that may only read:",
        (_ENVIRONMENT % "production-read", *_secrets("production-read")),
    )
    allow = "-f default_workflow_permissions=read -F can_approve_pull_request_reviews=true"
    yield Task(
        "Let the workflow `drift` open a pull request of edits made on Scenario:",
        (f"gh api --method PUT 'repos/{{owner}}/{{repo}}/actions/permissions/workflow' {allow}",),
    )
    yield from _to_begin(branch)


def _to_begin(branch: str) -> Iterator[Task]:
    yield Task("Push it, now that the workflows can run:", (f"git push --set-upstream origin {branch}",))
    yield Task(
        f"Protect {branch}; require `Check the files` and `Compare with Scenario`:",
        ("gh browse --settings",),
    )
    yield Task(
        "See what a first sync would write, then write it:",
        ("gh workflow run backfill.yml", "gh workflow run backfill.yml -f dry_run=false"),
    )


def _secrets(environment: str) -> tuple[str, ...]:
    return tuple(f"gh secret set {name} --env {environment}" for name in _SECRETS)


def _lines(commands: Iterable[str]) -> str:
    return "".join(f"     {_broken(command)}\n" for command in commands)


def _broken(command: str) -> str:
    """A long command on several lines, as a shell reads it too."""
    if len(command) <= _LONGEST:
        return command
    return re.sub(r" (?=-[Ff] )", r" \\\n       ", command)
