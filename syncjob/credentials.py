"""The credentials of a run, and their absence from everything that is printed or stored."""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase
from urllib.parse import quote_plus, unquote

from syncjob.errors import UsageError
from syncjob.text.sanitize import shorten

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

    @property
    def key(self) -> str:
        """The API key; "" for a session token, which has none."""
        return "" if self.is_bearer else self.secrets[1]


def basic(key: str, secret: str) -> Credentials:
    """Credentials of an API key and its secret, as RFC 7617 encodes them."""
    for name, value in ((KEY, key), (SECRET, secret)):
        _check(name, value.replace(" ", ""))  # base64 carries a space; nobody's key has one
    if ":" in key:  # a server would take what is behind it for the secret (RFC 7617, 2)
        raise UsageError(f"{KEY} holds a colon; if it is KEY:SECRET, put what is behind the colon into {SECRET}")
    pair = _base64(f"{key}:{secret}")
    return Credentials(f"Basic {pair}", (secret, key, pair))


def bearer(jwt: str) -> Credentials:
    _check(JWT, jwt)
    return Credentials(f"Bearer {jwt}", (jwt,))


def from_environment(environment: Mapping[str, str]) -> Credentials | None:
    """Basic if key and secret are set, else Bearer, else None, as in the official SDK; raises UsageError."""
    key, secret, jwt = (environment.get(name, "") for name in (KEY, SECRET, JWT))
    for name, value in ((KEY, key), (SECRET, secret), (JWT, jwt)):
        _check(name, value)
    if key and secret:
        return basic(key, secret)
    if jwt:
        return bearer(jwt)
    if key or secret:
        raise UsageError(f"{SECRET if key else KEY} is missing; set it too, next to {KEY if key else SECRET}")
    return None


def given(
    api_key: str | None, api_secret: str | None, bearer_auth: str | None, environment: Mapping[str, str]
) -> Credentials | None:
    """Credentials of these arguments, and of the environment what is not given; a given `bearer_auth` alone wins."""
    if bearer_auth and not (api_key or api_secret):
        return bearer(bearer_auth)
    arguments = {KEY: api_key, SECRET: api_secret}
    return from_environment({**environment, **{name: value for name, value in arguments.items() if value}})


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
# What signs a URL (CloudFront, S3), also if the URL is cut or encoded so that it cannot be recognized.
_SIGNATURE = re.compile(r"(?:Signature|X-Amz-[\w-]{1,64}|Policy|Key-Pair-Id)(?:=|%3D)[^\s&\"']*", re.IGNORECASE)
# A character as HTML, URLs and JSON may write it; HTML's numbers are short, so that each can be one of Python's.
_ESCAPE = re.compile(
    r"&(?:\#[0-9]{1,8}|\#x[0-9a-f]{1,8}|[a-z]{2,8}(?=;));?|%([2-7][0-9a-f])|\\(?:u00([2-7][0-9a-f])|([\"\\/]))",
    re.IGNORECASE,
)
_FOLD = re.compile(r"\s|\\[rn]")  # what base64 is broken into lines by (RFC 2045, 6.8), also within JSON
_PADDED = re.compile(r"\[redacted\]=+")  # a secret's own padding, if it was escaped and so no part of a form
_SHORTEST_FOLDED = 16  # a shorter one may be made of the ends of words
_LAYERS = 4  # of escapes within escapes
# Shorter than any real secret; to take out every "a" would garble all messages.
_SHORTEST_SECRET = 5


def redact(text: str, secrets: tuple[str, ...]) -> str:
    """The text without the secrets, in whatever form, and without the queries of URLs, which may be signed.

    If a secret shows only once HTML's, JSON's and URLs' escapes are read, so is the text that is returned.
    """
    forms = _all_forms(secrets)
    shown = read = _without(text, forms)
    for _ in range(_LAYERS):
        text = _ESCAPE.sub(_character, read)
        if text == read:
            break
        read = _without(text, forms)
        shown = shown if read == text else read
    dense = _FOLD.sub("", read)
    lowered = dense.translate(_LOWER)
    is_folded = any(form in lowered for form in forms if len(form) >= _SHORTEST_FOLDED)
    return _without(dense, forms) if is_folded else shown


def quoted(text: str, secrets: tuple[str, ...], limit: int = 300) -> str:
    """What somebody else said, for a message: redacted and then shortened, since a secret that is cut would stay."""
    return shorten(redact(text, secrets), limit)


def without_last_word(cut: str) -> str:
    """A text that was cut off, less its last word: half a secret could not be recognized any more."""
    *whole, _ = cut.rsplit(maxsplit=1) or [""]
    return "".join(whole)


def _without(text: str, forms: Sequence[str]) -> str:
    text = _URL.sub(lambda url: f"{url[1]}?[redacted]" if url[2] else url[1], text)
    text = _SIGNATURE.sub("[redacted]", text)
    lowered = text.translate(_LOWER)
    for form in forms:
        if form in lowered:
            text = "[redacted]".join(_around(form, text, lowered))
            lowered = text.translate(_LOWER)
    return _PADDED.sub("[redacted]", text)


def _around(form: str, text: str, lowered: str) -> Iterator[str]:
    """What is before, between and behind the places of a form."""
    start = 0
    for part in lowered.split(form):
        yield text[start : start + len(part)]
        start += len(part) + len(form)


def _character(escape: re.Match[str]) -> str:
    if escape[0][0] == "&":
        from html import unescape  # its names take their time to load, and few texts have any

        return unescape(escape[0])
    return escape[3] or chr(int(escape[1] or escape[2], 16))


@lru_cache(maxsize=4)
def _all_forms(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """In lower case, the longest first: a key's own base64 is the beginning of the pair's."""
    forms = {form.lower() for secret in secrets if len(secret) >= _SHORTEST_SECRET for form in _forms(secret)}
    return tuple(sorted((form for form in forms if len(form) >= _SHORTEST_SECRET), key=len, reverse=True))


def _forms(secret: str) -> Iterator[str]:
    """A secret as it is in a text whose escapes are read, as many times as it takes, and its own with them."""
    read = secret
    for _ in range(_LAYERS):
        yield read
        read = _ESCAPE.sub(_character, read)
    yield secret.rstrip("=")
    yield secret.translate(_FOR_URLS).rstrip("=")
    yield quote_plus(_bytes(secret))
    yield _bytes(secret).hex()
    for encoded in (_base64(secret), *_within_base64(_bytes(secret))):
        yield from (encoded, encoded.rstrip("="), encoded.translate(_FOR_URLS).rstrip("="))


_FOR_URLS = str.maketrans("+/", "-_")  # RFC 4648, 5
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)  # unlike `lower` it keeps every length


def _within_base64(secret: bytes) -> Iterator[str]:
    """What base64 makes of a secret behind other bytes, less the characters that its neighbours have a part in."""
    for before, shared in enumerate((0, 2, 3)):
        encoded = base64.b64encode(b"-" * before + secret).decode().rstrip("=")
        yield encoded[shared : len(encoded) - bool((before + len(secret)) % 3)]


def _base64(text: str) -> str:
    return base64.b64encode(_bytes(text)).decode()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # an environment may hold any bytes
