"""What of a report a saved plan holds. Pure."""

from collections.abc import Iterable, Iterator

from syncjob.plan.compare import WRITES
from syncjob.plan.saved_plan import SavedItem
from syncjob.report.model import Item


def to_save(items: Iterable[Item]) -> Iterator[SavedItem]:
    """What of a report's planned items is worth saving."""
    for item in items:
        action = item.action
        if action == "unchanged" or action == "checked":
            continue
        is_over_edit = action in WRITES and any(
            problem.code == "remote-edited" and problem.severity == "warning" for problem in item.problems
        )
        yield SavedItem(item.model_id, action, item.before_sha256, item.after_sha256, is_over_edit)
