"""Whether strangers may see what a step makes, by the event's own word."""

import json
from pathlib import Path

import pytest

from syncjob.github.event import is_seen_by_strangers


def test_elsewhere_nobody_but_the_user_does() -> None:
    assert not is_seen_by_strangers({"GITHUB_EVENT_PATH": "/nowhere"})


@pytest.mark.parametrize(
    ("event", "is_public"),
    [
        ({"repository": {"private": True}}, False),
        ({"repository": {"private": True, "visibility": "private"}}, False),
        ({"repository": {"private": True, "visibility": "internal"}}, False),
        ({"repository": {"private": True, "visibility": "public"}}, True),
        ({"repository": {"private": False, "visibility": "private"}}, True),
        ({"repository": {"private": "true"}}, True),
        ({"repository": {"visibility": "private"}}, True),
        ({"repository": None}, True),
        ({"schedule": "0 3 * * *"}, True),
        ([], True),
    ],
)
def test_in_a_step_they_do_unless_the_event_says_that_the_repository_is_private(
    tmp_path: Path, event: object, is_public: bool
) -> None:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event))
    assert is_seen_by_strangers({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(path)}) is is_public


@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff", b"[" * 100_000])
def test_an_event_that_cannot_be_read_says_nothing(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "event.json"
    if content is not None:
        path.write_bytes(content)
    assert is_seen_by_strangers({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(path)})
    assert is_seen_by_strangers({"GITHUB_ACTIONS": "true"})
