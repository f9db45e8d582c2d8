"""What a mistyped word was meant to be, for ids, keys and file names alike, and in bounded time."""

import pytest

from syncjob.text.closest import closest


@pytest.mark.parametrize(
    ("word", "known", "expected"),
    [
        ("ngnix", ["nginx", "postgres"], "nginx"),
        ("ngnix", ["ngnix"], None),  # it is meant itself, and known to be wrong
        ("htp", ["http", "safety"], "http"),
        ("mysql", ["nginx"], None),
        ("", ["a"], None),
        ("x" * 65, ["x" * 64], None),
    ],
)
def test_the_closest_of_the_known_words(word: str, known: list[str], expected: str | None) -> None:
    assert closest(word, known) == expected


def test_of_very_many_words_few_are_compared() -> None:
    known = [f"model_{number:05}" for number in range(20_000)]
    assert closest("modle_x_dev", [*known, "model_x_dev"]) == "model_x_dev"
