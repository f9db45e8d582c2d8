"""The diary on stderr; the only module that imports structlog.

One flat event per fact, with the run and, within `about`, the model id. Secrets and active
characters are taken out of every value, whatever the level.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any, Literal, TextIO

import structlog
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.typing import EventDict, Processor

from syncjob.credentials import redact
from syncjob.display import one_line
from syncjob.gate import is_colorful

Format = Literal["auto", "console", "json"]


def configure(stream: TextIO, log_format: Format, level: str, run: str, secrets: tuple[str, ...]) -> None:
    """Sends events of `level` and above to `stream`: for people, or with "json" a JSON object a line."""
    processors: list[Processor] = [
        merge_contextvars,
        _bind(run),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _clean(secrets),
    ]
    if log_format == "json":
        processors.append(structlog.processors.JSONRenderer())
    else:
        processors.append(structlog.dev.ConsoleRenderer(colors=is_colorful(stream), pad_event_to=0))
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )


def event(level: Literal["debug", "info", "warning", "error"], name: str, **facts: Any) -> None:
    """Logs one fact. A stream that cannot be written does not end a run that is writing to Scenario."""
    with suppress(OSError):
        getattr(structlog.get_logger(), level)(name, **facts)


def about(model_id: str) -> AbstractContextManager[None]:
    """Within it, this thread's events bear the model id."""
    return bound_contextvars(model_id=model_id)


def _bind(run: str) -> Processor:
    def bind(logger: Any, method: str, facts: EventDict) -> EventDict:
        facts["run"] = run
        return facts

    return bind


def _clean(secrets: tuple[str, ...]) -> Callable[[Any, str, EventDict], EventDict]:
    def clean(logger: Any, method: str, facts: EventDict) -> EventDict:
        for name, value in facts.items():
            if isinstance(value, str):
                facts[name] = one_line(redact(value, secrets))
        return facts

    return clean
