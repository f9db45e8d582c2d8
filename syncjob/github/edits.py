"""What the next steps of a workflow need to know about edits made on Scenario, as outputs of this one. Pure."""

from collections.abc import Iterator, Sequence

from syncjob.report.item_store import notable
from syncjob.report.model import Item, Report
from syncjob.report.summary import has_compared_nothing, is_error
from syncjob.text.tags import is_id

_MOST = 500  # ids in an output: they have to fit into one variable of a script, which Linux holds to 128 KiB
_ENDED = frozenset({0, 1, 3})  # exit codes of a run that came to its end
_DOUBTS = frozenset({"merge-marker", "merge-guess"})


def outputs(report: Report) -> dict[str, str]:
    """By name; docs/interface.md says what each means, and of which command. The ids have blanks between."""
    return {
        "edits": _found(report),
        "edited": " ".join(_edited(report)[:_MOST]),
        "brought": " ".join(_brought(report)[:_MOST]),
        "complete": _complete(report),
    }


def cuts(report: Report) -> Iterator[tuple[str, str]]:
    """Each output that does not name all there are, and what to say of it."""
    for name, ids, what in (
        ("edited", _edited(report), "edits on Scenario"),
        ("brought", _brought(report), "files for a pull request"),
    ):
        if len(ids) > _MOST:
            yield name, f"{len(ids):,} {what}: the output `{name}` names the first {_MOST}"


def _found(report: Report) -> str:
    """`some`; `none` if everything could be compared; "" if that is not known."""
    if report.command != "diff" or report.exit_code not in _ENDED:
        return ""
    if _edited(report):
        return "some"
    return "" if report.summary.invalid or has_compared_nothing(report) else "none"


def _edited(report: Report) -> Sequence[str]:
    if report.command != "diff" or report.exit_code not in _ENDED:
        return ()
    return [item.model_id for item in notable(report.items) if _may_be_edited(item) and is_id(item.model_id)]


def _may_be_edited(item: Item) -> bool:
    """One that is doubtful counts: only a pull can tell, and it says so. The text of another branch is none."""
    return item.action == "conflict" and not any(problem.code == "behind" for problem in item.problems)


def _brought(report: Report) -> Sequence[str]:
    if report.command != "pull" or report.dry_run:
        return ()
    return [item.model_id for item in report.items if _may_be_brought(item) and is_id(item.model_id)]


def _may_be_brought(item: Item) -> bool:
    """Whether nobody has to look at it first; of an unchanged file the acknowledged line may be new."""
    is_written = item.status == "applied" and item.action in ("create", "update")
    is_there = item.action == "unchanged" and item.before_sha256 is not None
    return (is_written or is_there) and _DOUBTS.isdisjoint(problem.code for problem in item.problems)


def _complete(report: Report) -> str:
    """Whether all texts could be read, and what was to be written was."""
    if report.command != "pull" or report.dry_run:
        return ""
    has_ended = report.exit_code in _ENDED and not any(map(is_error, report.problems))
    return "true" if has_ended and not any(map(_is_unfinished, notable(report.items))) else "false"


def _is_unfinished(item: Item) -> bool:
    return item.error is not None or item.status in ("failed", "not_attempted")
