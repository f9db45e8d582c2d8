"""What the files of a preview refer to, looked up and fetched once, so that a save need not ask for it."""

from collections.abc import Iterator, Mapping
from itertools import islice

from syncjob.commands.pictures import assets_of, pictures_of
from syncjob.commands.preview.comparing import Seen
from syncjob.commands.run import Run
from syncjob.files import regular
from syncjob.pictures.fitting import Picture
from syncjob.plan.existing import Held
from syncjob.plan.references import Entry, Key
from syncjob.scenario.resources import ASSETS_PER_CALL, MODELS_PER_CALL
from syncjob.text.tags import Kind, find

# What a diff does not look up, in 25 calls: however many files there are, a preview begins soon.
_MOST: Mapping[Kind, int] = {"asset": 5 * ASSETS_PER_CALL, "model": 20 * MODELS_PER_CALL}
_MOST_PICTURES = 200  # of what does not differ
_NOT_FETCHED = f"a preview fetches no more than {_MOST_PICTURES} of what is in step; start it again after the edit"


def referred(run: Run, seen: Mapping[str, Seen]) -> tuple[dict[Key, Entry], frozenset[Key]]:
    """What is known of the things that texts refer to, those of files saved last first, and what was not looked up."""
    known = {entry.key: entry for each in seen.values() for entry in _known(each)}
    missing = dict.fromkeys(key for key in _not_looked_up(run, seen) if key not in known)
    asked = {key for kind, most in _MOST.items() for key in islice((key for key in missing if key[0] == kind), most)}
    if not asked:
        return known, frozenset(missing)
    found = run.look_up(asked)
    ordered = {key: found.entries[key] for key in missing if key in found.entries}
    return {**known, **ordered}, frozenset(missing.keys() - asked | found.failures.keys())


def illustrations(run: Run, seen: Mapping[str, Seen], known: Mapping[Key, Entry]) -> dict[str, Picture | str]:
    """The pictures of the assets that are known, those of what differs first; the page is for this machine alone."""
    first = dict.fromkeys(assets_of(each.change for each in seen.values()))
    rest = [entry for entry in known.values() if entry.kind == "asset" and entry not in first]
    fetched = pictures_of(run, [*first, *rest[:_MOST_PICTURES]], may_reach_strangers=False)
    return {**fetched, **{entry.id: _NOT_FETCHED for entry in rest[_MOST_PICTURES:]}}


def _known(seen: Seen) -> Iterator[Entry]:
    yield from seen.change.known
    if isinstance(seen.existing, Held):
        yield from seen.existing.known


def _not_looked_up(run: Run, seen: Mapping[str, Seen]) -> Iterator[Key]:
    """Models without a name, and what texts show that are in step, in conflict or on Scenario alone; saved last first."""

    def saved_at(name: str) -> int:
        return regular.saved_at(regular.mark(run.config.folder / name))

    for each in (seen[name] for name in sorted(seen, key=saved_at, reverse=True)):
        own = "" if each.change.is_write or each.change.action == "invalid" else each.change.after
        texts = (own, each.existing.text if isinstance(each.existing, Held) else "")
        if each.change.model_name is None:
            yield "model", each.change.model_id
        yield from ((tag.kind, tag.id) for text in texts for tag in find(text)[0])
