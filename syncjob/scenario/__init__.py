"""The Scenario API as far as descriptions need it: a typed client that knows no files and no plans."""

from syncjob.errors import (
    Conflict,
    Forbidden,
    NotFound,
    PlanLimit,
    ProtocolError,
    ProxyRefused,
    RateLimited,
    Redirected,
    Rejected,
    ScenarioError,
    Unauthorized,
    Unavailable,
    Untrusted,
)
from syncjob.scenario.resources import Scenario

__all__ = [
    "Conflict",
    "Forbidden",
    "NotFound",
    "PlanLimit",
    "ProtocolError",
    "ProxyRefused",
    "RateLimited",
    "Redirected",
    "Rejected",
    "Scenario",
    "ScenarioError",
    "Unauthorized",
    "Unavailable",
    "Untrusted",
]
