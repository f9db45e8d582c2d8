"""The one exception tree: what ends a run, and what Scenario may respond.

SyncjobError
├── UsageError          command line, config, selection or credentials: nothing was changed
├── Stopped             the run is to end; nothing new is started
└── ScenarioError       one call failed; `code` is what the report prints
    ├── Unauthorized    credentials refused (ends the run)
    ├── PlanLimit       the plan's ceiling is reached (ends the run)
    ├── Untrusted       the server's TLS certificate does not verify (ends the run)
    ├── ProxyRefused    the proxy lets nothing through (ends the run)
    ├── Forbidden       not allowed for this item
    ├── NotFound        no such resource, or none that is visible
    ├── Rejected        the request is refused for good
    ├── Conflict        somebody else was writing
    ├── RateLimited     too many requests
    ├── Unavailable     no response, or a failure on the server's side
    ├── Redirected      the response points elsewhere; never followed
    └── ProtocolError   the response is not what the API promises

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
    """

    code: ClassVar[str]
    fatal: ClassVar[bool] = False

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


class Unauthorized(ScenarioError):
    code = "unauthorized"
    fatal = True


class PlanLimit(ScenarioError):
    code = "plan-limit"
    fatal = True


class Untrusted(ScenarioError):
    code = "unavailable"
    fatal = True


class ProxyRefused(ScenarioError):
    code = "unavailable"
    fatal = True


class Forbidden(ScenarioError):
    code = "forbidden"


class NotFound(ScenarioError):
    code = "model-unknown"


class Rejected(ScenarioError):
    code = "rejected"


class Conflict(ScenarioError):
    code = "remote-edited"


class RateLimited(ScenarioError):
    code = "rate-limited"


class Unavailable(ScenarioError):
    code = "unavailable"


class Redirected(ScenarioError):
    code = "redirected"


class ProtocolError(ScenarioError):
    code = "protocol"


def in_words(error: OSError) -> str:
    """What the system says, and of which file."""
    return f"{error.strerror or error}{f' ({error.filename})' if error.filename else ''}"
