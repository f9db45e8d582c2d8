"""Which words of two sides of a change are marked."""

import pytest

from syncjob.text.words import marked


def shown(before: list[str], after: list[str]) -> tuple[str, str]:
    old, new = (
        "|".join("".join(f"<{text}>" if is_changed else text for text, is_changed in line) for line in side)
        for side in marked(before, after)
    )
    return old, new


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (["Curly hair; 0.9 |"], ["Curly hair; 0.7 to 0.9 |"], ("Curly hair; 0.9 |", "Curly hair; <0.7 to> 0.9 |")),
        (["in five seconds, it"], ["in five or ten seconds, it"], ("in five seconds, it", "in five <or ten> seconds, it")),
        (["one two", "three four"], ["one", "two three 4"], ("one two|three <four>", "one|two three <4>")),
        (["old"], ["new"], ("old", "new")),
        (["nothing of this is alike"], ["so no word gets a mark"], ("nothing of this is alike", "so no word gets a mark")),
        (["a  b"], ["a b"], ("a < >b", "a b")),
        (["很好的模型"], ["很好的图"], ("很好的<模型>", "很好的<图>")),
        ([], ["all of it is new"], ("", "all of it is new")),
    ],
)  # fmt: skip
def test_words_that_differ_are_marked_unless_nothing_is_alike(
    before: list[str], after: list[str], expected: tuple[str, str]
) -> None:
    assert shown(before, after) == expected


def test_what_would_take_long_is_not_marked() -> None:
    before, after = (["same " * 50_000 + end] for end in ("old", "new"))
    assert marked(before, after) == ([[(before[0], False)]], [[(after[0], False)]])
