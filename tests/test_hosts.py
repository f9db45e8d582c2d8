"""Which host is this machine."""

import pytest

from syncjob.hosts import is_loopback


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.255.0.9", True),
        ("::1", True),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("0.0.0.0", False),  # noqa: S104  nothing is bound to it
        ("10.0.0.1", False),
        ("::", False),
        ("2130706433", False),  # 127.0.0.1 to a browser
        ("", False),
    ],
)
def test_only_the_name_and_the_numbers_of_this_machine(host: str, is_own: bool) -> None:
    assert is_loopback(host) is is_own
