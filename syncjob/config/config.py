"""config.yaml and the environment -> one frozen Config."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import msgspec

from syncjob.config import discovery, strict_yaml
from syncjob.credentials import Credentials, from_environment
from syncjob.errors import UsageError
from syncjob.files import regular
from syncjob.text.closest import closest
from syncjob.text.sanitize import one_line

STATE_FOLDER = ".syncjob"
CACHE_FOLDER = "cache"
API_FILE = "scenario-api.json"
SANDBOX = "sandbox:"

_T = TypeVar("_T")
Positive = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=86_400)]
Wait = Annotated[float, msgspec.Meta(ge=0, le=86_400)]
Share = Annotated[float, msgspec.Meta(gt=0, le=1)]


class Http(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How requests are sent; times in seconds. `requests_per_minute` 0 means no pacing, `lag` 0 that none is expected.

    `share` is the part of `requests_per_minute` that a run uses; `max_wait` is for how long it may get only 429s.
    `audit` is how many remembered descriptions each run reads all the same, or 1 % if that is more; 0 for none.
    """

    workers: Annotated[int, msgspec.Meta(ge=1, le=128)] = 8
    requests_per_minute: Annotated[int, msgspec.Meta(ge=0)] = 100
    timeout: Seconds = 30
    deadline: Seconds = 60
    attempts: Annotated[int, msgspec.Meta(ge=1, le=20)] = 5
    max_retry_after: Wait = 120
    recheck_after: Wait = 60
    lag: Wait = 300
    max_wait: Wait = 600
    share: Share = 1
    audit: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 20

    @property
    def own_per_minute(self) -> int:
        """The requests a minute that a run sends at most; 0 means no limit."""
        return max(1, int(self.requests_per_minute * self.share)) if self.requests_per_minute else 0


class Safety(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a run may do without `--force`, and how large a file may be."""

    max_change_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] = 30
    max_deletes: Annotated[int, msgspec.Meta(ge=0)] = 10
    max_file_bytes: Positive = 1_000_000


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One Scenario project. `http` and `safety` replace single values of the file's own."""

    base_url: str
    project_id: str | None = None
    original_assets: bool = False
    http: dict[str, Any] = {}
    safety: dict[str, Any] = {}


class ConfigFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """config.yaml as it is; each of `profiles` is a Profile."""

    profiles: dict[str, Any]
    descriptions: str = "descriptions"
    profile: str | None = None
    http: Http = Http()
    safety: Safety = Safety()


class Target(NamedTuple):
    """What a run reads and writes; `str()` names it in a message."""

    profile: str
    base_url: str
    project_id: str | None

    def __str__(self) -> str:
        project = f"the project {self.project_id!r}" if self.project_id else "no project_id"
        return f"the profile {self.profile!r} at {one_line(self.base_url)} with {project}"


class Config(msgspec.Struct, frozen=True):
    """One profile, with every default filled in.

    `is_named` says that the user named the file, which was not just found above, and `is_overridden` that
    SCENARIO_BASE_URL replaces the profile's own `base_url`. `folder` holds the descriptions, and messages call it
    `shown_folder`. `profiles` are the names of all that the file has. `credentials` is None if the environment holds
    none, and for the sandbox. `named_cache` is SYNCJOB_CACHE_DIR.
    """

    path: Path
    profile: str
    base_url: str
    project_id: str | None
    original_assets: bool
    folder: Path
    shown_folder: str
    state_dir: Path
    http: Http
    safety: Safety
    credentials: Credentials | None
    is_named: bool = False
    is_overridden: bool = False
    profiles: frozenset[str] = frozenset()
    named_cache: Path | None = None

    @property
    def cache_dir(self) -> Path:
        """What may be kept elsewhere from run to run: it holds no text."""
        return self.named_cache or self.state_dir / CACHE_FOLDER

    @property
    def api_file(self) -> Path:
        """What probes found out about the API, beside the config."""
        return self.path.parent / API_FILE

    @property
    def target(self) -> Target:
        return Target(self.profile, self.base_url, self.project_id)

    def with_limit(self, refused_bytes: int | None) -> "Config":
        """The config, with a file of that many bytes too large, whatever `safety.max_file_bytes` says."""
        if refused_bytes is None or refused_bytes > self.safety.max_file_bytes:
            return self
        safety = msgspec.structs.replace(self.safety, max_file_bytes=refused_bytes - 1)
        return msgspec.structs.replace(self, safety=safety)

    def with_share(self, share: float | None) -> "Config":
        """The config, with another share of the limit unless it is None."""
        if share is None:
            return self
        return msgspec.structs.replace(self, http=msgspec.structs.replace(self.http, share=share))

    @property
    def is_sandbox(self) -> bool:
        return self.base_url == SANDBOX


def load(path: Path | None, profile: str | None, environment: Mapping[str, str]) -> Config:
    """The config of a run, without `path` the one that `discovery` finds; raises UsageError that says where and what."""
    source = _read(path or discovery.find())
    file = source.convert(source.value, ConfigFile, "")
    name, chosen, http, safety = _chosen(source, file, profile or file.profile)
    override = environment.get("SCENARIO_BASE_URL") if chosen.base_url != SANDBOX else None
    base_url = _base_url(override, "SCENARIO_BASE_URL") if override else chosen.base_url
    root = source.path.parent
    return Config(
        path=source.path,
        profiles=frozenset(file.profiles),
        profile=name,
        base_url=base_url,
        project_id=chosen.project_id,
        original_assets=chosen.original_assets,
        folder=root / file.descriptions,
        shown_folder=Path(file.descriptions).as_posix(),
        state_dir=Path(environment.get("SYNCJOB_STATE_DIR") or root / STATE_FOLDER),
        http=http,
        safety=safety,
        credentials=None if base_url == SANDBOX else from_environment(environment),
        is_named=path is not None,
        is_overridden=base_url != chosen.base_url,
        named_cache=Path(cache) if (cache := environment.get("SYNCJOB_CACHE_DIR")) else None,
    )


@dataclass(frozen=True, slots=True)
class _Source:
    """A parsed config file that knows the line of each key."""

    path: Path
    value: Any
    lines: Mapping[str, int]

    def place(self, key: str) -> str:
        line = self.lines.get(key)
        return f"{self.path}:{line}" if line else str(self.path)

    def convert(self, value: Any, type_: type[_T], path: str) -> _T:
        """The value at `path` as `type_`; raises UsageError with the line of the key that does not fit."""
        try:
            return msgspec.convert(value, type_)
        except msgspec.ValidationError as error:
            message, _, at = str(error).partition(" - at `")
            inner = at.rstrip("`").removeprefix("$").lstrip(".")
            key = ".".join(filter(None, [path, inner]))
            said = _plain(message, _text_at(value, inner))
            raise UsageError(f"{self.place(key)}: {one_line(key) or 'the file'}: {said}") from error


_Chosen = tuple[str, Profile, Http, Safety]


def _chosen(source: _Source, file: ConfigFile, name: str | None) -> _Chosen:
    """The profile of a name; all are read, so that a fault in one shows before the day it is needed."""
    profiles = {name: _profile(source, file, name) for name in file.profiles}
    if not name:
        raise UsageError(f"{source.path}: no profile chosen; set `profile:`, or give --profile ({_listed(profiles)})")
    if name not in profiles:
        raise UsageError(f"{source.path}: no profile {one_line(name)!r}; it has {_listed(profiles)}")
    return profiles[name]


def _profile(source: _Source, file: ConfigFile, name: str) -> _Chosen:
    path = f"profiles.{name}"
    profile = source.convert(file.profiles[name], Profile, path)
    for what, text in (("the name of a profile", name), ("project_id", profile.project_id or "")):
        if not text.isprintable():
            raise UsageError(f"{source.place(path)}: {what} holds a character that cannot be printed")
    base_url = _base_url(profile.base_url, f"{source.place(path + '.base_url')}: base_url")
    http = source.convert(msgspec.to_builtins(file.http) | profile.http, Http, f"{path}.http")
    safety = source.convert(msgspec.to_builtins(file.safety) | profile.safety, Safety, f"{path}.safety")
    return name, msgspec.structs.replace(profile, base_url=base_url), http, safety


def _read(path: Path) -> _Source:
    try:
        parsed = strict_yaml.parse(regular.read(path, strict_yaml.MAX_BYTES, follow=True))
    except OSError as error:
        raise UsageError(f"cannot read the config {path}: {error.strerror}") from error
    except strict_yaml.YamlProblem as problem:
        place = ":".join(str(part) for part in (path, problem.line, problem.column) if part is not None)
        raise UsageError(f"{place}: {one_line(str(problem))}") from problem
    if parsed.value is None:
        raise UsageError(f"{path} is empty; it needs `profiles:` at least")
    source = _Source(path, parsed.value, parsed.lines)
    if unknown := list(_unknown_keys(parsed.value, ConfigFile, "")):
        raise UsageError("\n".join(f"{source.place(key)}: {message}" for key, message in unknown))
    return source


_LONGEST_SHOWN = 10


def _plain(message: str, text: str | None) -> str:
    """msgspec's sentence in the words of somebody who writes YAML; with a text in the place of a number or of true."""
    for technical, plain in _WORDS.items():
        message = message.replace(technical, plain)
    # A longer one may be a key that was put here by mistake.
    if text is not None and len(text) <= _LONGEST_SHOWN and "expected a mapping" not in message.lower():
        message = message.replace("got a text", f'got "{one_line(text)}"')
    return message[:1].lower() + message[1:]


def _text_at(value: Any, path: str) -> str | None:
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None


_WORDS = {
    "`str | null`": "a text", "`object`": "a mapping", "`null`": "nothing", "`str`": "a text", "`int`": "a whole number",
    "`float`": "a number", "`bool`": "true or false", "`array`": "a list",
}  # fmt: skip
_NESTED = {"http": Http, "safety": Safety}
_SECRET_KEY = re.compile(r"secret|jwt|token|passw|credential|api[_-]?key|^key$", re.IGNORECASE)


def _unknown_keys(value: Any, type_: Any, parent: str) -> Iterator[tuple[str, str]]:
    """(path of the key, what to do) for every key that its Struct does not have."""
    if not isinstance(value, dict):
        return
    known = {field.name: field.type for field in msgspec.structs.fields(type_)}
    for key, inner in value.items():
        path = f"{parent}.{key}" if parent else key
        if key not in known:
            yield path, _unknown_key(key, known)
        elif key == "profiles" and isinstance(inner, dict):
            for name, profile in inner.items():
                yield from _unknown_keys(profile, Profile, f"{path}.{name}")
        elif key in _NESTED:
            yield from _unknown_keys(inner, _NESTED[key], path)


def _unknown_key(key: str, known: Mapping[str, Any]) -> str:
    if _SECRET_KEY.search(key):
        return (
            f"{one_line(key.partition('=')[0])!r}: credentials do not belong in the config; set SCENARIO_SDK_API_KEY and "
            "SCENARIO_SDK_API_SECRET (or SCENARIO_SDK_JWT), and revoke what was written here"
        )
    near = closest(key, known)
    hint = f"did you mean {near!r}?" if near else f"known here: {_listed(known)}"
    return f"unknown key {one_line(key)!r}; {hint}"


def _listed(names: Mapping[str, Any]) -> str:
    return ", ".join(one_line(name) for name in sorted(names)) or "none"


def _base_url(url: str, said_by: str) -> str:
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
    if parts.scheme == "http" and not _is_loopback(host):
        secure = f"https://{one_line(parts.netloc + parts.path)}"
        raise UsageError(
            f"{said_by}: http:// is for loopback alone, the credentials would go in the clear; use {secure}"
        )
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
