"""Each problem code is in the report of a run that provokes it, and the report, the comment and the page lead to its entry.

Each scene is a folder, a stand-in and a few commands; it gives the reports that hold its codes.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import msgspec
import pytest

from syncjob.commands import reading
from syncjob.commands.run import Options
from syncjob.plan.compare import Change
from syncjob.remote import descriptions as readings
from syncjob.report.help import help_line
from syncjob.report.html import page
from syncjob.report.html.article import article
from syncjob.report.markdown import document
from syncjob.report.model import Report
from syncjob.sandbox.behaviours import Plays
from syncjob.state.probe_results import Learnt
from syncjob.text.canonical import sha256
from syncjob.text.probe_texts import ODD
from tests.behaviour.test_unforeseen import failing
from tests.cli.test_terminal import Terminal
from tests.commands.test_memory import edit_unseen
from tests.project.test_docs import ROOT, anchors
from tests.project.test_troubleshooting import CODES
from tests.support import in_process
from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import Workspace, found_out

ADDRESS = "https://github.example/owner/syncjob/blob/main/docs/troubleshooting.md"
OF_WHOEVER_RAN_IT = ("called-off", "interrupted")


@pytest.fixture
def place(workspace: Workspace, remote: Loopback, monkeypatch: pytest.MonkeyPatch) -> "Place":
    remote.sandbox.plays = Plays()
    workspace.set_http("lag: 0, attempts: 1")
    return Place(workspace, remote, monkeypatch)


class Place:
    """A folder under git, and the stand-in that its profile is."""

    def __init__(self, workspace: Workspace, remote: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
        self.workspace, self.remote, self.monkeypatch = workspace, remote, monkeypatch
        self.commit, self.git, self.write = workspace.commit, workspace.git, workspace.write

    def run(self, *arguments: str) -> Report:
        return msgspec.convert(self.workspace.json(*arguments).report, Report)

    def both(self, **texts: str) -> None:
        """Texts that git holds, and Scenario too."""
        self.edit(**texts)
        self.workspace.held(texts)

    def edit(self, **texts: str) -> None:
        self.remote.add(*texts, texts=texts)

    def acknowledge(self, model_id: str, text: str, profile: str = "test") -> None:
        path = self.workspace.descriptions / ".acknowledged" / model_id
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{profile} {sha256(text)}\n")

    def gone(self, model_id: str) -> None:
        (self.workspace.descriptions / f"{model_id}.md").unlink()


Scene = Callable[[Place], Iterator[Report]]
SCENES: list[tuple[Scene, tuple[str, ...]]] = []


def provokes(*codes: str) -> Callable[[Scene], Scene]:
    def note(scene: Scene) -> Scene:
        SCENES.append((scene, codes))
        return scene

    return note


@provokes(
    "file-name", "file-encoding", "file-empty", "file-too-large", "file-special", "file-collision", "file-nested",
    "merge-marker", "tag-malformed", "acknowledged-line",
)  # fmt: skip
def bad_files(place: Place) -> Iterator[Report]:
    for name, text in (
        ("My Model", b"text"), ("bytes", b"\xff"), ("empty", b"\n"), ("large", b"x" * 1_000_001), ("Same", b"text"),
        ("same", b"text"), ("unmerged", b"<<<<<<< a\n1\n=======\n2\n>>>>>>> b\n"), ("tag", b"{asset: x}"),
    ):  # fmt: skip
        place.write(name, text)
    (place.workspace.descriptions / "link.md").symlink_to("tag.md")
    (place.workspace.descriptions / "below").mkdir()
    (place.workspace.descriptions / "below" / "nested.md").write_text("text")
    place.acknowledge("tag", "text", profile="nobody's")
    place.commit()
    yield place.run("check")


@provokes("git-unknown")
def a_broken_index(place: Place) -> Iterator[Report]:
    place.both(one="text")
    (place.workspace.folder / ".git" / "index").write_bytes(b"broken")
    yield place.run("check")


@provokes("asset-missing", "model-missing", "model-unknown", "reference-private", "unfiled")
def references(place: Place) -> Iterator[Report]:
    place.edit(one="", loose="text")
    place.remote.add("public", privacy="public")
    place.remote.add_assets("asset_a", privacy="private")
    place.write("one", "{asset:none} {model:none}")
    place.write("public", "{asset:asset_a}")
    place.write("nobody", "text")
    place.commit()
    yield place.run("diff", "--unfiled")


@provokes("remote-edited", "file-uncommitted", "edit-acknowledged", "nothing-acknowledged")
def edits(place: Place) -> Iterator[Report]:
    place.both(one="text one", two="text two")
    place.workspace.held({"one": "ours", "two": "ours"})
    place.edit(one="edited")
    yield place.run("diff")
    place.acknowledge("one", "edited")
    place.commit()
    yield place.run("diff")
    yield place.run("acknowledge", "one", "--yes")
    place.write("two", "not committed")
    yield place.run("sync", "--dry-run", "two")


@provokes("remote-emptied")
def an_emptied_description(place: Place) -> Iterator[Report]:
    place.both(one="text one")
    place.workspace.held({"one": "newer"})
    place.remote.sandbox.put("one", "")
    yield place.run("diff", "--since", "HEAD~1")


@provokes("behind", "unacknowledged", "since-unknown", "deleted-locally", "old-run")
def branches(place: Place) -> Iterator[Report]:
    place.both(one="text one", two="text two", three="text three")
    place.git("tag", "first")
    place.git("switch", "--quiet", "-c", "mine")
    place.workspace.held({"two": "mine"})
    place.git("switch", "--quiet", "main")
    place.workspace.held({"one": "theirs"})
    place.edit(one="theirs")
    place.git("switch", "--quiet", "mine")
    place.workspace.held({"one": "mine too"})
    yield place.run("diff", "--since", "main")
    place.git("switch", "--quiet", "main")
    place.workspace.held({"one": "newer"})
    place.gone("three")
    place.commit()
    yield place.run("diff", "--since", "first")
    yield place.run("diff", "--since", "0" * 40)
    place.git("checkout", "--quiet", "first")
    yield place.run("diff", "--since", "main")


@provokes("renamed", "too-many-changes")
def a_prune(place: Place) -> Iterator[Report]:
    place.both(**{f"m{number:02}": f"text {number}" for number in range(13)})
    place.git("mv", "descriptions/m00.md", "descriptions/other.md")
    place.commit()
    yield place.run("diff", "--prune")
    for number in range(1, 13):
        place.write(f"m{number:02}", "new")
    place.commit()
    yield place.run("diff", "m*")


@provokes("ahead", "acknowledged", "lines-dropped", "own-changes", "history-missing")
def pulls(place: Place) -> Iterator[Report]:
    place.both(ahead="old", seen="old", own="a\nb\nc")
    place.workspace.held({"ahead": "newer", "seen": "newer", "own": "a\nb\nc\nown"})
    place.edit(seen="edited", own="a\nb\nc, edited")
    place.acknowledge("seen", "edited")
    place.acknowledge("ahead", "gone from Scenario")
    place.commit()
    yield place.run("pull", "--dry-run")
    (place.workspace.folder / ".git" / "shallow").write_text(place.git("rev-parse", "HEAD"))
    yield place.run("pull", "--dry-run", "ahead")


@provokes("merged", "adopted", "merge-guess", "merge-base")
def merges(place: Place) -> Iterator[Report]:
    base = "# One\n\nfirst\n\nsecond\n\nthird\n\nfourth"
    place.both(one=base, two="text two")
    place.git("tag", "synced")
    place.workspace.held({"one": base.replace("first", "first, by git"), "odd": "a\0b"})
    place.workspace.held({"odd": "ours"})
    place.edit(one=base.replace("fourth", "fourth, by Scenario"), two="edited", odd="theirs")
    yield place.run("pull", "--merge", "--dry-run", "--since", "synced", "one", "two")
    yield place.run("pull", "--merge", "--dry-run")


@provokes("stale-plan")
def an_old_plan(place: Place) -> Iterator[Report]:
    place.both(one="old")
    place.write("one", "new")
    place.commit()
    place.run("diff", "--plan-out", "plan.json")
    place.edit(one="edited")
    yield place.run("sync", "--plan", "plan.json")


@provokes("head-moved")
def a_head_that_moves(place: Place) -> Iterator[Report]:
    place.both(one="old")
    place.workspace.held({"one": "new"})
    place.git("branch", "elsewhere")
    place.workspace.held({"one": "newer"})

    def switch(method: str, target: str) -> None:
        if "/one/description" in target:
            place.git("switch", "--quiet", "elsewhere")

    place.remote.script = switch
    yield in_process.diff(place.workspace)


@provokes("forbidden", "rejected", "unavailable", "protocol", "redirected")
def failing_calls(place: Place) -> Iterator[Report]:
    responses = {
        "refused": json_answer(403, b"{}"), "odd": json_answer(400, b'{"reason": "no"}'), "down": json_answer(503, b"{}"),
        "garbled": json_answer(200, b"<html>"), "moved": json_answer(302, b"", location="https://elsewhere.example/"),
    }  # fmt: skip
    place.both(**dict.fromkeys(responses, "text"))
    place.remote.script = lambda method, target: responses.get(target.split("/")[3])
    yield place.run("diff")


@provokes("unauthorized", "plan-limit", "rate-limited")
def calls_that_end_a_run(place: Place) -> Iterator[Report]:
    place.both(one="text")
    for status, body in ((401, b"{}"), (429, b'{"name": "PlanLimitReachedError"}'), (429, b"{}")):
        refusal = json_answer(status, body, retry_after="10000")
        place.remote.script = lambda method, target, refusal=refusal: refusal  # type: ignore[misc]
        yield place.run("diff")


@provokes("remote-normalised", "reference-unresolved", "write-uncertain", "nothing-written")
def writes(place: Place) -> Iterator[Report]:
    place.both(cut="old", lost="old")
    place.remote.add_assets("asset_a")
    place.workspace.held({"cut": "NEW {asset:asset_a}", "lost": "new"})
    stored = b'{"description": {"value": "new  {asset:asset_a}", "assets": [], "models": []}}'
    responses = {"cut": json_answer(200, stored), "lost": json_answer(503, b"{}")}
    lost = []

    def script(method: str, target: str) -> Any:
        model_id = target.split("/")[3]
        lost.extend([model_id] if method == "PUT" else [])
        is_dark = method == "PUT" or (model_id == "lost" and "lost" in lost)
        return responses.get(model_id) if is_dark else None

    place.remote.script = script
    yield place.run("sync", "--yes")
    place.remote.script = lambda method, target: json_answer(403, b'{"reason": "no"}') if method == "PUT" else None
    place.write("lost", "newer")
    run = place.run("sync", "--yes", "lost").run
    yield place.run("rollback", run, "--dry-run")


@provokes("remote-lagging")
def a_late_reading(place: Place) -> Iterator[Report]:
    place.both(one="old")
    place.workspace.held({"one": "new"})
    place.monkeypatch.setattr(readings, "_PAUSES", (0.01,))
    in_process.sync(place.workspace, lag=300)
    old = b'{"description": {"value": "old", "assets": [], "models": []}}'
    place.remote.script = lambda method, target: json_answer(200, old) if method == "GET" else None
    yield in_process.diff(place.workspace, lag=300)


@provokes("memory-wrong")
def a_memory_that_is_wrong(place: Place) -> Iterator[Report]:
    place.both(one="text")
    found_out(place.workspace.folder, place.remote.url, Learnt(updated_at_moves=True))
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    place.monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda self, timestamp=None: later)
    in_process.diff(place.workspace)
    edit_unseen(place.remote, "one", "an edit that nobody sees")
    yield in_process.diff(place.workspace)


@provokes("probe-text")
def what_a_probe_left(place: Place) -> Iterator[Report]:
    place.both(one="text")
    place.edit(one=ODD)
    yield place.run("pull")


@provokes("internal")
def a_fault_of_our_own(place: Place) -> Iterator[Report]:
    place.both(one="text")
    place.workspace.held({"one": "new"})
    failing(place.monkeypatch, reading, "compare", "one")
    yield in_process.diff(place.workspace)


@provokes("interrupted")
def a_run_out_of_time(place: Place) -> Iterator[Report]:
    place.both(one="text")
    yield in_process.diff(place.workspace, Options(max_duration=0.000_001))


@provokes("called-off")
def a_no(place: Place) -> Iterator[Report]:
    place.both(one="text")
    place.workspace.held({"one": "new"})
    terminal = Terminal(place.workspace, "sync", "--report", "report.json")
    terminal.until("[y/N]")
    terminal.type("n\n")
    terminal.end()
    yield msgspec.json.decode((place.workspace.folder / "report.json").read_bytes(), type=Report)


def test_every_code_has_a_scene() -> None:
    assert sorted(code for _, codes in SCENES for code in codes) == CODES


@pytest.mark.deep
@pytest.mark.parametrize(("scene", "codes"), SCENES, ids=[scene.__name__ for scene, _ in SCENES])
def test_a_scene_provokes_its_codes_and_each_leads_to_its_entry(
    place: Place, scene: Scene, codes: tuple[str, ...]
) -> None:
    reports = {code: report for report in scene(place) for code in of(report)}
    assert set(codes) - reports.keys() == set()
    for code in codes:
        leads_to_its_entry(reports[code], code)


def of(report: Report) -> Iterator[str]:
    """All codes of a report."""
    yield from (problem.code for problem in report.problems)
    for item in report.items:
        yield from (problem.code for problem in item.problems)
        yield from [item.error.code] if item.error else []


def leads_to_its_entry(report: Report, code: str) -> None:
    assert (ROOT / report.help).is_file()
    assert code in anchors(ROOT / report.help)
    if code not in OF_WHOEVER_RAN_IT and code in errors(report)[:3]:
        assert f"#{code}" in (help_line(report) or "")
    known = msgspec.structs.replace(report, help=ADDRESS)
    assert f'"{ADDRESS}#{code}"' in document.render(known, document.COMMENT)
    sections = (article(item, Change(item.model_id, item.path, "invalid"), "a", help=ADDRESS) for item in known.items)
    assert any(f'"{ADDRESS}#{code}"' in text for text in (*page.parts(known, ()), *sections))


def errors(report: Report) -> list[str]:
    found = [problem.code for problem in report.problems if problem.severity == "error"]
    for item in report.items:
        found += [problem.code for problem in item.problems if problem.severity == "error"]
        found += [item.error.code] if item.error else []
    return list(dict.fromkeys(code for code in found if code not in OF_WHOEVER_RAN_IT))
