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
from syncjob.output.gate import is_colorful
from syncjob.text.sanitize import one_line

Format = Literal["auto", "console", "json"]
_CIRCUMSTANCES = ("event", "level", "run", "timestamp")


def configure(
    stream: TextIO,
    log_format: Format,
    level: str,
    run: str,
    secrets: tuple[str, ...],
    *,
    is_watched: bool = False,
) -> None:
    """Sends events of `level` and above to `stream`: for people, or with "json" a JSON object a line.

    `is_watched` says that the reader of the stream reads the command's output too: nothing need be told twice.
    """
    is_plain = log_format == "auto" and stream.isatty() and level in ("warning", "error")
    processors: list[Processor] = [
        _told(is_dropped=is_plain and is_watched),
        merge_contextvars,
        _bind(run),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _clean(secrets),
    ]
    if is_plain:
        processors.append(_plain)
    elif log_format == "json":
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


def told(level: Literal["debug", "info", "warning", "error"], name: str, **facts: Any) -> None:
    """Logs a fact that the command's output tells too."""
    event(level, name, is_told=True, **facts)


def about(model_id: str) -> AbstractContextManager[None]:
    """Within it, this thread's events bear the model id."""
    return bound_contextvars(model_id=model_id)


def _bind(run: str) -> Processor:
    def bind(logger: Any, method: str, facts: EventDict) -> EventDict:
        facts["run"] = run
        return facts

    return bind


def _told(*, is_dropped: bool) -> Processor:
    def drop(logger: Any, method: str, facts: EventDict) -> EventDict:
        if facts.pop("is_told", False) and is_dropped:
            raise structlog.DropEvent
        return facts

    return drop


def _plain(logger: Any, method: str, facts: EventDict) -> str:
    """An event for who sits at a terminal, in the form in which problems are told there."""
    message = facts.pop("message", "")
    rest = ", ".join(f"{name}={value}" for name, value in facts.items() if name not in _CIRCUMSTANCES)
    said = ": ".join(filter(None, [f"syncjob: {facts['level']} {facts['event']}", message]))
    return f"{said} ({rest})" if rest else said


def _clean(secrets: tuple[str, ...]) -> Callable[[Any, str, EventDict], EventDict]:
    def clean(logger: Any, method: str, facts: EventDict) -> EventDict:
        for name, value in facts.items():
            if isinstance(value, str):
                facts[name] = one_line(redact(value, secrets))
        return facts

    return clean
