"""How much a run may change without `--force`. Pure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from syncjob.config.schema import Safety
from syncjob.plan.compare import Change
from syncjob.problems import Problem, warning

_ALWAYS_ALLOWED = 10


@dataclass(frozen=True, slots=True)
class Tally:
    """How many descriptions a run would change: `touched` count, `deleted` are among them, `reviewed` do not count."""

    touched: int = 0
    deleted: int = 0
    reviewed: int = 0

    def plus(self, changes: Iterable[Change], is_reviewed: Callable[[Change], bool] = lambda change: False) -> "Tally":
        """With more changes; a deletion counts, whoever reviewed it."""
        changes = list(changes)
        updates = [change for change in changes if change.action == "update"]
        reviewed = sum(map(is_reviewed, updates))
        deleted = sum(change.action == "delete" for change in changes)
        touched = len(updates) - reviewed + deleted
        return Tally(self.touched + touched, self.deleted + deleted, self.reviewed + reviewed)


def over_threshold(
    tally: Tally, files: int, safety: Safety, *, is_emptied: bool = False, has_force: bool = True
) -> Iterator[Problem]:
    """Why a run over `files` descriptions in all needs `--force`; `is_emptied`: the folder now holds none.

    `has_force`: whoever reads this can give the command at hand that option.
    """
    allowed = _allowed(files, safety)
    if tally.touched > allowed:
        limit = f"safety.max_change_percent {safety.max_change_percent}, never under {_ALWAYS_ALLOWED}"
        apart = f", apart from {tally.reviewed} that commits changed" if tally.reviewed else ""
        what = (
            f"{tally.touched} of {files} descriptions would be changed or deleted{apart}, more than {allowed} ({limit})"
        )
        yield _too_many(what, _way_out("safety.max_change_percent", has_force=has_force))
    if tally.deleted and is_emptied:
        what = f"the folder holds no description any more, and {tally.deleted} would be deleted on Scenario"
        yield _too_many(what, _way_out(None, has_force=has_force))
    if tally.deleted > safety.max_deletes:
        what = f"{tally.deleted} descriptions would be deleted, more than safety.max_deletes ({safety.max_deletes})"
        yield _too_many(what, _way_out("safety.max_deletes", has_force=has_force))


def large_review(tally: Tally, files: int, safety: Safety) -> Iterator[Problem]:
    """A warning if a run passes the threshold only because much of it was reviewed."""
    changed = tally.touched + tally.reviewed
    if tally.reviewed and changed > _allowed(files, safety):
        before = files + tally.deleted
        share = f"{changed} of {before} descriptions ({round(100 * changed / before)} %)"
        why = "commits changed their files or acknowledged lines, so no threshold stops this"
        yield warning("too-many-changes", f"changes {share}; {why}")


def _allowed(files: int, safety: Safety) -> int:
    return max(_ALWAYS_ALLOWED, files * safety.max_change_percent // 100)


def _way_out(limit: str | None, *, has_force: bool) -> str:
    if has_force:
        return "use --force"
    return f"raise {limit} in the config or run `syncjob sync --force`" if limit else "run `syncjob sync --force`"


def _too_many(message: str, way_out: str) -> Problem:
    return Problem("too-many-changes", f"{message}; look at the diff, then {way_out}")
