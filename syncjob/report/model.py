"""The report: one frozen value that every format renders. Its JSON schema is docs/report.schema.json."""

from collections.abc import Collection
from typing import Literal

from msgspec import Struct

ItemAction = Literal["create", "update", "delete", "unchanged", "conflict", "invalid", "checked"]
ItemStatus = Literal["planned", "applied", "unchanged", "failed", "refused", "not_attempted"]


class ItemProblem(Struct, frozen=True):
    """A problem of one item; `line` and `column` count from 1, in characters.

    A `remote-edited` that is `doubtful` may be no edit of anybody: git cannot tell, or Scenario stores another form.
    """

    code: str
    severity: Literal["error", "warning", "note"]
    message: str
    line: int | None = None
    column: int | None = None
    doubtful: bool = False


class RunProblem(ItemProblem, frozen=True):
    """A problem of the run as a whole; `path` is null if it is about no file."""

    path: str | None = None


class ItemError(Struct, frozen=True):
    """Why a call for an item failed; `http_status` is null if no response came."""

    code: str
    message: str
    http_status: int | None
    attempts: int


class RemoteEdit(Struct, frozen=True):
    """What was edited on Scenario: `diff` leads from the text that git held at `commit` to the one on Scenario.

    Of all the texts that git held for the file it is the one closest to Scenario's, so a guess. `own_diff` leads from
    the same text to the file, "" if that is the same or gone.
    """

    commit: str
    diff: str
    own_diff: str = ""


class Item(Struct, frozen=True):
    """One selected description.

    The digests are of canonical texts, null for no text. `diff` is a unified diff, "" if nothing
    changes. An item that could not be compared has the action `invalid`. `remote_edit` is null
    if the text on Scenario is git's own, or git held none.
    """

    model_id: str
    model_name: str | None
    path: str
    action: ItemAction
    status: ItemStatus
    before_sha256: str | None = None
    after_sha256: str | None = None
    lines_added: int = 0
    lines_removed: int = 0
    diff: str = ""
    remote_edit: RemoteEdit | None = None
    problems: tuple[ItemProblem, ...] = ()
    error: ItemError | None = None


def is_plain(item: Item) -> bool:
    """Whether an item is in step, and no more is to be said of it."""
    return item.action == item.status == "unchanged" and not (item.problems or item.error)


class Summary(Struct, frozen=True):
    """How many items have each action, then how many writes ended in each way.

    `uncertain` are those of the failed and refused ones that may have been written all the same,
    `in_part` those of the failed ones of which Scenario holds a part.
    """

    create: int = 0
    update: int = 0
    delete: int = 0
    unchanged: int = 0
    conflict: int = 0
    invalid: int = 0
    applied: int = 0
    failed: int = 0
    refused: int = 0
    not_attempted: int = 0
    uncertain: int = 0
    in_part: int = 0


class Requests(Struct, frozen=True):
    """The requests sent, retries among them; `waited_seconds` is the time in which any worker waited."""

    total: int = 0
    get: int = 0
    put: int = 0
    post: int = 0
    retries: int = 0
    waited_seconds: float = 0.0


class Report(Struct, frozen=True):
    """One run. Times are UTC, ISO 8601; `dry_run` is true if the run could not write.

    With `keep_going` an item that is refused keeps nothing else from being written. The items are sorted by model id.
    `help` is the address of the page about problem codes, or its name if the address is not known: `#tag-malformed`.
    """

    version: Literal[1]
    run: str
    command: Literal["check", "diff", "sync", "pull", "acknowledge", "rollback"]
    profile: str
    dry_run: bool
    started_at: str
    finished_at: str
    exit_code: int
    summary: Summary
    requests: Requests
    items: Collection[Item]
    problems: tuple[RunProblem, ...] = ()
    keep_going: bool = False
    help: str = "docs/troubleshooting.md"
