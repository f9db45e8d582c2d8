"""Runs in this process, which start faster than one in its own process and whose waits a test can shorten."""

from collections.abc import Callable
from math import inf
from typing import Any

import pytest
from msgspec import structs

from syncjob.commands import rollback as rolling_back
from syncjob.commands import run
from syncjob.commands.pull import job as pulling
from syncjob.commands.run import Command, Options, Reach
from syncjob.commands.sync import job as syncing
from syncjob.config.config import Config, load
from syncjob.config.schema import Http
from syncjob.control.workers import Stop
from syncjob.report.model import Report
from tests.support.workspace import AGREEING, Workspace, untracked


def config_of(workspace: Workspace, **http: Any) -> Config:
    """The workspace's config, with single values of `http` in place of its own."""
    loaded = load(workspace.folder / "config.yaml", None, workspace.environment())
    settings: Http = structs.replace(loaded.http, **http)
    return structs.replace(loaded, http=settings)


def sync(workspace: Workspace, options: Options | None = None, **http: Any) -> Report:
    with _begun(workspace, "sync", "write", options, http) as begun:
        return syncing.sync(begun, AGREEING).report


def diff(workspace: Workspace, options: Options | None = None, **http: Any) -> Report:
    with _begun(workspace, "diff", "read", options, http) as begun:
        return syncing.diff(begun).report


def pull(workspace: Workspace, options: Options | None = None, **http: Any) -> Report:
    with _begun(workspace, "pull", "read", options, http) as begun:
        return pulling.pull(begun, takes_all=False, dry_run=False).report


def rollback(workspace: Workspace, earlier: str, options: Options | None = None, **http: Any) -> Report:
    with _begun(workspace, "rollback", "write", options, http) as begun:
        return rolling_back.rollback(begun, earlier, AGREEING).report


def _begun(workspace: Workspace, command: Command, reach: Reach, options: Options | None, http: dict[str, Any]) -> Any:
    config = config_of(workspace, **http)
    return run.begin(run.new_id(), command, config, options or Options(), untracked, reach)


def over_after(patched: pytest.MonkeyPatch, has_come: Callable[[], bool], seconds: float) -> None:
    """The time of the next runs is over so many seconds after something has come, and not before it."""

    class Over:
        since = inf

        def __le__(self, now: float) -> bool:
            self.since = min(self.since, now) if has_come() else inf
            return now >= self.since + seconds

    patched.setattr(Stop, "request_after", lambda stop, _, reason: setattr(stop, "_due", (Over(), reason)))


def told(report: Report) -> dict[str, tuple[str, str, list[str]]]:
    """(action, status, codes of its problems and its error) of each item."""
    return {
        item.model_id: (
            item.action,
            item.status,
            [*(problem.code for problem in item.problems), *([item.error.code] if item.error else [])],
        )
        for item in report.items
    }
