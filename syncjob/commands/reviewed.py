"""A saved plan -> Plans: what still fits of it, judged once more."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from syncjob.commands import reading
from syncjob.commands.planning import by_history, texts_of, within_thresholds
from syncjob.commands.run import Run
from syncjob.errors import Stopped, UsageError
from syncjob.files import regular
from syncjob.git import history
from syncjob.local import nested, scope
from syncjob.local.document import Document, name_of
from syncjob.plan import saved_plan
from syncjob.plan.compare import Change, Plan, in_order, not_compared
from syncjob.plan.saved_plan import SavedItem
from syncjob.problems import Problem, warning
from syncjob.state.cache import Memory
from syncjob.text.sanitize import shorten

_NAMED = 1000  # characters of names in one message


def plans_of_saved(run: Run, path: Path) -> Iterator[Plan]:
    """What a saved plan holds, where it still fits; raises UsageError where the file is no such plan."""
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
    source = _Reviewed(scope.Files(config, there, worktree, below), writes)

    def documents() -> Iterator[Document]:
        return (source.unread(name) if run.stop.requested else source.read(name) for name in names)

    blocked = in_order(saved_plan.blocked(item, config.shown_folder) for item in saved.blocked)
    if not run.options.keep_going and (blocked or not all(document.is_valid for document in documents())):
        yield Plan(in_order((*blocked, *map(not_compared, documents()))))
        return
    yield Plan(blocked, is_partial=True)
    with texts_of(run, worktree.encodings) as texts:
        judge = _Judge(run, writes, texts)
        plans = reading.plans(run, names, source, judge, Memory(None), "one")
        plans = (replace(plan, problems=(*plan.problems, *judge.warnings())) for plan in plans)
        yield from within_thresholds(run, plans, len(there), not there, will_write=True)


class _Reviewed:
    """The documents of a plan's writes as they are now, with a problem where a file is not what was reviewed."""

    def __init__(self, files: scope.Files, writes: Mapping[str, SavedItem]) -> None:
        self._files = files
        self._writes = writes

    def read(self, name: str) -> Document:
        document = self._files.read(name)
        return saved_plan.as_reviewed(document, self._writes[document.model_id])

    def unread(self, name: str) -> Document:
        return self._files.unread(name)


class _Judge:
    """Judges the changes of a saved plan again: anybody may have written its file, or git may know better by now."""

    def __init__(self, run: Run, writes: Mapping[str, SavedItem], texts: history.Texts) -> None:
        self._writes = writes
        self._texts = texts
        self._judged = by_history(run, texts)
        self._overwriting: list[str] = []
        self._gap: str | None = None

    def __call__(self, change: Change) -> Change:
        item = self._writes[change.model_id]
        planned = saved_plan.as_planned(change, item)
        if item.overwrites_remote_edit:
            self._overwriting += [change.model_id] if planned.is_write else []
            return planned
        judged = self._judged(planned)
        gap = self._texts.gap(name_of(change.model_id))
        if judged.action == "conflict" and planned.is_write and gap:
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
