"""The working tree as it is now, as a page: on a save only the files that changed are read and rendered."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from syncjob.commands.preview.comparing import as_it_is
from syncjob.commands.preview.reading import Start
from syncjob.commands.result import report_of
from syncjob.commands.run import Run
from syncjob.errors import UsageError
from syncjob.files import regular
from syncjob.git.worktree import Worktree
from syncjob.local import scope
from syncjob.local.document import Document
from syncjob.local.select import select
from syncjob.pictures.fitting import FULL, MAX_PAGE, Picture
from syncjob.plan.compare import Change, Plan, left_alone
from syncjob.plan.references import Key
from syncjob.problems import Problem
from syncjob.report import build
from syncjob.report.html import page
from syncjob.report.html.article import article
from syncjob.report.html.gallery import Album, Pictures
from syncjob.report.html.rendering import Markup
from syncjob.report.model import Item
from syncjob.text.tags import find

_PAUSE = 0.3  # seconds between two looks, however many windows ask
_ROOM = 1_000_000  # characters of texts on a page; what was saved last comes first
_LEAST = 500  # that a model without texts counts as

_Mark = tuple[int, ...] | None


@dataclass(slots=True)
class _Entry:
    """One model on the page; its section is rendered when it is first shown."""

    item: Item
    change: Change
    weight: int = 0  # of its pictures
    unasked: frozenset[Key] = frozenset()
    sections: dict[tuple[str, bool], Markup] = field(default_factory=dict)  # by anchor, and whether it has pictures

    @property
    def size(self) -> int:
        return _LEAST + len(self.change.before) + len(self.change.after)

    def section(self, anchor: str, pictures: Pictures | None, *, has_room: bool) -> Markup:
        key = anchor, has_room
        if key not in self.sections:
            shown = pictures if has_room or pictures is None else dict.fromkeys(pictures, FULL)
            album = None if shown is None else Album(shown)
            self.sections = {key: article(self.item, self.change, anchor, album=album, unasked=self.unasked)}
        return self.sections[key]


class Tree:
    """The files that a run is about. Threads may share it."""

    def __init__(self, run: Run, start: Start, clock: Callable[[], float] = time.monotonic) -> None:
        self._run = run
        self._start = start
        self._clock = clock
        self._lock = threading.Lock()
        self._marks: dict[str, _Mark] = {}
        self._entries: dict[str, _Entry] = {}
        self._problem: Problem | None = None
        self._looked_at = -_PAUSE
        self._version = 0

    def version(self) -> int:
        """A number that is another once anything has changed in the folder."""
        with self._lock:
            self._look()
            return self._version

    def page(self) -> str:
        """The page of the files as they are now."""
        with self._lock:
            self._look()
            entries = sorted(self._entries.values(), key=lambda entry: (entry.item.model_id, entry.item.path))
            problems = (*self._start.problems, *([self._problem] if self._problem else []))
            report = report_of(self._run, [entry.item for entry in entries], problems, dry_run=True)
            shown = {(entry.item.model_id, entry.item.path): (entry, has_room) for entry, has_room in self._shown()}
            pictures = self._start.pictures

            def section(item: Item, change: Change, anchor: str) -> Markup:
                entry, has_room = shown[item.model_id, item.path]
                return entry.section(anchor, pictures, has_room=has_room)

            changes = [entry.change for entry, _ in shown.values()]
            return "".join(page.parts(report, changes, pictures, section=section, version=self._version))

    def _look(self) -> None:
        """Takes in what has changed, at most once in a while."""
        if self._clock() - self._looked_at < _PAUSE:
            return
        try:
            marks, problem = self._marked(), None
        except UsageError as error:
            marks, problem = self._marks, Problem("file-special", str(error))
        if marks != self._marks or problem != self._problem:
            self._take_in(marks)
            self._marks, self._problem = marks, problem
            self._version += 1
        self._looked_at = self._clock()

    def _marked(self) -> dict[str, _Mark]:
        """What tells each file as it is from a later one; raises UsageError if the folder cannot be listed."""
        config = self._run.config
        names = scope.names_of(config, may_be_empty=True)
        chosen = select(names, self._run.options.patterns, config.folder, must_match=False)
        described = (name for name, seen in (self._start.seen or {}).items() if seen.is_described)
        gone = dict.fromkeys(name for name in described if name not in chosen)
        return {**gone, **{name: regular.mark(config.folder / name) for name in chosen}}

    def _take_in(self, marks: Mapping[str, _Mark]) -> None:
        # What git said at the start is of files as they were then.
        worktree = Worktree() if self._marks else self._start.worktree
        files = scope.Files(self._run.config, [name for name, mark in marks.items() if mark], worktree)
        for name in self._entries.keys() - marks.keys():
            del self._entries[name]
        for name in marks:
            if name not in self._marks or marks[name] != self._marks[name]:
                self._entries[name] = self._entry(name, files.read(name))

    def _entry(self, name: str, document: Document) -> _Entry:
        seen = self._start.seen
        if not (document.text or document.problems):  # it is gone
            gone = self._with_known(left_alone(document))
            return _Entry(build.plan_items(Plan((gone,)))[0], gone)
        change = self._with_known(as_it_is(document, seen.get(name) if seen else None))
        if change.is_compared or change.failure:
            bare = change if change.is_compared else replace(change, after="")
            return _Entry(build.plan_items(Plan((bare,)))[0], change, self._weight(change), self._start.unasked)
        item = build.checked_item(change.model_id, change.path, change.model_name, change.problems, None)
        return _Entry(item, change, self._weight(change))

    def _with_known(self, change: Change) -> Change:
        """The change with what was found out at the start of its model and of all that its texts refer to."""
        tags = (tag for text in (change.before, change.after) for tag in find(text)[0])
        found = (self._start.known.get((tag.kind, tag.id)) for tag in tags)
        known = {entry.key: entry for entry in (*filter(None, found), *change.known)}
        own = self._start.known.get(("model", change.model_id))
        name = change.model_name or (own.name if own else None)
        return replace(change, known=tuple(known.values()), model_name=name)

    def _weight(self, change: Change) -> int:
        found = ((self._start.pictures or {}).get(entry.id) for entry in change.known if entry.kind == "asset")
        return sum(picture.weight for picture in found if isinstance(picture, Picture))

    def _shown(self) -> Iterator[tuple[_Entry, bool]]:
        """The entries that there is room for, and whether there is for their pictures; those saved last come first."""
        room, room_for_pictures = _ROOM, MAX_PAGE
        by_time = sorted(self._entries, key=lambda name: regular.saved_at(self._marks.get(name)), reverse=True)
        for entry in (self._entries[name] for name in by_time):
            if page.is_listed(entry.item, is_preview=True) and entry.size <= room:
                room -= entry.size
                has_room = entry.weight <= room_for_pictures
                room_for_pictures -= entry.weight if has_room else 0
                yield entry, has_room
