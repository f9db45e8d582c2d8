"""What `doctor --probe` found out about the API beyond its documentation, kept in the state folder for later runs."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from syncjob import log
from syncjob.config.config import Config, Target
from syncjob.files import regular, whole
from syncjob.state.constraints import Line, ModelId, Time
from syncjob.state.folder import file_of, state_folder

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


class Probed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: what was found out, about which project, and when (UTC, ISO 8601)."""

    version: Literal[1]
    profile: Line
    base_url: Line
    project_id: Line | None
    model_id: ModelId
    probed_at: Time
    learnt: Learnt
    findings: tuple[Finding, ...]


def path_of(config: Config) -> Path:
    return file_of(config.state_dir, config.profile, "learnt.json")


def save(config: Config, probed: Probed) -> None:
    """Keeps the findings in place of earlier ones; raises OSError."""
    state_folder(config.state_dir)
    whole.write(path_of(config), msgspec.json.format(msgspec.json.encode(probed), indent=2) + b"\n")


def load(config: Config) -> Probed | None:
    """The findings of a profile; None if there are none, or they are about another project or base URL."""
    try:
        probed = msgspec.json.decode(regular.read(path_of(config), _MAX_BYTES), type=Probed)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        message = f"{path_of(config)} cannot be read; syncjob doctor --probe makes it anew"
        log.event("warning", "learnt", message=message)
        return None
    is_ours = Target(probed.profile, probed.base_url, probed.project_id) == config.target
    return probed if is_ours else None
