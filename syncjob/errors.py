"""The one exception tree: what ends a run, and what Scenario may respond.

A failing item is a value that holds a ScenarioError; a failing run is an exception.
"""

from typing import ClassVar


class SyncjobError(Exception):
    """Root of everything this package raises on purpose; `str()` is a message for a person."""


class UsageError(SyncjobError):
    """The command line, the config or the credentials are wrong; nothing was changed."""


class Stopped(SyncjobError):
    """The run is to end; raised instead of a wait or of something new.

    `pending` is the failed attempt after which the worker would have waited, None if it had sent nothing yet.
    """

    pending: "ScenarioError | None" = None


class ScenarioError(SyncjobError):
    """One call to the API failed.

    `http_status` is None if no response came; `attempts` counts the requests made.
    `retry_after` is the wait in seconds that the server asked for, or else the pacing; None if neither did.
    `ambiguous` says that the request was sent and its effect is unknown.
    `code` is what the report prints; one that is `fatal` ends the run.
    """

    code: ClassVar[str]
    fatal: ClassVar[bool]

    def __init_subclass__(cls, *, code: str, fatal: bool = False) -> None:
        cls.code, cls.fatal = code, fatal

    def __init__(
        self,
        message: str,
        *,
        http_status: int | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
        ambiguous: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.http_status = http_status
        self.retryable = retryable
        self.retry_after = retry_after
        self.ambiguous = ambiguous
        self.attempts = 1


class Unauthorized(ScenarioError, code="unauthorized", fatal=True):
    """The credentials are refused."""


class PlanLimit(ScenarioError, code="plan-limit", fatal=True):
    """The plan's ceiling is reached."""


class Untrusted(ScenarioError, code="unavailable", fatal=True):
    """The server's TLS certificate does not verify."""


class ProxyRefused(ScenarioError, code="unavailable", fatal=True):
    """The proxy lets nothing through."""


class Forbidden(ScenarioError, code="forbidden"):
    """This item is not allowed."""


class NotFound(ScenarioError, code="model-unknown"):
    """There is no such resource, or none that is visible."""


class Rejected(ScenarioError, code="rejected"):
    """The request is refused for good."""


class Conflict(ScenarioError, code="remote-edited"):
    """Somebody else was writing."""


class RateLimited(ScenarioError, code="rate-limited"):
    """There were too many requests."""


class Unavailable(ScenarioError, code="unavailable"):
    """No response came, or the server failed."""


class NoResponse(Unavailable, code="unavailable"):
    """None came from `host`, and `why`; `advice` is the next step, "" for none."""

    def __init__(self, message: str, *, host: str, why: str, advice: str = "", is_sent: bool = False) -> None:
        super().__init__(message, retryable=True, ambiguous=is_sent)
        self.host, self.why, self.advice = host, why, advice


class Unreachable(Unavailable, code="unavailable", fatal=True):
    """Nothing was ever answered; `last` is how the last attempt failed."""

    def __init__(self, last: NoResponse) -> None:
        tries = "1 attempt" if last.attempts == 1 else f"{last.attempts} attempts"
        what = "no complete response from" if last.ambiguous else "cannot reach"
        advice = f"; {last.advice}" if last.advice else ""
        super().__init__(f"{what} Scenario at {last.host} ({last.why}, {tries}){advice}", ambiguous=last.ambiguous)
        self.last = last
        self.attempts = last.attempts


class Redirected(ScenarioError, code="redirected"):
    """The response points elsewhere, and is not followed."""


class ProtocolError(ScenarioError, code="protocol"):
    """The response is not what the API promises."""


def in_words(error: OSError) -> str:
    """What the system says, and of which file."""
    return f"{error.strerror or error}{f' ({error.filename})' if error.filename else ''}"
