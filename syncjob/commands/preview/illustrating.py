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
from syncjob.scenario.resources import ASSETS_PER_CALL
from syncjob.text.tags import find


def referred(run: Run, seen: Mapping[str, Seen]) -> dict[Key, Entry]:
    """What is known of the things that texts refer to; assets that a diff does not look up are, in one call."""
    known = {entry.key: entry for each in seen.values() for entry in _known(each)}
    missing = dict.fromkeys(key for key in _not_looked_up(run, seen) if key not in known)
    asked = set(islice(missing, ASSETS_PER_CALL))
    return {**known, **run.look_up(asked).entries} if asked else known


def illustrations(run: Run, seen: Mapping[str, Seen], known: Mapping[Key, Entry]) -> dict[str, Picture | str]:
    """The pictures of all assets that are known, those of what differs first; the page is for this machine alone."""
    first = assets_of(each.change for each in seen.values())
    rest = (entry for entry in known.values() if entry.kind == "asset")
    return pictures_of(run, [*first, *rest], may_reach_strangers=False)


def _known(seen: Seen) -> Iterator[Entry]:
    yield from seen.change.known
    if isinstance(seen.existing, Held):
        yield from seen.existing.known


def _not_looked_up(run: Run, seen: Mapping[str, Seen]) -> Iterator[Key]:
    """The assets of texts that are in step, in conflict or on Scenario alone, of the file that was saved last first."""

    def saved_at(name: str) -> int:
        return regular.saved_at(regular.mark(run.config.folder / name))

    for each in (seen[name] for name in sorted(seen, key=saved_at, reverse=True)):
        own = "" if each.change.is_write or each.change.action == "invalid" else each.change.after
        texts = (own, each.existing.text if isinstance(each.existing, Held) else "")
        yield from ((tag.kind, tag.id) for text in texts for tag in find(text)[0] if tag.kind == "asset")
