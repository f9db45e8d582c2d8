"""Errors lead to what is said of their codes: once on a terminal, each by itself where there are links."""

from syncjob.problems import CALLED_OFF
from syncjob.report.help import help_line
from syncjob.report.model import ItemProblem, RunProblem
from tests.report.test_headline import BAD, BEHIND, CUT, DOWN, EDITED, report
from tests.report.test_markdown import item_of


def test_the_codes_of_errors_are_named_once_and_those_of_whoever_ended_the_run_are_not() -> None:
    warned = item_of("w", problems=(ItemProblem("reference-private", "warning", "private"),))
    named = "What each code means: docs/troubleshooting.md#remote-edited, #tag-malformed"
    assert help_line(report([EDITED, BAD, warned, EDITED])) == named
    assert help_line(report([EDITED, BAD, DOWN, BEHIND])) == f"{named}, #unavailable, …"
    assert help_line(report([warned], [CUT, RunProblem(CALLED_OFF.code, "error", "no")])) is None
