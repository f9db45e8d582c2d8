"""(state, request) -> response, as docs/openapi.yaml says, errors included. Pure: the store carries a write out.

What the API leaves open is answered as the `plays` say.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote

from syncjob.sandbox.behaviours import Plays
from syncjob.sandbox.drawing import drawn
from syncjob.sandbox.records import SIGNATURE, thumbnail_of
from syncjob.text import tags

Row = Mapping[str, Any]
MAX_ASSETS = 200
_MAX_PAGE = 500
_PICTURE = re.compile(rf"(?:/v1)?/pictures/(?P<id>[^/?]+)\.png\?(?:[^#]*&)?Signature={SIGNATURE}")


class State(Protocol):
    """What the stand-in remembers. Rows are JSON objects as a listing holds them; their kinds are model and asset."""

    @property
    def plays(self) -> Plays: ...
    def row(self, kind: str, id_: str) -> Row | None: ...
    def description(self, model_id: str) -> str: ...
    def models(self) -> Iterable[Row]: ...


@dataclass(frozen=True, slots=True)
class Reply:
    """A `body` of bytes is a PNG. `write` is a model's id and its new description, which the store carries out."""

    status: int
    body: Any
    write: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Ask:
    """A request by the parts of its route; the id is "" if it has none."""

    id: str
    query: Mapping[str, str]
    body: bytes


class _Refused(Exception):
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.reply = Reply(status, {"reason": reason})


def respond(state: State, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
    """The response to any request, whose `target` is the path with its query; never raises."""
    try:
        if picture := _PICTURE.fullmatch(unquote(target)):
            return _picture(state, picture["id"], headers)
        if not _is_authorized(headers.get("authorization", "")):
            raise _Refused(401, "Unauthorized")
        encoded, _, query_string = target.partition("?")
        path = unquote(encoded).removeprefix("/v1")
        query = {name: values[-1] for name, values in parse_qs(query_string, keep_blank_values=True).items()}
        for allowed, pattern, handler in _ROUTES:
            match = pattern.fullmatch(path)
            if match and method == allowed:
                reply = handler(state, _Ask(match.groupdict().get("id", ""), query, body))
                return replace(reply, body=_illustrated(reply.body, headers.get("host")))
        # What the gateway in front of the service says of a route that it does not know.
        raise _Refused(403, "Missing Authentication Token")
    except _Refused as refused:
        return refused.reply


def _picture(state: State, asset_id: str, headers: Mapping[str, str]) -> Reply:
    """An asset's picture, which its signature alone gives access to."""
    if "authorization" in headers:
        raise _Refused(400, "Only one way of authorization is allowed: the address is signed")
    return Reply(200, drawn(_existing(state, "asset", asset_id)["id"]))


def _illustrated(body: Any, host: str | None) -> Any:
    """A response with the addresses of the pictures of its assets, which the stand-in draws itself."""
    if not isinstance(body, dict) or not host:
        return body
    told = {member: _illustrated(value, host) for member, value in body.items() if member in ("description", "asset")}
    if "assets" in body:
        told["assets"] = [_illustrated(row, host) for row in body["assets"]]
    if "mimeType" in body and body["kind"] != "audio":
        told["thumbnail"] = body.get("thumbnail") or thumbnail_of(body["id"], host)
    return {**body, **told}


def describe(state: State, text: str) -> Row:
    """A description with what its tags refer to, each thing once, in the order of the text."""
    found, _ = tags.find(text)
    if state.plays.code == "ignored" and found:
        # Imported late, as everywhere: the Markdown parser is slow to load.
        from syncjob.text.code_spans import code_spans, is_code

        spans = code_spans(text)
        found = tuple(tag for tag in found if not is_code(spans, tag.line, tag.column))
    assets = (state.row("asset", id_) for id_ in dict.fromkeys(tag.id for tag in found if tag.kind == "asset"))
    models = (state.row("model", id_) for id_ in dict.fromkeys(tag.id for tag in found if tag.kind == "model"))
    return {
        "value": text,
        "assets": [_only(asset, _DESCRIPTION_ASSET) for asset in assets if asset],
        "models": [_only(model, _DESCRIPTION_MODEL) for model in models if model],
    }


def _is_authorized(header: str) -> bool:
    """Any key with a secret, and any token, will do."""
    scheme, _, value = header.partition(" ")
    if scheme == "Bearer":
        return bool(value.strip())
    if scheme != "Basic":
        return False
    try:
        key, colon, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:  # neither base64 nor UTF-8
        return False
    return bool(key and colon and secret)


def _retrieve(state: State, ask: _Ask) -> Reply:
    model_id = _existing(state, "model", ask.id)["id"]
    text = state.description(model_id)
    if not text and state.plays.no_description == "404":
        raise _Refused(404, f"Description of {model_id} not found")
    return Reply(200, {"description": _described(state, text)})


def _described(state: State, text: str) -> Row | None:
    """`describe`, with whatever the plays put in the place of no text."""
    if not text and state.plays.no_description == "null":
        return None
    description = describe(state, text)
    return description if text or state.plays.no_description != "null-value" else {**description, "value": None}


def _update(state: State, ask: _Ask) -> Reply:
    model = _existing(state, "model", ask.id)
    parsed = _object(ask.body)
    if "description" not in parsed:
        raise _Refused(400, "description is required")
    text = parsed["description"]
    if text is not None and not _is_text(text):
        raise _Refused(400, "description must be a string or null")
    if text is not None:
        _check(state, text)
    stored = state.plays.stored(text or "")
    return Reply(200, {"description": _described(state, stored)}, (model["id"], stored))


def _check(state: State, text: str) -> None:
    plays = state.plays
    if not text and plays.empty_text == "refused":
        raise _Refused(400, "description must not be empty")
    if plays.size != "unlimited" and len(text.encode()) > int(plays.size):
        raise _Refused(413, f"description must be at most {plays.size} bytes")
    found, _ = tags.find(text)
    for tag in found:
        if plays.unknown_tag == "refused" and not state.row(tag.kind, tag.id):
            raise _Refused(400, f"Unknown {tag.kind} {tag.id}")


def _existing(state: State, kind: str, id_: str) -> Row:
    row = state.row(kind, id_)
    if row is None:
        raise _Refused(404, f"{kind.title()} {id_} not found")
    return row


def _one(state: State, kind: str, id_: str) -> Reply:
    return Reply(200, {kind: _existing(state, kind, id_)})


def _bulk(state: State, kind: str, body: bytes) -> Reply:
    parsed = _object(body)
    ids = _ids(parsed, f"{kind}Ids")
    if kind == "asset" and len(ids) > MAX_ASSETS:
        raise _Refused(400, f"assetIds must hold at most {MAX_ASSETS} items")
    look_up = partial(_existing, state) if state.plays.unknown_in_bulk == "refused" else state.row
    rows = [row for id_ in ids if (row := look_up(kind, id_))]
    if kind == "model" and parsed.get("minimal") is True:
        rows = [_only(row, ("id", "name", "type")) for row in rows]
    return Reply(200, {f"{kind}s": rows})


def _list_models(state: State, ask: _Ask) -> Reply:
    query = ask.query
    size = _page_size(query.get("pageSize", "100"))
    is_public = query.get("privacy", "private") == "public"
    order = query.get("sortBy") or ("score" if is_public else "createdAt")
    if order not in ("createdAt", "updatedAt", "score"):
        raise _Refused(400, "sortBy must be one of createdAt, updatedAt, score")
    if order == "score" and "sortDirection" in query:
        raise _Refused(400, "sortDirection is not allowed with sortBy=score")
    rows = [row for row in state.models() if not is_public or row["privacy"] == "public"]
    if query.get("status"):
        rows = [row for row in rows if row["status"] == query["status"]]
    if order != "score":
        rows.sort(key=lambda row: (row[order], row["id"]), reverse=query.get("sortDirection", "desc") == "desc")
    start = _offset(query.get("paginationToken", ""))
    page: dict[str, Any] = {"models": rows[start : start + size]}
    if start + size < len(rows):
        page["nextPaginationToken"] = base64.urlsafe_b64encode(str(start + size).encode()).decode()
    return Reply(200, page)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        raise _Refused(400, "The body is not JSON") from None
    if not isinstance(parsed, dict):
        raise _Refused(400, "The body is not a JSON object")
    return parsed


def _ids(parsed: Mapping[str, Any], member: str) -> Sequence[str]:
    ids = parsed.get(member, [])
    if not isinstance(ids, list) or not all(isinstance(id_, str) for id_ in ids):
        raise _Refused(400, f"{member} must be an array of strings")
    return [id_ for id_ in dict.fromkeys(ids) if _is_text(id_)]


def _is_text(value: object) -> bool:
    """Whether it is a string that can be stored: one without lone surrogates."""
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


def _page_size(text: str) -> int:
    if not re.fullmatch("[0-9]{1,3}", text) or not 1 <= int(text) <= _MAX_PAGE:
        raise _Refused(400, f"pageSize must be between 1 and {_MAX_PAGE}")
    return int(text)


def _offset(token: str) -> int:
    try:
        start = int(base64.urlsafe_b64decode(token)) if token else 0
    except ValueError:
        start = -1
    if start < 0:
        raise _Refused(400, "paginationToken is invalid")
    return start


def _only(row: Row, members: Iterable[str]) -> dict[str, Any]:
    return {member: row[member] for member in members if member in row}


_DESCRIPTION_ASSET = (
    "id", "authorId", "kind", "mimeType", "ownerId", "privacy", "properties", "source", "url",
    "originalFileUrl", "originalMimeType", "preview", "thumbnail",
)  # fmt: skip
_DESCRIPTION_MODEL = ("id", "privacy", "type", "authorId", "name", "ownerId", "shortDescription")

_ROUTES: tuple[tuple[str, re.Pattern[str], Callable[[State, _Ask], Reply]], ...] = (
    ("GET", re.compile(r"/models/(?P<id>[^/]+)/description"), _retrieve),
    ("PUT", re.compile(r"/models/(?P<id>[^/]+)/description"), _update),
    ("POST", re.compile(r"/models/get-bulk"), lambda state, ask: _bulk(state, "model", ask.body)),
    ("POST", re.compile(r"/assets/get-bulk"), lambda state, ask: _bulk(state, "asset", ask.body)),
    ("GET", re.compile(r"/models"), _list_models),
    ("GET", re.compile(r"/models/(?P<id>[^/]+)"), lambda state, ask: _one(state, "model", ask.id)),
    ("GET", re.compile(r"/assets/(?P<id>[^/]+)"), lambda state, ask: _one(state, "asset", ask.id)),
)
