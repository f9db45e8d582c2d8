"""A client for a config: of Scenario, or of the sandbox in this process."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from syncjob import log
from syncjob.config.config import Config
from syncjob.control.workers import Stop
from syncjob.credentials import JWT, KEY, SECRET, basic
from syncjob.errors import UsageError
from syncjob.scenario import Scenario
from syncjob.scenario.answers import Answer, Handler
from syncjob.scenario.calls import Patience
from syncjob.scenario.http.transport import Exchange, Limits
from syncjob.scenario.rate_limit import Lowered
from syncjob.scenario.retry import Retry
from syncjob.state.beside import Beside
from syncjob.state.folder import sandbox_file
from syncjob.state.probe_results import Learnt
from syncjob.state.sent import Ledger


def require_credentials(config: Config) -> None:
    """Raises UsageError if the profile needs credentials and the environment has none."""
    if not has_credentials(config):
        raise UsageError(no_credentials(config))


def has_credentials(config: Config) -> bool:
    """Whether the profile's API can be asked; the sandbox needs no credentials."""
    return config.credentials is not None or config.is_sandbox


def no_credentials(config: Config) -> str:
    """What is missing, and what to do."""
    what = f"no credentials for the profile {config.profile!r}: set {KEY} and {SECRET}, or {JWT}"
    return f"{what}; to try syncjob without any, use --profile sandbox"


def offline() -> Scenario:
    """A client for a run that sends nothing: it looks at no sandbox, proxy or credentials."""
    return Scenario(handler=_refuse)


def _refuse(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
    raise UsageError("this run is offline and sends nothing")


@contextmanager
def connect(config: Config, learnt: Learnt, stop: Stop, distrust: str | None = None) -> Iterator[Scenario]:
    """The client, until the block ends; its waits end with a Stopped when the stop is requested.

    It counts what runs before it sent, shares the limit with those beside it, and leaves what it sent to the next,
    unless the state folder is not believed.
    """
    http = config.http
    is_counted = http.own_per_minute and not (config.is_sandbox or distrust)
    ledger, beside = (Ledger(config), Beside(config)) if is_counted else (None, None)
    with _sandbox(config) as handler, _client(config, learnt, stop, handler) as client:
        stop.when_overdue(client.abort)
        if ledger and beside:
            client.hold(ledger.sent_before)
            client.share(beside.count, ledger.ended)
        try:
            yield client
        finally:
            if ledger and beside:
                ledger.keep(client.answered())
                beside.end()


def _client(config: Config, learnt: Learnt, stop: Stop, handler: Handler | None) -> Scenario:
    http = config.http
    return Scenario(
        basic("sandbox", "sandbox") if handler else config.credentials,
        base_url="http://sandbox" if handler else config.base_url,
        handler=handler,
        limits=Limits(http.timeout, http.deadline, http.max_retry_after),
        requests_per_minute=0 if handler else http.own_per_minute,
        attempts=http.attempts,
        sleep=stop.sleep,
        observe=observe,
        null_is_no_description=learnt.null_is_no_description,
        patience=Patience(http.max_wait, stop.give_up, lambda: stop.is_urgent),
    )


@contextmanager
def _sandbox(config: Config) -> Iterator[Handler | None]:
    """The handler of the sandbox, which has no rate limit, if the profile names it, else None."""
    if not config.is_sandbox:
        yield None
        return
    from syncjob.sandbox import Sandbox
    from syncjob.sandbox.behaviours import VARIABLE, parse

    plays = parse(os.environ.get(VARIABLE, "").split())
    with Sandbox(sandbox_file(config.state_dir), plays=plays) as sandbox:
        yield sandbox.handle


def observe(fact: Exchange | Retry | Lowered) -> None:
    """What the client tells of each request: a debug event; of a shared wait or a lowered limit: a warning."""
    if isinstance(fact, Exchange):
        if log.is_on("debug"):
            took = round(fact.seconds * 1000, 1)
            log.event("debug", "request", method=fact.method, path=fact.path, status=fact.status, milliseconds=took)
        return
    if isinstance(fact, Lowered):
        advice = f"if that is the project's limit, set http.requests_per_minute: {fact.after}"
        log.event("warning", "rate limit lowered", before=fact.before, after=fact.after, advice=advice)
        return
    wait, error = round(fact.wait, 2), fact.error
    facts = {"attempt": fact.attempt, "wait_seconds": wait, "error": error.code, "message": error.message}
    if error.http_status in (429, 503):
        log.event("warning", "all workers wait", **facts)
    else:
        log.event("info", "retry", **facts)
