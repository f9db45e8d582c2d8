"""What `doctor --probe` found out about the API beyond its documentation: in a file beside the config, to be committed.

Whoever can commit can write that file, so it is parsed strictly, and no answer in it means more than its own question.
"""

import os
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec

from syncjob import log
from syncjob.config.config import Config, Target
from syncjob.files import regular, whole
from syncjob.git.ownership import owners, strangers
from syncjob.state.constraints import Line, ModelId, Time
from syncjob.state.folder import file_of

# The smallest text that a probe asks with; a smaller limit would refuse every file.
_LEAST_REFUSED = 10_000
_MAX_BYTES = 1_000_000


class Finding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question about the API, its answer, and what that means for a run."""

    question: str
    answer: str
    meaning: str


class Learnt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What later runs use; the defaults hold until a probe found otherwise.

    `null_is_no_description`: GET returns `{"description": null}` for a model without a description.
    `updated_at_moves`: an edit of a description moves the `updatedAt` of its model in listings.
    `bulk_updated_at_moves`: it moves the one in a bulk look-up too.
    `refused_bytes`: the least size of a text, in bytes of UTF-8, that was refused; null if none was.
    `no_description`: what GET returns for a model whose description was deleted; null if that is not known.
    """

    null_is_no_description: bool = False
    updated_at_moves: bool = False
    bulk_updated_at_moves: bool = False
    refused_bytes: Annotated[int, msgspec.Meta(ge=_LEAST_REFUSED)] | None = None
    no_description: Literal["empty", "null-value", "null", "404"] | None = None


class Answers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was found out, on which model, and when (UTC, ISO 8601)."""

    model_id: ModelId
    probed_at: Time
    learnt: Learnt
    findings: tuple[Finding, ...]


class ApiFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file beside the config: the answers of each API, by its base URL."""

    version: Literal[1]
    apis: dict[Line, Answers]


class Probed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What earlier versions kept in the state folder, for one profile."""

    version: Literal[1]
    profile: Line
    base_url: Line
    project_id: Line | None
    model_id: ModelId
    probed_at: Time
    learnt: Learnt
    findings: tuple[Finding, ...]


_T = TypeVar("_T", ApiFile, Probed)


def older_path_of(config: Config) -> Path:
    """Where earlier versions kept what a profile's probes found out."""
    return file_of(config.state_dir, config.profile, "learnt.json")


def save(config: Config, probed: Answers) -> None:
    """Keeps the findings beside those about other APIs, in place of earlier ones; raises OSError."""
    known = _decoded(config.api_file, ApiFile)
    apis = {**(known.apis if known else {}), config.base_url: probed}
    data = msgspec.json.encode(ApiFile(1, dict(sorted(apis.items()))))
    whole.write(config.api_file, msgspec.json.format(data, indent=2) + b"\n")


def load(config: Config, *, is_believed: bool) -> Answers | None:
    """The findings about the API of a config, None if there are none; with `is_believed` also from the state folder."""
    if others := strangers(config.api_file) - owners(config.path) - {-1}:
        users = ", ".join(map(str, sorted(others)))
        _warn(f"{config.api_file} belongs to another user ({users}), so it is not used; take it over, or remove it")
        known = None
    else:
        known = _decoded(config.api_file, ApiFile)
    if known and config.base_url in known.apis:
        return known.apis[config.base_url]
    return _older(config) if is_believed else None


def take_over(config: Config, probed: Answers) -> None:
    """Moves what an earlier version kept in the state folder to the file beside the config, and says so."""
    older = older_path_of(config)
    is_damaged = os.path.lexists(config.api_file) and _decoded(config.api_file, ApiFile) is None
    if is_damaged or not os.path.lexists(older) or _older(config) != probed:
        return
    try:
        save(config, probed)
        older.unlink()
    except OSError as error:
        _warn(f"cannot move {older} to {config.api_file}: {error.strerror}; make that file writable")
        return
    _warn(f"{older} is now {config.api_file}: commit it, so that every run uses it")


def _older(config: Config) -> Answers | None:
    found = _decoded(older_path_of(config), Probed)
    if found is None or Target(found.profile, found.base_url, found.project_id) != config.target:
        return None
    return Answers(found.model_id, found.probed_at, found.learnt, found.findings)


def _decoded(path: Path, type_: type[_T]) -> _T | None:
    try:
        return msgspec.json.decode(regular.read(path, _MAX_BYTES), type=type_)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        _warn(f"{path} cannot be read; syncjob doctor --probe makes it anew")
        return None


def _warn(message: str) -> None:
    log.event("warning", "learnt", message=message)
