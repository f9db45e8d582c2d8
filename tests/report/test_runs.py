"""The list of runs: how many writes each was to make, and of which models."""

import json

import pytest

from syncjob.report.runs import RunRow, render_json, render_text, row_of
from syncjob.state.journal import Begin, Effect, Finish, Intent, Record, Result

RUN = "20260101T000000.000000Z-abcdef"
BEGIN = Begin(1, RUN, "sync", "production", "https://api.invalid/v1", None, "2026-01-01T00:00:00Z")
DIGEST = "a" * 64


def intent(model_id: str, name: str | None = None, planned: int | None = None) -> Intent:
    return Intent(model_id, f"descriptions/{model_id}.md", None, DIGEST, None, name, planned)


def result(model_id: str, effect: Effect = "written") -> Result:
    return Result(model_id, "applied" if effect == "written" else "failed", DIGEST, None, effect)


def row(*records: Record) -> RunRow:
    found = row_of([BEGIN, *records])
    assert found
    return found


def cut(*records: Record) -> str:
    return render_text([row(*records)]).splitlines()[1]


def below(*records: Record) -> list[str]:
    return render_text([row(*records)]).splitlines()[2:]


def test_a_killed_run_says_of_how_many_by_the_slices_that_it_began() -> None:
    of_one = intent("a", planned=500), result("a"), intent("b")
    assert "1 of 500 applied, interrupted (killed)" in cut(*of_one)
    assert "2 of 503 applied, interrupted (killed)" in cut(*of_one, result("b"), intent("c", planned=3))
    # A journal of an older version says how many it began.
    assert "1 of 2 applied, interrupted (killed)" in cut(intent("a"), result("a"), intent("b"))


def test_a_run_that_ended_says_what_its_summary_does() -> None:
    end = Finish("2026-01-01T00:00:09Z", 130, {"create": 1, "update": 11, "not_attempted": 10})
    both = (intent("a", planned=12), result("a"), intent("b"), result("b"))
    assert "2 of 12 applied, 10 not attempted, interrupted" in cut(*both, end)


def test_the_models_are_named_each_once_but_for_what_was_never_written() -> None:
    found = row(
        intent("a", "Name of a"), result("a"), intent("b"), result("b", "none"), intent("a", "Name of a"), intent("c")
    )
    assert [(model.model_id, model.model_name) for model in found.models] == [("a", "Name of a"), ("c", None)]
    assert json.loads(render_json([found]))[0]["models"][0] == {"model_id": "a", "model_name": "Name of a"}
    assert below(intent("a", "Name of a"), intent("c")) == ["    a (Name of a), c"]
    assert below(intent("a"), intent("c")) == []  # of an older version
    many = [intent(f"m{number}", f"Name {number}") for number in range(5)]
    assert below(*many) == ["    m0 (Name 0), m1 (Name 1), m2 (Name 2) and 2 more"]


@pytest.mark.parametrize("width", [80, 140, None])
def test_the_models_are_below_their_run(width: int | None) -> None:
    end = Finish("2026-01-01T00:00:09Z", 0, {"create": 1})
    head, *lines = render_text([row(intent("a", "Name of a"), result("a"), end)] * 2, width).splitlines()
    assert head.endswith("RESULT")
    folded = render_text([row(intent("a", "x " * 25), intent("b", "y " * 25))], 80).splitlines()
    assert [line.startswith("    ") for line in folded[-2:]] == [True, True]
    assert [line.endswith("1 of 1 applied") or line for line in lines] == [True, "    a (Name of a)"] * 2
