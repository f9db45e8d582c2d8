"""The address of an API, or the name of the sandbox. Pure."""

from urllib.parse import urlsplit

from syncjob.errors import UsageError
from syncjob.hosts import is_loopback
from syncjob.text.sanitize import one_line

SANDBOX = "sandbox:"


def checked(url: str, said_by: str) -> str:
    """A checked base URL less its final slash. A refusal begins with `said_by`, and repeats no credentials."""
    if url == SANDBOX:
        return url
    if not (url.isascii() and url.isprintable()) or " " in url:
        raise UsageError(f"{said_by} holds a space or another character that no URL holds")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise UsageError(f"{said_by} is not a URL") from error
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"{said_by} holds credentials; set SCENARIO_SDK_API_KEY and SCENARIO_SDK_API_SECRET instead")
    if "?" in url or "#" in url:
        raise UsageError(f"{said_by} holds a query or a fragment; give scheme, host and path alone")
    if parts.scheme not in ("https", "http") or not host:
        raise UsageError(f"{said_by} must be https://<host>/<path>, or sandbox:")
    if parts.scheme == "http" and not is_loopback(host):
        secure = f"https://{one_line(parts.netloc + parts.path)}"
        raise UsageError(
            f"{said_by}: http:// is for loopback alone, the credentials would go in the clear; use {secure}"
        )
    return url.rstrip("/")
