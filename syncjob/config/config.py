"""config.yaml and the environment -> one frozen Config."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from syncjob.config import discovery
from syncjob.config.base_url import SANDBOX, checked
from syncjob.config.schema import ConfigFile, Http, Profile, Safety
from syncjob.config.source import Source, listed, read
from syncjob.credentials import Credentials, from_environment
from syncjob.errors import UsageError
from syncjob.text.closest import hint
from syncjob.text.sanitize import one_line

STATE_FOLDER = ".syncjob"
CACHE_FOLDER = "cache"
API_FILE = "scenario-api.json"
STAND_IN = "sandbox"  # a profile that is there without being written down


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
    `shown_folder`. `profiles` are the names of all that there are. `credentials` is None if the environment holds
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
    source = _source(path, profile)
    file = source.convert(source.value, ConfigFile, "")
    name, chosen, http, safety = _chosen(source, file, profile or file.profile)
    override = environment.get("SCENARIO_BASE_URL") if chosen.base_url != SANDBOX else None
    base_url = checked(override, "SCENARIO_BASE_URL") if override else chosen.base_url
    root = source.path.parent
    return Config(
        path=source.path,
        profiles=frozenset({STAND_IN, *file.profiles}),
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


def _source(path: Path | None, profile: str | None) -> Source:
    """The config file, which only the stand-in can do without."""
    try:
        return read(path or discovery.find())
    except discovery.NoConfig:
        if profile != STAND_IN:
            raise
        return Source(Path(discovery.FILE_NAME), {"profiles": {}}, {})


_Chosen = tuple[str, Profile, Http, Safety]


def _chosen(source: Source, file: ConfigFile, name: str | None) -> _Chosen:
    """The profile of a name; all are read, so that a fault in one shows before the day it is needed."""
    profiles = {name: _profile(source, file, name) for name in file.profiles}
    if name == STAND_IN and name not in profiles:
        return STAND_IN, Profile(SANDBOX), file.http, file.safety
    if not name:
        raise UsageError(f"{source.path}: no profile chosen; set `profile:`, or give --profile ({listed(profiles)})")
    if name not in profiles:
        raise UsageError(
            f"{source.path}: no profile {one_line(name)!r}; it has {listed(profiles)}{one_line(hint(name, profiles))}"
        )
    return profiles[name]


def _profile(source: Source, file: ConfigFile, name: str) -> _Chosen:
    path = f"profiles.{name}"
    profile = source.convert(file.profiles[name], Profile, path)
    for what, text in (("the name of a profile", name), ("project_id", profile.project_id or "")):
        if not text.isprintable():
            raise UsageError(f"{source.place(path)}: {what} holds a character that cannot be printed")
    base_url = checked(profile.base_url, f"{source.place(path + '.base_url')}: base_url")
    http = source.convert(msgspec.to_builtins(file.http) | profile.http, Http, f"{path}.http")
    safety = source.convert(msgspec.to_builtins(file.safety) | profile.safety, Safety, f"{path}.safety")
    return name, msgspec.structs.replace(profile, base_url=base_url), http, safety
