"""The pictures of what a run's changes refer to, for a page."""

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
    return replace(
        result, pictures=pictures_of(run, assets_of(result.changes), may_reach_strangers=may_reach_strangers)
    )


def pictures_of(run: Run, assets: Iterable[Entry], *, may_reach_strangers: bool) -> dict[str, Picture | str]:
    """A picture by the id of each asset, or the reason why there is none; the first are asked for first."""
    addresses: dict[str, str] = {}
    found: dict[str, Picture | str] = {}
    for entry in assets:
        address = entry.media.address if entry.media else None
        if may_reach_strangers and entry.privacy not in _SHOWN_TO_ALL:
            found[entry.id] = _PRIVATE
        elif address is None:
            found[entry.id] = _NO_PREVIEW
        else:
            addresses[entry.id] = address
    return {**found, **fetch(run.client.pictures(), addresses, run.stop)}


def assets_of(changes: Iterable[Change]) -> Iterable[Entry]:
    """What is known of the assets that the changes show, in the order of the page."""
    for change in sorted(changes, key=lambda change: (change.model_id, change.path)):
        known = {entry.key: entry for entry in change.known}
        for text in (change.before, change.after):
            yield from (known["asset", id_] for id_ in assets_in(text, known) if ("asset", id_) in known)
