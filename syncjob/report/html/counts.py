"""The numbers at the top of the page, and which of its models each of them counts. Pure."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from syncjob.report.model import Item, Report
from syncjob.report.summary import invalid, is_uncompared, uncompared

_ENDS = {
    "applied": "applied",
    "failed": "failed",
    "refused": "refused",
    "not_attempted": "not attempted",
    "in_part": "written in part",
    "uncertain": "may have been written",
}


class Count(NamedTuple):
    """A number; `first` is the anchor of the first model on the page that it counts, None if there is none."""

    kind: str
    number: int
    label: str
    first: str | None


def counts(report: Report, listed: Iterable[tuple[Item, str]]) -> Iterator[Count]:
    """All of them, in order; `listed` are the items on the page, each with its anchor."""
    first: dict[str, str] = {}
    for item, anchor in listed:
        for kind in kinds(item):
            first.setdefault(kind, anchor)
    for kind, number, label in _numbers(report):
        yield Count(kind, number, label, first.get(kind) if number else None)


def kinds(item: Item) -> Iterator[str]:
    """The numbers that count an item, as the summary counts it; what was not compared is not invalid."""
    yield "unseen" if is_uncompared(item) else item.action
    if item.status not in ("planned", "unchanged"):
        yield item.status
    if item.error and item.error.code == "remote-normalised":
        yield "in_part"
    if any(problem.code == "write-uncertain" for problem in item.problems):
        yield "uncertain"


def _numbers(report: Report) -> Iterator[tuple[str, int, str]]:
    summary = report.summary
    for kind in ("create", "update", "delete"):
        yield kind, getattr(summary, kind), f"to {kind}"
    yield "unchanged", summary.unchanged, "unchanged"
    yield "conflict", summary.conflict, "in conflict"
    yield "invalid", invalid(report), "invalid"
    if unseen := uncompared(report):
        yield "unseen", unseen, "not compared"
    if not report.dry_run:
        for kind, label in _ENDS.items():
            yield kind, getattr(summary, kind), label
