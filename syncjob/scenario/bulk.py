"""Many ids looked up in as few calls as the API allows, whatever it does with one that it does not know."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import TypeVar

from syncjob import errors
from syncjob.scenario import types

_Row = TypeVar("_Row", types.Asset, types.ModelRow)
_REFUSED = (errors.NotFound, errors.Rejected, errors.Forbidden)
_OF_AN_ID = (400, 410, 422)  # that it is malformed, or gone; any other rejection is of the request, whatever its id


def in_bulk(
    ids: Iterable[str], per_call: int, ask: Callable[[Sequence[str]], Sequence[_Row]], ask_one: Callable[[str], _Row]
) -> list[_Row]:
    """The rows of all ids that exist, in batches; rows are matched by id, never by place.

    What a bulk call does with an id that it does not know, or may not show, is not documented: it
    may leave it out, or refuse the batch. Raises Forbidden if nothing at all may be looked up, and Rejected if that is
    no word of the API about an id.
    """
    wanted = list(dict.fromkeys(ids))
    remaining = iter(wanted)
    rows: dict[str, _Row] = {}
    while batch := list(islice(remaining, per_call)):
        try:
            found = list(ask(batch))
        except _REFUSED as error:
            # A key without the scope is refused for every id; two single look-ups tell, not hundreds.
            is_about_all = isinstance(error, errors.Forbidden) and not rows
            if is_about_all and all(_is_forbidden(id_, ask_one) for id_ in {batch[0], batch[-1]}):
                raise
            found = _settle(batch, ask, ask_one)
        rows |= {row.id: row for row in found}
    return [rows[id_] for id_ in wanted if id_ in rows]


def _settle(
    batch: Sequence[str], ask: Callable[[Sequence[str]], Sequence[_Row]], ask_one: Callable[[str], _Row]
) -> list[_Row]:
    """The rows of a batch that was refused whole: halved, down to looking single ids up."""
    middle = len(batch) // 2
    rows: list[_Row] = []
    for half in filter(None, (batch[:middle], batch[middle:])):
        try:
            rows += ask(half) if len(half) > 1 else [ask_one(half[0])]
        except _REFUSED as error:
            if len(half) == 1 and not _is_about_id(error):
                raise
            rows += _settle(half, ask, ask_one) if len(half) > 1 else []
    return rows


def _is_about_id(error: errors.ScenarioError) -> bool:
    is_own = error.http_status in _OF_AN_ID and not error.ambiguous
    return is_own or not isinstance(error, errors.Rejected)


def _is_forbidden(id_: str, ask_one: Callable[[str], _Row]) -> bool:
    try:
        ask_one(id_)
    except _REFUSED as error:
        return isinstance(error, errors.Forbidden)
    return False
