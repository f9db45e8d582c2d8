"""Where it is said what a code means. Pure."""

from collections.abc import Iterator

from syncjob.problems import CALLED_OFF
from syncjob.report.item_store import notable
from syncjob.report.model import Item, Report
from syncjob.report.summary import is_error

_OF_WHOEVER_RAN_IT = frozenset({CALLED_OFF.code, "interrupted"})
_NAMED = 3  # codes in a line


def help_of(report: Report) -> str:
    """The address of the page about problem codes, "" if it is not known."""
    return report.help if report.help.startswith("https://") else ""


def help_line(report: Report) -> str | None:
    """Leads to what is said of the codes of errors; None if there are none, or whoever ended the run knows them."""
    of_the_run = [problem.code for problem in report.problems if is_error(problem)]
    codes = dict.fromkeys([*of_the_run, *(code for item in notable(report.items) for code in _codes(item))])
    named = [f"#{code}" for code in codes if code not in _OF_WHOEVER_RAN_IT]
    more = ", …" if len(named) > _NAMED else ""
    return f"What each code means: {report.help}{', '.join(named[:_NAMED])}{more}" if named else None


def _codes(item: Item) -> Iterator[str]:
    yield from (problem.code for problem in item.problems if is_error(problem))
    if item.error:
        yield item.error.code
