"""What a preview knows when it begins: which files it is about, and once what Scenario holds for them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from syncjob.commands.preview.comparing import Seen
from syncjob.commands.preview.illustrating import illustrations, referred
from syncjob.commands.reading import in_parallel
from syncjob.commands.run import Run
from syncjob.commands.sync import job
from syncjob.errors import Stopped
from syncjob.git.worktree import Worktree
from syncjob.local import scope
from syncjob.local.names import is_name, name_of
from syncjob.plan.compare import Change
from syncjob.plan.existing import Absent, Existing, Held
from syncjob.plan.references import Entry, Key
from syncjob.problems import Failure, Problem
from syncjob.report.html.gallery import Pictures
from syncjob.text.canonical import sha256


@dataclass(frozen=True, slots=True)
class Start:
    """What was known at the start; `seen` is by file name, None if Scenario was not asked.

    `known` is what any of the files refers to, `unasked` what was not looked up, and `pictures` are those of the
    assets, None if nobody can have them.
    """

    worktree: Worktree
    problems: tuple[Problem, ...]
    seen: Mapping[str, Seen] | None
    known: Mapping[Key, Entry] = field(default_factory=dict)
    pictures: Pictures | None = None
    unasked: frozenset[Key] = frozenset()

    @property
    def obstacle(self) -> str | None:
        """What kept all files from being compared; None if some were, or there was nothing to compare."""
        seen = (self.seen or {}).values()
        failures = filter(None, (each.change.failure for each in seen))
        errors = [problem.message for problem in self.problems if problem.is_error]
        errors += [failure.message for failure in failures if failure.code != "interrupted"]
        is_compared = any(each.existing for each in seen)
        return errors[0] if errors and not is_compared else None


def read(run: Run, *, is_offline: bool) -> Start:
    """Looks at the files and, unless it `is_offline`, asks Scenario as a diff does; raises UsageError and Stopped."""
    found = scope.find(run.config, run.options.patterns, None, is_check=True, git=run.git, stop=run.stop)
    if is_offline:
        return Start(found.files.worktree, found.problems, None)
    changes: list[Change] = []
    problems: list[Problem] = []
    for plan in job.plans(run, will_write=False):
        changes += plan.changes
        problems += plan.problems
    named = {name_of(change.model_id): change for change in changes if is_name(name_of(change.model_id))}
    seen = _seen(run, found, named)
    known, unasked = referred(run, seen)
    return Start(found.files.worktree, tuple(problems), seen, known, illustrations(run, seen, known), unasked)


def _seen(run: Run, found: scope.Scope, named: Mapping[str, Change]) -> dict[str, Seen]:
    existing = {name: _existing(found, name, change) for name, change in named.items()}
    unknown = [name for name, change in named.items() if existing[name] is None and not change.failure]
    existing |= _asked(run, unknown)
    return {name: Seen(change, existing[name]) for name, change in named.items()}


def _asked(run: Run, names: Sequence[str]) -> Mapping[str, Held | Absent]:
    """What Scenario holds for files that are bad, which a diff does not compare, or were saved while it went on."""

    def ask(name: str) -> Existing:
        try:
            return run.remote.read(name.removesuffix(".md"))
        except Stopped as error:
            return Failure("interrupted", str(error))

    def found() -> Iterator[tuple[str, Held | Absent]]:
        for name, existing in in_parallel(run, names, ask, len(names)):
            if not isinstance(existing, Failure):
                yield name, existing

    return dict(found())


def _existing(found: scope.Scope, name: str, change: Change) -> Held | Absent | None:
    """What a change was made over; the text of one in step is that of its file, if that is still the same."""
    if not change.is_compared or (change.failure and change.before_sha256 is None):
        return None
    if change.action != "unchanged":
        return Held(change.before, change.known, change.read_at) if change.exists else Absent(change.read_at)
    document = found.files.read(name)
    is_same = document.is_valid and sha256(document.text) == change.after_sha256
    return Held(document.text, change.known, change.read_at) if is_same else None
