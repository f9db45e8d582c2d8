"""A plan as a file: what was reviewed, by digests alone, so that just that is applied. Pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

import msgspec

from syncjob.config.config import Config, Target
from syncjob.errors import UsageError
from syncjob.local.document import Document
from syncjob.local.names import name_of
from syncjob.plan.compare import WRITES, Change
from syncjob.problems import Problem, warning
from syncjob.state.constraints import Line, Sha256, plain
from syncjob.text.canonical import sha256
from syncjob.text.sanitize import unbroken
from syncjob.text.tags import is_id

MAX_BYTES = 64_000_000


class SavedItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One change of a plan; the digests are of canonical texts, null for no text.

    `overwrites_remote_edit` says that the text on Scenario is not git's, and is to go all the same.
    """

    model_id: str
    action: Literal["create", "update", "delete", "conflict", "invalid"]
    before_sha256: Sha256 | None
    after_sha256: Sha256 | None
    overwrites_remote_edit: bool = False

    @property
    def is_write(self) -> bool:
        return self.action in WRITES


class SavedPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file that `--plan-out` writes, without what changes nothing; `digest` is over all the rest, and shows an edit."""

    version: Literal[1]
    profile: Line
    base_url: Line
    project_id: Line | None
    digest: Line
    items: tuple[SavedItem, ...]

    @property
    def writes(self) -> dict[str, SavedItem]:
        """What is to be written, by model id."""
        return {item.model_id: item for item in self.items if item.is_write}

    @property
    def blocked(self) -> list[SavedItem]:
        """What was refused already when the plan was made."""
        return [item for item in self.items if not item.is_write]


def save(items: Iterable[SavedItem], config: Config) -> str:
    """A plan of these items as indented JSON with a final newline."""
    saved = SavedPlan(1, config.profile, config.base_url, config.project_id, "", tuple(items))
    saved = msgspec.structs.replace(saved, digest=_digest(saved))
    return msgspec.json.format(msgspec.json.encode(saved), indent=2).decode() + "\n"


def load(data: bytes, config: Config, shown: str) -> SavedPlan:
    """The plan that a file holds; raises UsageError if it is none, was edited, or is for another project."""
    try:
        saved = msgspec.json.decode(data, type=SavedPlan)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            f"{shown} is not a plan of syncjob: {plain(error)}; make one with `syncjob diff --plan-out`"
        ) from error
    writes = [item.model_id for item in saved.items if item.is_write]
    # What is blocked may be the name of a bad file, which is no id, but is never more than a line.
    are_ids = all(map(is_id, writes)) and all(unbroken(item.model_id) == item.model_id for item in saved.items)
    if saved.digest != _digest(saved) or len(set(writes)) < len(writes) or not are_ids:
        raise UsageError(f"{shown} was changed since it was written: its digest does not match; make a new plan")
    theirs = Target(saved.profile, saved.base_url, saved.project_id)
    if theirs != config.target:
        raise UsageError(f"{shown} is a plan for {theirs}, not for {config.target}")
    return saved


def _digest(saved: SavedPlan) -> str:
    bare = msgspec.structs.replace(saved, digest="")
    return f"sha256:{hashlib.sha256(msgspec.json.encode(bare, order='sorted')).hexdigest()}"


def as_reviewed(document: Document, item: SavedItem) -> Document:
    """The document, with a problem if the file is not what the plan was made from."""
    if not document.is_valid or sha256(document.text) == item.after_sha256:
        return document
    what = "is here again" if item.action == "delete" else "has changed" if document.text else "is gone"
    stale = _stale(f"the file {what} since the plan was made; make a new plan")
    return replace(document, problems=(*document.problems, stale))


def as_planned(change: Change, item: SavedItem) -> Change:
    """The change, as a `conflict` if Scenario no longer holds what the plan was made from, nor what it asks for."""
    if not change.is_write:
        return change
    if (change.before_sha256, change.action) != (item.before_sha256, item.action):
        stale = _stale("edited on Scenario since the plan was made; make a new plan")
        return replace(change, action="conflict", problems=(*change.problems, stale))
    if not item.overwrites_remote_edit:
        return change
    problem = warning("remote-edited", "an edit made on Scenario is overwritten, because the plan says so")
    return replace(change, problems=(*change.problems, problem))


def blocked(item: SavedItem, shown_folder: str) -> Change:
    """What the plan itself holds as refused; nothing is asked for it."""
    problem = _stale(f"the plan holds this as {item.action}: settle it, then make a new plan")
    return Change(item.model_id, f"{shown_folder}/{name_of(item.model_id)}", item.action, problems=(problem,))


def _stale(message: str) -> Problem:
    return Problem("stale-plan", message)
