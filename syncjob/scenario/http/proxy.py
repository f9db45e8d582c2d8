"""The proxy that the environment names for https hosts."""

import base64
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from syncjob.errors import UsageError


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where it is, and the credentials that it asks for."""

    host: str
    port: int
    authorization: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class ProxyRefused(Exception):
    """The proxy responded to a CONNECT with something else than a connection."""

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
        raise UsageError("HTTPS_PROXY or ALL_PROXY is not a URL such as http://host:port") from error


def _parsed(url: str) -> Proxy:
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        kind = "proxies without a host" if parts.scheme == "http" else f"{parts.scheme}:// proxies"
        raise UsageError(f"{kind} are not supported; HTTPS_PROXY must be http://host:port")
    port = parts.port or 80
    if parts.username is None:
        return Proxy(parts.hostname, port)
    user, password = unquote(parts.username), unquote(parts.password or "")
    encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
    return Proxy(parts.hostname, port, f"Basic {encoded}")
