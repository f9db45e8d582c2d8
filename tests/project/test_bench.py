"""The pure parts of the benchmark: limits, goals and the page."""

import pytest

from bench.limits import Kind, ideal_seconds, limit
from bench.page import with_part
from bench.results import Goal, Section, Table, markdown, ratios, spread


@pytest.mark.parametrize(
    ("kind", "served"),
    [("sliding", [True, True, False, True, False, True]), ("fixed", [True, True, False, True, True, False])],
)
def test_a_limit_counts_what_it_serves_in_its_window(kind: Kind, served: list[bool]) -> None:
    admits = limit(kind, 2)
    assert [admits(1000.0 + second) for second in (0, 30, 59, 61, 62, 91)] == served


def test_a_fixed_window_that_nobody_used_does_not_move_the_next() -> None:
    admits = limit("fixed", 1)
    assert [admits(second) for second in (0.0, 130.0, 179.0, 181.0)] == [True, True, False, True]


@pytest.mark.parametrize(("requests", "seconds"), [(1, 0.01), (3000, 30), (3001, 60.01), (6000, 90), (6001, 120.01)])
def test_the_ideal_is_a_minute_a_full_window_and_the_latencies_of_the_last(requests: int, seconds: float) -> None:
    assert ideal_seconds(requests, 3000, 0.1, 10) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("figures", "verdict"),
    [([1.0, 1.1, 9.0], "met"), ([1.1, 1.2, 1.3], "MISSED"), ([1.104], "met"), ([], "not measured at this size")],
)
def test_a_goal_is_judged_by_the_median_as_it_is_shown(figures: list[float], verdict: str) -> None:
    assert Goal("a goal", figures, 1.1).row[0] == verdict


def test_a_ratio_is_taken_round_by_round() -> None:
    assert ratios([1, 4], [2, 2]) == [0.5, 2.0]
    assert (spread([1, 4, 2], digits=0), spread([1200, 1200], digits=0)) == ("2 (1..4)", "1,200")


def test_tables_are_markdown_with_their_columns_aligned() -> None:
    section = Section([Table("Both", ("client", "ms"), [("a", "1.0"), ("other client", "12")])])
    assert markdown(section) == (
        "**Both**\n\n| client       | ms  |\n| ------------ | --- |\n| a            | 1.0 |\n| other client | 12  |"
    )


def test_a_part_of_the_page_is_replaced_and_the_words_around_it_stay() -> None:
    page = "words\n<!-- one: generated -->\nold\n<!-- one: end -->\nmore\n<!-- two: generated --><!-- two: end -->\n"
    once = with_part(page, "one", r"new \1")
    assert once == page.replace("\nold\n", "\n\nnew \\1\n\n")
    assert with_part(once, "one", r"new \1") == once
    with pytest.raises(ValueError, match="no one place for three"):
        with_part(page, "three", "text")
