"""The proxy that the environment names for https hosts."""

import base64
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from syncjob.errors import UsageError

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where it is, and what it is told of who asks; `secrets` are the forms of that which must not be printed."""

    scheme: str
    host: str
    port: int
    authorization: str | None = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class ProxyRefused(Exception):
    """The proxy answered a CONNECT with something else than a connection."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status} {reason}".rstrip())
        self.status = status


def of_environment(host: str) -> Proxy | None:
    """The proxy for an https host, None for none; raises UsageError for one that cannot be used."""
    proxies = getproxies()
    named = proxies.get("https") or proxies.get("all")
    if not named or proxy_bypass(host):
        return None
    try:
        return _parsed(named if "://" in named else f"http://{named}")
    except ValueError as error:
        raise UsageError("the proxy that HTTPS_PROXY or ALL_PROXY names is no http:// or https:// URL") from error


def _parsed(url: str) -> Proxy:
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise UsageError(f"a {parts.scheme}:// proxy cannot be used; HTTPS_PROXY must name an http:// one")
    port = parts.port or _PORTS[parts.scheme]
    if parts.username is None:
        return Proxy(parts.scheme, parts.hostname, port)
    user, password = unquote(parts.username), unquote(parts.password or "")
    encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
    raw = parts.netloc.rpartition("@")[0]
    secrets = (password or user, parts.password or parts.username, f"{user}:{password}", raw, encoded)
    return Proxy(parts.scheme, parts.hostname, port, f"Basic {encoded}", secrets)
