"""What the memory keeps is judged by Scenario's own clock, and nothing that changed minutes ago is kept."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler

import msgspec
import pytest

from syncjob.sandbox.behaviours import Plays
from syncjob.scenario.answers import Answer, answered_at
from syncjob.state.memory import cache
from syncjob.state.probe_results import Learnt
from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import Workspace, found_out

Tell = Callable[[str], None]


@pytest.fixture
def dated(workspace: Workspace, remote: Loopback) -> Workspace:
    """A workspace in step, whose memory is on."""
    remote.sandbox.plays = Plays()
    remote.add("one", "two", texts={"one": "text of one", "two": "text of two"})
    workspace.write("one", "text of one\n")
    workspace.write("two", "text of two\n")
    workspace.commit()
    workspace.set_http("audit: 0")  # each test counts what is read for the time's sake
    found_out(workspace.folder, remote.url, Learnt(updated_at_moves=True))
    return workspace


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Tell:
    """Sets the `Date` of every answer from then on."""

    def told(date: str) -> None:
        monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda self, timestamp=None: date)

    return told


def http_date(at: datetime) -> str:
    return format_datetime(at, usegmt=True)


def in_minutes(minutes: float) -> str:
    return http_date(datetime.now(UTC) + timedelta(minutes=minutes))


def read(workspace: Workspace, remote: Loopback) -> list[str]:
    """The models whose description a diff asks for."""
    remote.asked.clear()
    assert workspace.run("diff").status == 0
    return sorted(target.split("/")[3] for _, target, _ in remote.asked if "description" in target)


def test_a_stale_text_beside_a_fresh_time_is_not_remembered(dated: Workspace, remote: Loopback, tell: Tell) -> None:
    remote.sandbox.put("one", "edited on Scenario")
    ago = (datetime.now(UTC) - timedelta(seconds=10)).isoformat().replace("+00:00", "Z")
    remote.sandbox._database.execute("UPDATE models SET row = json_set(row, '$.updatedAt', ?) WHERE id = 'one'", [ago])
    stale = json_answer(200, b'{"description": {"value": "text of one", "assets": [], "models": []}}')
    remote.script = lambda method, target: stale if target.startswith("/v1/models/one/description") else None
    assert read(dated, remote) == ["one", "two"]
    remote.script = lambda method, target: None
    tell(in_minutes(60))
    remote.asked.clear()
    ended = dated.json("diff")
    assert ended.item("one")["action"] == "conflict"


def test_a_local_clock_that_is_ahead_makes_nothing_old(dated: Workspace, remote: Loopback, tell: Tell) -> None:
    there = datetime(2026, 3, 1, tzinfo=UTC)  # months behind the clock here
    tell(http_date(there))
    listed_at = "2026-02-28T23:58:00.000Z"

    def script(method: str, target: str) -> Answer | None:
        if not target.startswith("/v1/models?"):
            return None
        answer = remote.sandbox.handle(method, target, remote.headers[-1], b"")
        return Answer(200, answer.headers, answer.body.replace(b"2026-01-05T09:00:00.000Z", listed_at.encode()))

    remote.script = script
    assert [read(dated, remote) for _ in range(2)] == [["one", "two"]] * 2


@pytest.mark.parametrize(
    "date",
    ["", "Sun, 05 Jan 2026 09:00:01 GMT"],
)
def test_without_a_date_that_is_later_nothing_is_settled(
    dated: Workspace, remote: Loopback, tell: Tell, date: str
) -> None:
    tell(date)
    assert [read(dated, remote) for _ in range(2)] == [["one", "two"]] * 2


def test_what_changed_minutes_ago_is_remembered_once_it_is_old(dated: Workspace, remote: Loopback, tell: Tell) -> None:
    remote.sandbox.put("one", "text of one")
    seen = []
    for minutes in (4, 4, 6, 6):
        tell(in_minutes(minutes))
        seen.append(read(dated, remote))
    assert seen == [["one", "two"], ["one"], ["one"], []]


def test_each_page_counts_by_its_own_date(dated: Workspace, remote: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [remote.sandbox.row("model", "one"), remote.sandbox.row("model", "two")]
    pages = {
        "": json_answer(
            200,
            msgspec.json.encode({"models": rows[:1], "nextPaginationToken": "next"}),
            Date="Mon, 05 Jan 2026 09:01:00 GMT",
        ),
        "next": json_answer(200, msgspec.json.encode({"models": rows[1:]}), Date="Mon, 05 Jan 2026 10:00:00 GMT"),
    }
    monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda self, timestamp=None: "")

    def script(method: str, target: str) -> Answer | None:
        return pages["next" if "paginationToken" in target else ""] if target.startswith("/v1/models?") else None

    remote.script = script
    assert [read(dated, remote) for _ in range(2)] == [["one", "two"], ["one"]]


def test_minutes_are_what_it_waits() -> None:
    assert timedelta(minutes=2) <= cache._YOUNG <= timedelta(minutes=30)


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("Mon, 05 Jan 2026 09:00:01 GMT", datetime(2026, 1, 5, 9, 0, 1, tzinfo=UTC)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", datetime(1970, 1, 1, tzinfo=UTC)),
        ("Fri, 31 Dec 9999 23:59:59 -0100", None),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
        ("soon", None),
        ("", None),
        ("Mon, 0\u0665 Jan 2026 09:00:01 GMT", None),
    ],
)
def test_a_date_is_one_of_the_calendar(date: str, at: datetime | None) -> None:
    assert answered_at({"date": date}) == at
