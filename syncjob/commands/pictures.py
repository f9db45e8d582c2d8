"""The pictures of what a run's changes refer to, for its page."""

from collections.abc import Iterable
from dataclasses import replace

from syncjob.commands.result import RunResult
from syncjob.commands.run import Run
from syncjob.pictures.fitting import Picture
from syncjob.plan.compare import Change
from syncjob.plan.references import Entry, assets_in
from syncjob.remote.pictures import fetch

_SHOWN_TO_ALL = frozenset({"public", "unlisted"})
_PRIVATE = "it is not public, and strangers may see this page; --images all shows it"
_NO_PREVIEW = "Scenario has no preview of it"


def with_pictures(run: Run, result: RunResult, *, may_reach_strangers: bool) -> RunResult:
    """The result with a picture of each known asset that its changes refer to, or the reason why there is none."""
    addresses: dict[str, str] = {}
    found: dict[str, Picture | str] = {}
    for entry in _assets(result.changes):
        address = entry.media.address if entry.media else None
        if may_reach_strangers and entry.privacy not in _SHOWN_TO_ALL:
            found[entry.id] = _PRIVATE
        elif address is None:
            found[entry.id] = _NO_PREVIEW
        else:
            addresses[entry.id] = address
    return replace(result, pictures={**found, **fetch(run.client.pictures(), addresses, run.stop)})


def _assets(changes: Iterable[Change]) -> Iterable[Entry]:
    """Each once, in the order of the page."""
    for change in sorted(changes, key=lambda change: (change.model_id, change.path)):
        known = {entry.key: entry for entry in change.known}
        for text in (change.before, change.after):
            yield from (known["asset", id_] for id_ in assets_in(text, known) if ("asset", id_) in known)
