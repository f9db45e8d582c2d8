"""What every test may ask for: a served stand-in, and a folder to run the command in."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.support.loopback import Loopback, loopback
from tests.support.workspace import Workspace

# A shell has its background jobs ignore SIGINT, and whatever they start ignores it too.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No law is broken by a machine that is slow. All else is hypothesis' own, which draws the same examples in each CI.
settings.register_profile("unhurried", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def diary() -> Iterator[None]:
    """What runs in the tests' own process logs only warnings, unless a test says otherwise, and leaves no log to the next test."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    yield
    structlog.reset_defaults()


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Loopback]:
    """An empty stand-in over real HTTP on loopback."""
    with loopback(tmp_path / "remote.sqlite3") as served:
        yield served


@pytest.fixture
def workspace(tmp_path: Path, remote: Loopback) -> Workspace:
    """A folder whose profile `test` is the served stand-in, without descriptions."""
    folder = tmp_path / "work"
    folder.mkdir()
    made = Workspace(folder)
    made.configure(remote.url)
    return made
