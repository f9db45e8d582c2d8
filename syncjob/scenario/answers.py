"""What an HTTP response means: a value of the promised type, or the error that it is. Pure."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_tz
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import msgspec

from syncjob import errors
from syncjob.credentials import JWT, KEY, SECRET, quoted, redact, without_last_word
from syncjob.text.sanitize import shorten

_T = TypeVar("_T")
_DECODERS: dict[type, msgspec.json.Decoder[Any]] = {}

_RETRYABLE = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
# HTTP allows 1*DIGIT (RFC 9110, 10.2.3); a fraction is common. `float()` would take nan and more.
_LONGEST_WAIT = 1e9
_SEARCHED = 65_536  # bytes of an error's body, of which 300 characters are shown
_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP response; header names in lower case, `body` as sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes


# Responds to (method, path with query, headers, body) without any network.
Handler = Callable[[str, str, Mapping[str, str], bytes], Answer]


def decoder(type_: type[_T]) -> msgspec.json.Decoder[_T]:
    """The one decoder of a type. msgspec is not safe to make it by two threads at once: the process may crash."""
    if type_ not in _DECODERS:
        _DECODERS[type_] = msgspec.json.Decoder(type_)
    return _DECODERS[type_]


def decode(answer: Answer, type_: type[_T]) -> _T:
    """The body as `type_`, the response itself as Answer; raises ProtocolError with the path of what does not fit."""
    if type_ is Answer:
        return cast(_T, answer)
    try:
        return decoder(type_).decode(answer.body)
    except msgspec.ValidationError as error:
        raise protocol_error(_with_whole_path(str(error)), answer) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        media_type = answer.headers.get("content-type", "no content type").partition(";")[0].strip().lower()
        kind = media_type if media_type in _SHOWN_TYPES else "another content type"
        raise protocol_error(f"the body is not the JSON that the API promises ({kind})", answer) from error


# Headers may echo anything, so only what is known is shown.
_SHOWN_TYPES = frozenset({"application/json", "application/xml", "text/html", "text/plain", "no content type"})


def protocol_error(message: str, answer: Answer) -> errors.ProtocolError:
    return errors.ProtocolError(message, http_status=answer.status, ambiguous=True)


_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]+)`(?: - at `(?P<path>[^`]+)`)?")


def _with_whole_path(message: str) -> str:
    """msgspec names a missing member apart from its parent's path; here it is one path."""
    missing = _MISSING.fullmatch(message)
    if missing:
        return f"{missing['path'] or '$'}.{missing['name']} is missing"
    what, _, path = message.partition(" - at ")
    return f"{path.strip('`') or '$'}: {what}"


def failure(
    answer: Answer, secrets: tuple[str, ...], *, is_bearer: bool, max_retry_after: float, asked: str = ""
) -> errors.ScenarioError:
    """The error that a response of another status than 200 is.

    `secrets` are taken out of its message; `is_bearer` says that the request bore a session token, `asked` for which
    id it was, "" for none. A response that asks for a wait of more than `max_retry_after` seconds is not retried,
    but for a 429, which is waited for.
    """
    if answer.status < 400:
        return _no_failure(answer, secrets)
    reason, name = _reason(answer.body)
    kind = _error_type(answer, name, asked, is_bearer=is_bearer)
    wait = parse_retry_after(answer.headers)
    is_retryable = _is_retryable(answer) and not kind.fatal
    is_too_long = is_retryable and wait is not None and wait > max_retry_after and kind is not errors.RateLimited
    said = ": ".join(filter(None, [f"HTTP {answer.status}", quoted(reason, secrets)]))
    return kind(
        "; ".join([said, *_advice(kind, is_bearer, wait if is_too_long else None, max_retry_after)]),
        http_status=answer.status,
        retryable=is_retryable and not is_too_long,
        retry_after=wait,
        ambiguous=_is_ambiguous(answer) or kind is errors.ProtocolError,
    )


def _advice(kind: type[errors.ScenarioError], is_bearer: bool, too_long: float | None, most: float) -> Iterator[str]:
    if kind is errors.ProtocolError:
        yield "not Scenario's own response: check base_url, and any proxy or gateway before it"
    if kind is errors.Unauthorized:
        yield f"check {JWT}, which may have expired" if is_bearer else f"check {KEY} and {SECRET}"
    if kind is errors.Forbidden:
        yield "these credentials may not do this: check the role of the API key, and project_id"
    if too_long is not None:
        yield f"the server asks to wait {too_long:.0f} s, more than http.max_retry_after ({most:.0f} s)"


def _is_retryable(answer: Answer) -> bool:
    """The header `x-should-retry` wins over the table of statuses, as in the official SDKs."""
    advice = answer.headers.get("x-should-retry", "").lower()
    return answer.status in _RETRYABLE if advice not in ("true", "false") else advice == "true"


def _is_ambiguous(answer: Answer) -> bool:
    """Whether such a write may have had its effect."""
    # A gateway may respond after Scenario; a 401 says of itself that nothing was done (RFC 9110, 15.5.2).
    is_own = answer.status == 401 or bool(_members(answer.body))
    return answer.status >= 500 or answer.status == 408 or not is_own


def _error_type(answer: Answer, name: str, asked: str, *, is_bearer: bool) -> type[errors.ScenarioError]:
    status = answer.status
    if status == 404 and not _is_own_404(_members(answer.body), asked):
        return errors.ProtocolError
    if status == 403:
        # The gateway says so of a session token that has expired (page "SDK helpers, bearer auth").
        expired = is_bearer and "AccessDeniedException" in answer.headers.get("x-amzn-errortype", "")
        return errors.Unauthorized if expired else errors.Forbidden
    if status == 429:
        return errors.PlanLimit if name == "PlanLimitReachedError" else errors.RateLimited
    return _BY_STATUS.get(status, errors.Unavailable if status >= 500 else errors.Rejected)


def _is_own_404(members: Mapping[str, Any], asked: str) -> bool:
    """Whether the API itself says that there is nothing: any gateway on the way can respond 404."""
    words = {word.rstrip(".") for word in _ID.findall(members.get("reason", ""))}
    names_it = asked in words and members.keys().isdisjoint(_KUBERNETES)
    return bool(members) and (names_it or members.keys() <= _OWN)


_ID = re.compile(r"[A-Za-z0-9._-]+")
_OWN = frozenset({"reason", "name", "details"})  # of an error, as captured
_KUBERNETES = frozenset({"kind", "apiVersion"})  # of its `Status`, whose reason is a word of its own


def _members(body: bytes) -> Mapping[str, Any]:
    """Those of an error in the API's own form, an object with a text `reason`; none of another."""
    try:
        members = decoder(dict[str, Any]).decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    reason = members.get("reason")
    return members if isinstance(reason, str) and reason else {}


decoder(dict[str, Any])  # by the thread that imports
_BY_STATUS: Mapping[int, type[errors.ScenarioError]] = {
    401: errors.Unauthorized,
    404: errors.NotFound,
    408: errors.Unavailable,
    409: errors.Conflict,
    425: errors.Unavailable,
    501: errors.Rejected,
    505: errors.Rejected,
}


def _no_failure(answer: Answer, secrets: tuple[str, ...]) -> errors.ScenarioError:
    """The error that a redirection is, or another status below 400."""
    if answer.status < 300:
        return protocol_error(f"HTTP {answer.status} instead of 200", answer)
    try:
        host = urlsplit(redact(answer.headers.get("location", ""), secrets)).hostname
    except ValueError:
        host = None
    target = f"to {shorten(host, 100)}" if host else "elsewhere"
    message = f"HTTP {answer.status} redirects {target}; not followed, so that credentials stay here: check base_url"
    return errors.Redirected(message, http_status=answer.status, ambiguous=True)  # a 303 follows a write that was done


def _reason(body: bytes) -> tuple[str, str]:
    """(reason, error name) of an error body; older and gateway forms are read as well."""
    text = body[:_SEARCHED].decode("utf-8", "replace")
    text = text if len(body) <= _SEARCHED else without_last_word(text)
    try:
        parsed: Any = json.loads(text)
    except (ValueError, RecursionError):
        return text, ""
    if not isinstance(parsed, dict):
        return parsed if isinstance(parsed, str) else text, ""
    texts = (parsed.get(member) for member in ("reason", "message", "error"))
    reason = next((text for text in texts if isinstance(text, str) and text), "")
    name = parsed.get("name")
    return reason, name if isinstance(name, str) else ""


def parse_retry_after(headers: Mapping[str, str]) -> float | None:
    """The wait in seconds that a response asks for; None if it asks for none, or for nonsense.

    `retry-after-ms` (the official SDKs' own) before `Retry-After` in seconds or as an HTTP date.
    A date is taken against the response's own `Date`, not this machine's clock.
    """
    milliseconds = headers.get("retry-after-ms", "").strip()
    if _SECONDS.fullmatch(milliseconds):
        return float(milliseconds) / 1000
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    until, now = _timestamp(value), _timestamp(headers.get("date", ""))
    if until is None or now is None or not 0 < until - now < _LONGEST_WAIT:
        return None
    return until - now


def answered_at(headers: Mapping[str, str]) -> datetime | None:
    """When the server responded, by its own clock; None if its `Date` does not say."""
    seconds = _timestamp(headers.get("date", ""))
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError):  # its offset leads out of the calendar
        return None


def limit_headers(headers: Mapping[str, str]) -> str:
    """Those that speak of limits, `name: value`; none is documented."""
    return ", ".join(f"{name}: {value}" for name, value in headers.items() if "limit" in name)


def _timestamp(http_date: str) -> float | None:
    try:
        parsed = parsedate_tz(http_date) if http_date.isascii() else None
        if parsed is None or not 1970 <= parsed[0] <= 9999:
            return None
        return datetime(*parsed[:6], tzinfo=UTC).timestamp() - (parsed[9] or 0)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
