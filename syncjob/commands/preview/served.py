"""Who may ask for a preview, and what is responded: nothing without its token, and to this machine alone."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from syncjob.commands.preview.tree import Tree
from syncjob.scenario.answers import Answer

_NAMES = ("127.0.0.1", "localhost")
_HEADERS = {
    "cache-control": "no-store",
    "connection": "close",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "content-security-policy": "frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def new_token() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True, slots=True)
class Served:
    """The page at `/TOKEN/`, and the number that changes with it at `/TOKEN/version`."""

    tree: Tree
    token: str

    def respond(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if not _is_own(headers.get("host", "")):
            return _plain(403, "This preview is for this machine alone.")
        if method not in ("GET", "HEAD"):
            return _plain(405, "A preview can be read, and nothing else.", allow="GET, HEAD")
        token, _, rest = target.removeprefix("/").partition("?")[0].partition("/")
        if not hmac.compare_digest(token.encode(), self.token.encode()) or rest not in ("", "version"):
            return _plain(404, "Open the address that `syncjob preview` printed.")
        if rest == "version":
            return _plain(200, str(self.tree.version()))
        made = self.tree.page().encode("utf-8", "backslashreplace")
        return Answer(200, {"content-type": "text/html; charset=utf-8", **_HEADERS}, made)


def _is_own(host: str) -> bool:
    """Whether a Host is this machine: a name that somebody else had lead here is not (DNS rebinding)."""
    try:
        return urlsplit(f"//{host}").hostname in _NAMES and "@" not in host
    except ValueError:
        return False


def _plain(status: int, text: str, **headers: str) -> Answer:
    return Answer(status, {"content-type": "text/plain; charset=utf-8", **_HEADERS, **headers}, f"{text}\n".encode())
