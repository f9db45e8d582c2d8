"""What `doctor --probe` found out about the API beyond its documentation, kept in the state folder for later runs."""

from pathlib import Path
from typing import Literal
from urllib.parse import quote

import msgspec

from syncjob import files, log
from syncjob.config import Config
from syncjob.state import state_folder


class Finding(msgspec.Struct, frozen=True):
    """One question about the API, its answer, and what that means for a run."""

    question: str
    answer: str
    meaning: str


class Learnt(msgspec.Struct, frozen=True):
    """What later runs use; the defaults hold where nothing was found out.

    `null_is_no_description`: GET answers `{"description": null}` for a model without a description.
    `updated_at_moves`: an edit of a description moves the `updatedAt` of its model in listings.
    `refused_bytes`: the least size of a text, in bytes of UTF-8, that was refused; null where none was.
    `no_description`: what GET answers for a model without one: "empty", "null-value", "null" or "404".
    """

    null_is_no_description: bool = False
    updated_at_moves: bool = False
    refused_bytes: int | None = None
    no_description: str | None = None


class Probed(msgspec.Struct, frozen=True):
    """The file: what was found out, about which project, and when (UTC, ISO 8601)."""

    version: Literal[1]
    profile: str
    base_url: str
    project_id: str | None
    model_id: str
    probed_at: str
    learnt: Learnt
    findings: tuple[Finding, ...]


def path_of(config: Config) -> Path:
    """Where a profile's findings are kept."""
    return config.state_dir / f"{quote(config.profile, safe='')}.learnt.json"


def save(config: Config, probed: Probed) -> None:
    """Keeps the findings in place of earlier ones; raises OSError."""
    state_folder(config.state_dir)
    files.write(path_of(config), msgspec.json.format(msgspec.json.encode(probed), indent=2) + b"\n")


def load(config: Config) -> Probed | None:
    """The findings of a profile; None where there are none, or they are about another project or base URL."""
    try:
        probed = msgspec.json.decode(path_of(config).read_bytes(), type=Probed)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        log.event(
            "warning", "learnt", message=f"{path_of(config)} cannot be read; syncjob doctor --probe makes it anew"
        )
        return None
    is_ours = (probed.base_url, probed.project_id) == (config.base_url, config.project_id)
    return probed if is_ours else None
