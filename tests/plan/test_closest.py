"""Which version a text on Scenario was made from: a report and a merge say the same."""

import pytest

from syncjob.git.history.texts import Version
from syncjob.plan.closest import Closest
from syncjob.plan.compare import Change
from syncjob.plan.drift import with_history
from syncjob.plan.pull.base import guessed


@pytest.mark.parametrize(
    ("text", "texts", "expected", "is_kin"),
    [
        ("one two three", ["four", "one\ntwo\nthree"], 1, True),  # another form of it, though no line is the same
        ("one\ntwo", ["one\nx", "one\ntwo\nthree\nfour\nfive", "one\ntwo\nthree\nfour"], 2, True),  # cut
        ("one\ntwo\nedited", ["one\ntwo", "one\ntwo\nthree"], 0, False),
        ("one\ntwo\nedited", ["own\ntwo", "one\nolder", "one\noldest"], 1, False),  # not the file's own
        ("text", [], None, False),
    ],
)
def test_the_closest_version(text: str, texts: list[str], expected: int | None, is_kin: bool) -> None:
    versions = [Version(str(number) * 40, each) for number, each in enumerate(texts)]
    closest = Closest(text, "own\ntwo")
    for version in versions:
        closest.see(version)
    wanted = None if expected is None else versions[expected]
    assert (closest.version, closest.is_kin) == (wanted, is_kin)
    change = Change("m", "m.md", "update", before=text, after="own\ntwo")
    merged = guessed("own\ntwo", text, versions)
    assert with_history(change, versions, lambda: None, may_overwrite=False).base == wanted
    assert (merged and merged.version) == wanted
