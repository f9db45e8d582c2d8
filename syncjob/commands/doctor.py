"""Whether syncjob can do its work here: a line for each thing that it needs."""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

from syncjob.commands.probe import unfinished
from syncjob.commands.run import Run
from syncjob.commands.visibility import FEW, sees_none_of, unseen_message
from syncjob.control import workers
from syncjob.credentials import JWT, KEY, SECRET
from syncjob.errors import ScenarioError, Stopped, Unauthorized, UsageError
from syncjob.git.history import texts
from syncjob.git.worktree import look
from syncjob.local import scope
from syncjob.local.names import model_id_of
from syncjob.remote.connect import has_credentials, no_credentials
from syncjob.report.doctor import Line
from syncjob.scenario.answers import Answer, answered_at, decode, limit_headers
from syncjob.scenario.resources import MODELS_PER_CALL
from syncjob.scenario.types import ModelPage
from syncjob.state import probe_results
from syncjob.text.tags import is_id

# From this many seconds the clock is worth a warning: no request carries the time, but certificates and reports do.
_APART = 60.0


def examine(run: Run) -> Iterator[Line]:
    """Everything, by one request, or two if there are more than a few files."""
    config = run.config
    file = config.path if config.path.is_file() else f"no {config.path}"
    yield Line("ok", "config", f"{file}, profile {config.profile}, {config.base_url}")
    yield _descriptions(run)
    yield _git(run)
    yield _credentials(run)
    yield from _api(run)
    if run.distrust:
        yield Line("FAILED", "state", run.distrust)
    yield _learnt(run)
    yield from (Line("FAILED", "probe", str(each)) for each in unfinished.of(run))


def _descriptions(run: Run) -> Line:
    try:
        names = scope.names_of(run.config)
    except UsageError as error:
        return Line("FAILED", "descriptions", str(error))
    return Line("ok", "descriptions", f"{len(names):,} in {run.config.folder}")


def _git(run: Run) -> Line:
    folder = run.config.folder
    try:
        # Without the files' names: those are the matter of another line.
        unknown = look(folder, (), run.git).unknown
        gap = unknown or texts.gap_of(folder, run.git)
    except Stopped:
        return Line("FAILED", "git", f"no response before the run was interrupted: {run.stop.reason}")
    if unknown:
        return Line("FAILED", "git", f"cannot tell which descriptions it has and which are unmerged: {unknown}")
    if gap:
        return Line("warning", "git", f"no description that Scenario has can be updated: {gap}")
    return Line("ok", "git", "full history available")


def _credentials(run: Run) -> Line:
    if not has_credentials(run.config):
        return Line("FAILED", "credentials", no_credentials(run.config))
    if run.config.is_sandbox:
        return Line("ok", "credentials", "the embedded stand-in needs none")
    is_bearer = run.config.credentials is not None and run.config.credentials.is_bearer
    return Line("ok", "credentials", f"{JWT}, a token, is set" if is_bearer else f"{KEY} and {SECRET} are set")


def _api(run: Run) -> Iterator[Line]:
    if not has_credentials(run.config):
        yield Line("unknown", "Scenario", f"not asked without credentials ({run.config.base_url})")
        yield from _unknown(run)
        return
    started = time.monotonic()
    # By a worker, so that a missing response delays no stop.
    match [answer for _, answer in workers.run([run], _ask, 1, run.stop)]:
        case [Answer() as answer]:
            yield Line("ok", "Scenario", f"reachable; credentials accepted; {time.monotonic() - started:.2f} s")
            yield from _models(run)
            yield _limits(run, answer)
            yield _clock(answer)
        case [failed]:
            yield Line("FAILED", "credentials" if isinstance(failed, Unauthorized) else "Scenario", str(failed))
            yield from _unknown(run)
        case _:
            yield Line("FAILED", "Scenario", f"no response before the run was interrupted: {run.stop.reason}")
            yield from _unknown(run)


def _models(run: Run) -> Iterator[Line]:
    """That not one model of the files is visible, by one look-up of as many as it takes; nothing if that is not so."""
    ids: list[str] = []
    with suppress(UsageError):
        ids = [id_ for id_ in map(model_id_of, scope.names_of(run.config)) if is_id(id_)][:MODELS_PER_CALL]
    if len(ids) >= FEW and sees_none_of(run, ids):
        yield Line("FAILED", "models", unseen_message(run.config, ids))


def _unknown(run: Run) -> Iterator[Line]:
    """What only a response tells."""
    yield Line("unknown", "limits", f"{_own_limit(run)}; Scenario's are not known without a response")
    yield Line("unknown", "clock", "cannot be compared with Scenario's without a response")


def _ask(run: Run) -> Answer | ScenarioError:
    try:
        answer = run.client.call("GET", "/models", Answer, query={"pageSize": 1, "projectId": run.config.project_id})
        decode(answer, ModelPage)
    except ScenarioError as error:
        return error
    return answer


def _limits(run: Run, answer: Answer) -> Line:
    told = run.client.quoted(limit_headers(answer.headers))
    return Line("ok", "limits", f"{_own_limit(run)}; Scenario's response says {told or 'nothing about limits'}")


def _own_limit(run: Run) -> str:
    configured = 0 if run.config.is_sandbox else run.config.http.own_per_minute
    return f"{configured:,} requests a minute are sent at most" if configured else "requests are not paced"


def _clock(answer: Answer) -> Line:
    there = answered_at(answer.headers)
    if there is None:
        return Line("ok", "clock", "Scenario's response has no date to compare with")
    apart = (datetime.now(UTC) - there).total_seconds()
    if abs(apart) < _APART:
        return Line("ok", "clock", "the same as Scenario's")
    return Line("warning", "clock", f"{abs(apart):,.0f} s {'ahead of' if apart > 0 else 'behind'} Scenario's; set it")


def _learnt(run: Run) -> Line:
    probed = probe_results.load(run.config, is_believed=not run.distrust)
    if probed is None:
        told = "API behaviour not probed yet; `syncjob doctor --probe MODEL_ID` asks a scratch model"
    else:
        is_remembered = probed.learnt.updated_at_moves
        memory = "what is in step need not be read again" if is_remembered else "everything is read each time"
        told = f"{probed.probed_at} from {probed.model_id}: {memory}"
    return Line("ok", "learnt", told)
