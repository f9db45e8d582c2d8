"""What the next steps of a workflow need to know about edits made on Scenario, as outputs of this one. Pure."""

from collections.abc import Mapping

from syncjob.report.item_store import notable
from syncjob.report.model import Item, Report
from syncjob.report.summary import has_compared_nothing, is_error
from syncjob.text.tags import is_id

_MOST = 500  # ids in an output: they have to fit into one variable of a script, which Linux holds to 128 KiB
_ENDED = frozenset({0, 1, 3})  # exit codes of a run that came to its end
_DOUBTS = frozenset({"merge-marker", "merge-guess"})
_PASSING = frozenset({"unavailable", "rate-limited"})  # codes of errors that may be over by the next request


def outputs(report: Report) -> Mapping[str, str]:
    """By name; docs/interface.md says what each means. Those of another command are empty."""
    given = dict.fromkeys(("edits", "edited", "brought", "complete"), "")
    if report.command == "diff" and report.exit_code in _ENDED:
        found, ids = _found(report)
        given |= {"edits": found, "edited": " ".join(ids)}
    elif report.command == "pull" and not report.dry_run:
        brought = _brought(report)
        is_complete = len(brought) <= _MOST and _is_whole(report)
        given |= {"brought": " ".join(brought[:_MOST]), "complete": "true" if is_complete else "false"}
    return given


def names_too_few(report: Report) -> str | None:
    """What to say if the output `edited` does not name all edits of a diff; None if it does."""
    number = len(_edited(report)) if report.command == "diff" else 0
    return f"{number:,} edits on Scenario: the output `edited` names the first {_MOST}" if number > _MOST else None


def _found(report: Report) -> tuple[str, list[str]]:
    """`some`, with ids; `none` if everything could be compared; "" if that is not known.

    With edits comes what could not be read just then: nothing is made of them until a pull has read that too.
    """
    edited, unread = _edited(report), _unread(report)
    if edited and not (unread and len(edited) + len(unread) > _MOST):
        return "some", [*edited[:_MOST], *unread]
    return "" if report.summary.invalid or has_compared_nothing(report) else "none", []


def _unread(report: Report) -> list[str]:
    return [item.model_id for item in notable(report.items) if _is_unread(item) and is_id(item.model_id)]


def _is_unread(item: Item) -> bool:
    """One without a file is none: a pull would make its file."""
    return bool(item.path) and item.action == "invalid" and item.error is not None and item.error.code in _PASSING


def _edited(report: Report) -> list[str]:
    return [item.model_id for item in notable(report.items) if _may_be_edited(item) and is_id(item.model_id)]


def _may_be_edited(item: Item) -> bool:
    """One that is doubtful counts: only a pull can tell, and it says so. The text of another branch is none."""
    return item.action == "conflict" and not any(problem.code == "behind" for problem in item.problems)


def _brought(report: Report) -> list[str]:
    return [item.model_id for item in report.items if _may_be_brought(item) and is_id(item.model_id)]


def _may_be_brought(item: Item) -> bool:
    """Whether nobody has to look at it first; of an unchanged file the acknowledged line may be new."""
    is_written = item.status == "applied" and item.action in ("create", "update")
    is_there = item.action == "unchanged" and item.before_sha256 is not None
    return (is_written or is_there) and _DOUBTS.isdisjoint(problem.code for problem in item.problems)


def _is_whole(report: Report) -> bool:
    """Whether all texts could be read, and what was to be written was."""
    has_ended = report.exit_code in _ENDED and not any(map(is_error, report.problems))
    return has_ended and not any(map(_is_unfinished, notable(report.items)))


def _is_unfinished(item: Item) -> bool:
    return item.error is not None or item.status in ("failed", "not_attempted")
