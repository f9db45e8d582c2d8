"""The credentials of a run, and their absence from everything that is printed or stored."""

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote, quote_plus, unquote

from syncjob.display import shorten
from syncjob.errors import UsageError

KEY = "SCENARIO_SDK_API_KEY"
SECRET = "SCENARIO_SDK_API_SECRET"  # noqa: S105  the name of a variable
JWT = "SCENARIO_SDK_JWT"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An `Authorization` header and the secrets in it; neither shows in a repr."""

    header: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)

    @property
    def is_bearer(self) -> bool:
        return self.header.startswith("Bearer ")


def basic(key: str, secret: str) -> Credentials:
    """Credentials of an API key and its secret, as RFC 7617 encodes them."""
    for name, value in ((KEY, key), (SECRET, secret)):
        _check(name, value.replace(" ", ""))  # base64 carries a space; nobody's key has one
    pair = _base64(f"{key}:{secret}")
    return Credentials(f"Basic {pair}", (secret, key, pair))


def bearer(jwt: str) -> Credentials:
    """Credentials of a session token."""
    _check(JWT, jwt)
    return Credentials(f"Bearer {jwt}", (jwt,))


def from_environment(environment: Mapping[str, str]) -> Credentials | None:
    """Basic where key and secret are set, else Bearer, else None, as the official SDK chooses.

    Raises UsageError for half a pair, and for what no HTTP header can hold.
    """
    key, secret, jwt = (environment.get(name, "") for name in (KEY, SECRET, JWT))
    for name, value in ((KEY, key), (SECRET, secret), (JWT, jwt)):
        _check(name, value)
    if key and secret:
        return basic(key, secret)
    if jwt:
        return bearer(jwt)
    if key or secret:
        raise UsageError(f"{SECRET if key else KEY} is missing; {KEY if key else SECRET} alone is no credential")
    return None


def _check(name: str, value: str) -> None:
    """Raises UsageError for what no HTTP header can hold, without repeating it."""
    if not value.isascii() or any(character.isspace() or not character.isprintable() for character in value):
        raise UsageError(f"{name} holds white space, a line break or a non-ASCII character; was it pasted whole?")


def secrets_of(environment: Mapping[str, str]) -> tuple[str, ...]:
    """All that must not be printed: of the API's credentials and of proxies, also of those that cannot be used."""
    key, secret, jwt = (environment.get(name, "").strip() for name in (KEY, SECRET, JWT))
    found = [secret, key, jwt, _base64(f"{key}:{secret}") if key and secret else ""]
    for name, value in environment.items():
        if name.lower().endswith("_proxy") and name.lower() != "no_proxy":
            found += _of_proxy(value)
    return tuple(filter(None, found))


def _of_proxy(url: str) -> Iterator[str]:
    before = url.rpartition("@")[0]
    raw = (before.partition("://")[2] or before).lstrip("/")
    user, _, password = raw.partition(":")
    if not raw:
        return
    pair = f"{unquote(user)}:{unquote(password)}"
    yield from (password or user, unquote(password or user), raw, pair, _base64(pair))


# These meet whatever a server sends, so no length of it is looked through twice: a URL is matched with or without
# a query, and a name has an end.
_URL = re.compile(r"(https?:\\?/\\?/[^\s?]+)(\?\S+)?", re.IGNORECASE)
# What signs a URL (CloudFront, S3), also where the URL is cut or encoded so that it cannot be told as one.
_SIGNATURE = re.compile(r"(?:Signature|X-Amz-[\w-]{1,64}|Policy|Key-Pair-Id)(?:=|%3D)[^\s&\"']*", re.IGNORECASE)
_PERCENT = re.compile(r"%[0-9A-F]{2}")
# Shorter than any real secret; to take out every "a" would garble all messages.
_SHORTEST_SECRET = 5


def redact(text: str, secrets: tuple[str, ...]) -> str:
    """The text without the secrets, whether raw, URL-encoded or base64-encoded, and without the queries
    of URLs, which may be signed.
    """
    text = _SIGNATURE.sub("[redacted]", _URL.sub(_without_query, text))
    for form in _all_forms(secrets):
        if form in text:
            text = text.replace(form, "[redacted]")
    return text


def quoted(text: str, secrets: tuple[str, ...], limit: int = 300) -> str:
    """What somebody else said, for a message: redacted and then shortened, since a secret that is cut would stay."""
    return shorten(redact(text, secrets), limit)


def without_last_word(cut: str) -> str:
    """A text that was cut off, less its last word: half a secret could not be told any more."""
    *whole, _ = cut.rsplit(maxsplit=1) or [""]
    return "".join(whole)


def _without_query(url: re.Match[str]) -> str:
    return f"{url[1]}?[redacted]" if url[2] else url[1]


@lru_cache(maxsize=8)
def _all_forms(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """The longest first: a key's own base64 is the beginning of the pair's."""
    return tuple(sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True))


def _forms(secret: str) -> tuple[str, ...]:
    if len(secret) < _SHORTEST_SECRET:
        return ()
    raw = _bytes(secret)
    encoded = _base64(secret)
    percent = {quote(raw, safe=""), quote(raw), quote_plus(raw)}
    lower = {_PERCENT.sub(lambda match: match.group().lower(), form) for form in percent}
    forms = (secret, *percent, *lower, encoded, encoded.rstrip("="))
    return (*forms, *(form.replace("/", "\\/") for form in forms))  # as some write it in JSON


def _base64(text: str) -> str:
    return base64.b64encode(_bytes(text)).decode()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # an environment may hold any bytes
