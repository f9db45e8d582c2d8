"""Many ids looked up in as few calls as the API allows, whatever it does with one that it does not know."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import TypeVar

from syncjob import errors
from syncjob.scenario import types

_Row = TypeVar("_Row", types.Asset, types.ModelRow)


def in_bulk(
    ids: Iterable[str],
    per_call: int,
    ask: Callable[[Sequence[str]], Sequence[_Row]],
    ask_one: Callable[[str], _Row],
) -> list[_Row]:
    """The rows of all ids that exist, in batches; rows are matched by id, never by place."""
    wanted = list(dict.fromkeys(ids))
    remaining = iter(wanted)
    rows: dict[str, _Row] = {}
    while batch := list(islice(remaining, per_call)):
        rows |= {row.id: row for row in _settle(batch, ask, ask_one)}
    return [rows[id_] for id_ in wanted if id_ in rows]


def _settle(
    batch: Sequence[str], ask: Callable[[Sequence[str]], Sequence[_Row]], ask_one: Callable[[str], _Row]
) -> list[_Row]:
    """A batch's rows; one that is refused whole is halved, down to looking single ids up.

    What a bulk call does with an id that it does not know, or may not show, is not documented: it
    may leave it out, or refuse the batch. Raises Forbidden where nothing at all may be looked up.
    """
    try:
        return list(ask(batch))
    except (errors.NotFound, errors.Rejected):
        pass
    except errors.Forbidden:
        # A key without the scope is refused for every id; two single look-ups tell, not hundreds.
        if all(_is_forbidden(id_, ask_one) for id_ in {batch[0], batch[-1]}):
            raise
    if len(batch) == 1:
        return _look_up(batch[0], ask_one)
    middle = len(batch) // 2
    return _settle(batch[:middle], ask, ask_one) + _settle(batch[middle:], ask, ask_one)


def _look_up(id_: str, ask_one: Callable[[str], _Row]) -> list[_Row]:
    try:
        return [ask_one(id_)]
    except (errors.NotFound, errors.Forbidden):
        return []


def _is_forbidden(id_: str, ask_one: Callable[[str], _Row]) -> bool:
    try:
        ask_one(id_)
    except errors.Forbidden:
        return True
    except errors.NotFound:
        return False
    return False
