"""The log on stderr; the only module that imports structlog.

One flat event per fact, with the run and, within `about`, the model id. Secrets and active
characters are taken out of every value, whatever the level.
"""

import logging
from contextlib import suppress
from contextvars import ContextVar
from functools import partial
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor

from syncjob.credentials import redact
from syncjob.output.gate import is_colorful
from syncjob.text.sanitize import one_line

_about: ContextVar[str | None] = ContextVar("model_id", default=None)
Format = Literal["auto", "console", "json"]
_CIRCUMSTANCES = ("event", "level", "run", "timestamp")
_LEVELS = {name.lower(): number for name, number in logging.getLevelNamesMapping().items()}
_least = logging.NOTSET


def configure(
    stream: TextIO, log_format: Format, level: str, run: str, secrets: tuple[str, ...], *, is_watched: bool = False
) -> None:
    """Sends events of `level` and above to `stream`; `is_watched` says that its reader sees the command's output too."""
    global _least
    _least = _LEVELS[level]
    is_plain = log_format == "auto" and stream.isatty() and level in ("warning", "error")
    structlog.configure(
        processors=[
            partial(_of_run, run, is_plain and is_watched),
            _of_model,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            partial(_clean, secrets),
            _plain if is_plain else _renderer(stream, log_format),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )


def is_on(level: Literal["debug", "info", "warning", "error"]) -> bool:
    """Whether such events are logged: what is told of each request is not even put together if not."""
    return _LEVELS[level] >= _least


def event(level: Literal["debug", "info", "warning", "error"], name: str, **facts: Any) -> None:
    """Logs one fact. A stream that cannot be written does not end a run that is writing to Scenario."""
    if is_on(level):
        with suppress(OSError):
            getattr(structlog.get_logger(), level)(name, **facts)


def told(level: Literal["debug", "info", "warning", "error"], name: str, **facts: Any) -> None:
    """Logs a fact that the command's output tells too."""
    event(level, name, is_told=True, **facts)


def about(model_id: str) -> "_About":
    """Within it, this thread's events bear the model id."""
    return _About(model_id)


class _About:
    """As a class, because a generator costs a request twice as much; structlog's own would copy the whole context."""

    __slots__ = ("_before", "_model_id")

    def __init__(self, model_id: str) -> None:
        self._model_id = model_id

    def __enter__(self) -> None:
        self._before = _about.set(self._model_id)

    def __exit__(self, *_: object) -> None:
        _about.reset(self._before)


def _of_run(run: str, has_output: bool, logger: Any, method: str, facts: EventDict) -> EventDict:
    """Names the run, and drops what its output tells too if that is read."""
    if facts.pop("is_told", False) and has_output:
        raise structlog.DropEvent
    facts["run"] = run
    return facts


def _of_model(logger: Any, method: str, facts: EventDict) -> EventDict:
    """Names the model, unless the event does."""
    model_id = _about.get()
    return facts if model_id is None else {"model_id": model_id, **facts}


def _renderer(stream: TextIO, log_format: Format) -> Processor:
    if log_format == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=is_colorful(stream), pad_event_to=0)


def _plain(logger: Any, method: str, facts: EventDict) -> str:
    """An event for a terminal, in the form of the problems there."""
    message = facts.pop("message", "")
    rest = ", ".join(f"{name}={value}" for name, value in facts.items() if name not in _CIRCUMSTANCES)
    said = ": ".join(filter(None, [f"syncjob: {facts['level']} {facts['event']}", message]))
    return f"{said} ({rest})" if rest else said


def _clean(secrets: tuple[str, ...], logger: Any, method: str, facts: EventDict) -> EventDict:
    return {
        name: one_line(redact(value, secrets)) if isinstance(value, str) else value for name, value in facts.items()
    }
