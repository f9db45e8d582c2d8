"""A saved plan -> Plans: what of it still fits, judged again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from syncjob.commands import reading
from syncjob.commands.judging import Evidence, by_history, texts_of
from syncjob.commands.planning import within_thresholds
from syncjob.commands.run import Run
from syncjob.commands.sync.uncommitted import Uncommitted, noted
from syncjob.control.workers import Stop
from syncjob.errors import Stopped, UsageError
from syncjob.files import regular
from syncjob.git.history.texts import Texts
from syncjob.local import nested, scope
from syncjob.local.document import Document
from syncjob.local.names import name_of
from syncjob.plan import saved_plan
from syncjob.plan.compare import Change, Plan, in_order, not_compared
from syncjob.plan.saved_plan import SavedItem
from syncjob.plan.suggestions import Suggestions
from syncjob.problems import Problem, warning
from syncjob.state.memory.cache import Memory
from syncjob.text.sanitize import shorten

_NAMED = 1000  # characters of names in one message


def plans_of_saved(run: Run, path: Path) -> Iterator[Plan]:
    """What of a saved plan still fits; raises UsageError if the file is no such plan."""
    config = run.config
    saved = saved_plan.load(_read(path), config, str(path))
    writes = saved.writes
    names = scope.in_order(name_of(model_id) for model_id in writes)
    there = scope.names_of(config, may_be_empty=True)
    try:
        worktree = scope.known_worktree(config, there, run.git)
        below = nested.find(config.folder, run.stop)
    except Stopped:
        files = scope.Files(config, there)
        yield Plan(in_order(not_compared(files.unread(name)) for name in names))
        return
    source = _Reviewed(config, there, worktree, below)
    source.writes = writes
    blocked = in_order(saved_plan.blocked(item, config.shown_folder) for item in saved.blocked)
    if not run.options.keep_going and (blocked or not all(each.is_valid for each in source.all(names, run.stop))):
        yield Plan(in_order((*blocked, *map(not_compared, source.all(names, run.stop)))))
        return
    yield Plan(blocked, is_partial=True)
    with texts_of(run, worktree.encodings) as texts:
        plans = _judged_again(run, names, source, _Judge(run, writes, texts))
        plans = noted(plans, Uncommitted(run), texts, will_write=True)
        yield from within_thresholds(run, plans, len(there), not there, will_write=True)


class _Reviewed(scope.Files):
    """The files of a plan's writes as they are now, with a problem if one is not what was reviewed."""

    writes: Mapping[str, SavedItem]

    def read(self, name: str) -> Document:
        document = super().read(name)
        return saved_plan.as_reviewed(document, self.writes[document.model_id])

    def all(self, names: Iterable[str], stop: Stop) -> Iterator[Document]:
        """The documents; their places alone once the run is to end."""
        return (self.unread(name) if stop.requested else self.read(name) for name in names)


def _judged_again(run: Run, names: Sequence[str], source: _Reviewed, judge: "_Judge") -> Iterator[Plan]:
    for plan in reading.plans(run, names, source, judge, Memory(), "one", Suggestions()):
        yield replace(plan, problems=(*plan.problems, *judge.warnings()))


class _Judge:
    """Judges the changes of a saved plan again: anybody may have written its file, or git may know better by now."""

    def __init__(self, run: Run, writes: Mapping[str, SavedItem], texts: Texts) -> None:
        self._writes = writes
        self._texts = texts
        self._judged = by_history(Evidence(run, texts))
        self._overwriting: list[str] = []
        self._gap: str | None = None

    def __call__(self, change: Change) -> Change:
        item = self._writes[change.model_id]
        planned = saved_plan.as_planned(change, item)
        if item.overwrites_remote_edit:
            self._overwriting += [change.model_id] if planned.is_write else []
            return planned
        judged = self._judged(planned)
        name = name_of(change.model_id)
        gap = self._texts.gap(name)
        if judged.action == "conflict" and planned.is_write and gap and not self._texts.fault(name):
            self._gap = gap
            return planned
        return judged

    def warnings(self) -> Iterator[Problem]:
        """What the plan alone vouches for, once it is all judged."""
        if self._overwriting:
            names = shorten(", ".join(sorted(self._overwriting)), _NAMED)
            message = f"the plan says to overwrite what was edited on Scenario: {names}"
            yield warning("remote-edited", message)
        if self._gap:
            message = f"what the plan overwrites was not looked up in git again: {self._gap}"
            yield warning("history-missing", message)
        self._overwriting, self._gap = [], None


def _read(path: Path) -> bytes:
    try:
        return regular.read(path, saved_plan.MAX_BYTES, follow=True)
    except OSError as error:
        raise UsageError(f"cannot read the plan {path}: {error.strerror}") from error
