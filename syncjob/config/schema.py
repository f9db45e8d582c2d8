"""What config.yaml may hold, with every default, and the schema of it for editors. Pure."""

import inspect
from typing import Annotated, Any

import msgspec

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


def schema() -> dict[str, Any]:
    """The JSON schema of config.yaml, as docs/config.schema.json holds it; draft 7, which editors know."""
    (file, *_), definitions = msgspec.json.schema_components(
        [ConfigFile, Profile, Http, Safety], ref_template="#/definitions/{name}"
    )
    for definition in definitions.values():  # Python before 3.13 keeps the indentation of docstrings
        definition["description"] = inspect.cleandoc(definition.get("description", ""))
    profile = definitions["Profile"]["properties"]
    profile["http"], profile["safety"] = ({"$ref": f"#/definitions/{name}"} for name in ("Http", "Safety"))
    profiles = {"type": "object", "additionalProperties": {"$ref": "#/definitions/Profile"}}
    definitions["ConfigFile"]["properties"]["profiles"] = profiles
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "syncjob config.yaml"}
    return {**head, **file, "definitions": definitions}
