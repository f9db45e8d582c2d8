"""`doctor`, what `doctor --probe` finds out on a scratch model, and what later runs make of it."""

import json
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from syncjob.commands import doctor
from syncjob.report.doctor import Line, render_line
from syncjob.sandbox.behaviours import Plays, parse
from syncjob.scenario.answers import Answer
from tests.support.cases import mostly_deep
from tests.support.faulty_server import PATIENCE, wait_for
from tests.support.loopback import Loopback, json_answer
from tests.support.unhurried import UNHURRIED
from tests.support.workspace import KEY, SECRET, Ended, Workspace

HURRIED = (
    "-c",
    "from syncjob import __main__; from syncjob.commands.probe import scratch; scratch.PAUSE = 0.05; __main__.main()",
)
OWN = "# Own text \r\n\nwith an odd end  \n\n"


@pytest.fixture
def scratch(workspace: Workspace, remote: Loopback) -> Workspace:
    remote.sandbox.plays = Plays()
    remote.add("scratch", "one", texts={"scratch": OWN})
    workspace.write("one", "text of one")
    workspace.commit()
    return workspace


def probe(workspace: Workspace, model_id: str = "scratch") -> Ended:
    """A probe that does not take its time between the two readings at its end."""
    return replace(workspace, program=HURRIED).run("doctor", "--probe", model_id, "--yes")


def learnt(workspace: Workspace) -> dict[str, Any]:
    (found,) = json.loads((workspace.folder / "scenario-api.json").read_text())["apis"].values()
    return dict(found)


def answers(workspace: Workspace) -> dict[str, str]:
    return {finding["question"]: finding["answer"] for finding in learnt(workspace)["findings"]}


# Each play, the question that finds it out, and the answer, or what it begins with.
FOUND = [
    ("no_description=empty", "GET of a model without a description", '"value": ""'),
    ("no_description=null-value", "GET of a model without a description", '"value": null'),
    ("no_description=null", "GET of a model without a description", '"description": null'),
    ("no_description=404", "GET of a model without a description", "HTTP 404"),
    ("empty_text=deletes", 'PUT of ""', 'accepted, then "value": ""'),
    ("empty_text=refused", 'PUT of ""', "refused: HTTP 400"),
    ("crlf=kept", "CRLF", "kept"),
    ("crlf=lf", "CRLF", "LF"),
    ("ending=kept", "white space at the end", "kept"),
    ("ending=stripped", "white space at the end", "removed"),
    ("unicode=kept", "decomposed characters", "kept"),
    ("unicode=nfc", "decomposed characters", "composed"),
    ("size=unlimited", "size", "1,000,000 bytes are stored"),
    ("size=400000", "size", "1,000,000 bytes: refused: HTTP 413"),
    ("code=listed", "a tag inside code", "listed"),
    ("code=ignored", "a tag inside code", "not listed"),
    ("unknown_tag=left-out", "a tag with an unknown id", "accepted"),
    ("unknown_tag=refused", "a tag with an unknown id", "refused: HTTP 400"),
    ("unknown_in_bulk=left-out", "an unknown model in a bulk call", "left out"),
    ("unknown_in_bulk=refused", "an unknown model in a bulk call", "refused: HTTP 404"),
    ("unknown_in_bulk=refused", "an unknown asset in a bulk call", "refused: HTTP 404"),
    ("updated_at=moves", "updatedAt at an edit", "moves in the model, moves in the listing"),
    ("updated_at=stays", "updatedAt at an edit", "stays in the model, stays in the listing"),
]


PLAYED = [
    (
        "no_description=empty empty_text=deletes crlf=kept ending=kept unicode=kept size=unlimited code=listed "
        "unknown_tag=left-out unknown_in_bulk=left-out updated_at=moves"
    ),
    (
        "no_description=null-value empty_text=refused crlf=lf ending=stripped unicode=nfc size=400000 code=ignored "
        "unknown_tag=refused unknown_in_bulk=refused updated_at=stays"
    ),
    "no_description=null",
    "no_description=404",
]


@pytest.mark.parametrize("words", mostly_deep(PLAYED, first=2))
def test_the_probe_finds_out_what_the_api_plays_and_leaves_the_model_as_it_was(
    scratch: Workspace, remote: Loopback, words: str
) -> None:
    remote.sandbox.plays = parse(words.split())
    remote.sandbox.put("scratch", remote.sandbox.plays.stored(OWN))
    ended = probe(scratch)
    assert ended.status == 0, ended.err
    found = answers(scratch)
    for play, question, answer in FOUND:
        if play in words.split():
            assert found[question].startswith(answer), question
            assert question in ended.out
    assert learnt(scratch)["learnt"]["no_description"] == remote.sandbox.plays.no_description
    assert found["a GET right after a PUT"] == "shows it"
    assert remote.sandbox.description("scratch") == remote.sandbox.plays.stored(OWN)
    assert len(remote.asked) <= 40
    assert {target.split("/")[3] for method, target, _ in remote.asked if method == "PUT"} == {"scratch"}


def test_every_play_is_probed() -> None:
    probed = {play.partition("=")[0] for play, _, _ in FOUND}
    assert probed | {"ticks"} == set(Plays.__slots__)
    assert {play for play, _, _ in FOUND} == {word for words in PLAYED for word in words.split()}


def test_a_model_without_a_description_has_none_again(scratch: Workspace, remote: Loopback) -> None:
    remote.sandbox.put("scratch", "")
    assert probe(scratch).status == 0
    assert remote.sandbox.description("scratch") == ""


def test_without_a_yes_nothing_is_probed(scratch: Workspace, remote: Loopback) -> None:
    ended = scratch.run("doctor", "--probe", "scratch")
    assert (ended.status, remote.asked) == (2, [])
    assert "--yes" in ended.err


@pytest.mark.parametrize("model_id", ["..", "a/b", "", "x y"])
def test_what_is_no_model_id_is_not_asked_for(scratch: Workspace, remote: Loopback, model_id: str) -> None:
    assert scratch.run("doctor", "--probe", model_id, "--yes").status == 2
    assert remote.asked == []


def test_an_unknown_model_is_not_written(scratch: Workspace, remote: Loopback) -> None:
    ended = scratch.run("doctor", "--probe", "nobody", "--yes")
    assert (ended.status, remote.counts["PUT"]) == (1, 0)
    assert "404" in ended.err


def test_a_model_whose_own_text_is_not_known_is_not_written(scratch: Workspace, remote: Loopback) -> None:
    remote.sandbox.plays = parse(["no_description=null"])
    remote.sandbox.put("scratch", "")
    ended = probe(scratch)
    assert (ended.status, remote.counts["PUT"]) == (2, 0)
    assert "give scratch a description on Scenario first" in ended.err


# The model's own text comes back


def after_puts(count: int, answer: Answer) -> Any:
    """A script that answers so from the PUT of that number on."""
    seen = 0

    def script(method: str, target: str) -> Answer | None:
        nonlocal seen
        seen += method == "PUT"
        return answer if method == "PUT" and seen == count else None

    return script


@pytest.mark.parametrize("number", mostly_deep([1, 3, 5, 7]))
def test_a_failure_in_the_middle_restores_the_model(scratch: Workspace, remote: Loopback, number: int) -> None:
    remote.script = after_puts(number, json_answer(501, b'{"reason": "no"}'))
    ended = probe(scratch)
    assert ended.status in (0, 1)
    assert remote.sandbox.description("scratch") == OWN
    assert "NOT put back" not in ended.err


@pytest.mark.deep
def test_a_model_that_cannot_be_restored_is_told_with_the_way_to_do_it(scratch: Workspace, remote: Loopback) -> None:
    down = json_answer(503, b'{"reason": "down"}', x_should_retry="false")
    is_down = False

    def script(method: str, target: str) -> Answer | None:
        nonlocal is_down
        is_down = is_down or (method == "PUT" and remote.counts["PUT"] > 3)
        return down if is_down else None

    remote.script = script
    ended = probe(scratch)
    assert ended.status == 1
    found = re.search(r"NOT put back: .*; put it back with: syncjob (rollback \S+ --force)", ended.err)
    assert found, ended.err
    assert remote.sandbox.description("scratch") != OWN
    remote.script = lambda method, target: None
    assert scratch.run(*found[1].split()).status == 0
    assert remote.sandbox.description("scratch") == OWN


def test_an_edit_that_somebody_makes_meanwhile_is_left_alone(scratch: Workspace, remote: Loopback) -> None:
    def script(method: str, target: str) -> Answer | None:
        if target.endswith("privacy=public"):  # the last question
            remote.sandbox.put("scratch", "somebody's")
        return None

    remote.script = script
    ended = probe(scratch)
    assert ended.status == 1
    assert "edited by somebody else during the probe" in ended.err
    assert remote.sandbox.description("scratch") == "somebody's"


@pytest.mark.parametrize("number", [2, 5])
def test_an_edit_between_two_questions_is_left_alone(scratch: Workspace, remote: Loopback, number: int) -> None:
    def script(method: str, target: str) -> Answer | None:
        puts = remote.counts["PUT"]
        if method == "GET" and puts == number and remote.sandbox.description("scratch") != "somebody's":
            remote.sandbox.put("scratch", "somebody's")
        return None

    remote.script = script
    ended = probe(scratch)
    assert ended.status == 1
    assert "edited by somebody else during the probe" in ended.err
    assert remote.sandbox.description("scratch") == "somebody's"


def test_what_is_no_description_is_not_taken_for_the_models_own_text(scratch: Workspace, remote: Loopback) -> None:
    remote.sandbox.put("scratch", "")
    page = json_answer(200, b"<html>Sign in</html>", content_type="text/html")
    asked_last = False

    def script(method: str, target: str) -> Answer | None:
        nonlocal asked_last
        asked_last = asked_last or target.endswith("privacy=public")
        return page if asked_last and target.endswith("scratch/description") else None

    remote.script = script
    ended = probe(scratch)
    assert ended.status == 1
    assert "NOT put back" in ended.err


def test_refused_credentials_are_exit_2_here_too(scratch: Workspace, remote: Loopback) -> None:
    remote.script = lambda method, target: json_answer(401, b'{"reason": "Unauthorized"}')
    assert (probe(scratch).status, len(remote.asked)) == (2, 1)


def test_a_model_that_was_not_listed_before_has_not_moved(scratch: Workspace, remote: Loopback) -> None:
    remote.sandbox.plays = parse(["updated_at=stays"])

    def script(method: str, target: str) -> Answer | None:
        is_first = "sortBy=updatedAt" in target and not remote.counts["PUT"]
        return json_answer(200, b'{"models": []}') if is_first else None

    remote.script = script
    assert probe(scratch).status == 0
    assert learnt(scratch)["learnt"]["updated_at_moves"] is False


def test_a_refusal_for_another_reason_is_no_limit_of_size(scratch: Workspace, remote: Loopback) -> None:
    busy = json_answer(429, b"{}", x_should_retry="false")

    def script(method: str, target: str) -> Answer | None:
        large = any(len(body) > 9_000 for asked, _, body in remote.asked[-1:] if asked == "PUT")
        return busy if method == "PUT" and large else None

    remote.script = script
    assert probe(scratch).status == 1
    assert not (scratch.folder / "scenario-api.json").exists()
    assert remote.sandbox.description("scratch") == OWN


def begun(workspace: Workspace, remote: Loopback, puts: int) -> "subprocess.Popen[bytes]":
    """A probe that has sent so many PUTs and goes on slowly."""

    def script(method: str, target: str) -> Answer | None:
        time.sleep(0.05)
        return None

    remote.script = script
    process = subprocess.Popen(
        [sys.executable, *HURRIED, "doctor", "--probe", "scratch", "--yes"],
        cwd=workspace.folder,
        env=workspace.environment(**UNHURRIED),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    wait_for(lambda: remote.counts["PUT"] >= puts, "so many PUTs")
    return process


@pytest.mark.parametrize("number", mostly_deep([signal.SIGINT, signal.SIGTERM]))
def test_a_signal_restores_the_model(scratch: Workspace, remote: Loopback, number: signal.Signals) -> None:
    process = begun(scratch, remote, 3)
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + number
    assert b"Traceback" not in err
    assert remote.sandbox.description("scratch") == OWN
    assert not (scratch.folder / "scenario-api.json").exists()


def test_after_a_signal_the_model_is_restored_though_that_takes_a_second_try(
    scratch: Workspace, remote: Loopback
) -> None:
    process = begun(scratch, remote, 3)
    tried = 0

    def script(method: str, target: str) -> Answer | None:
        nonlocal tried
        if method == "GET" and target.endswith("scratch/description"):
            tried += 1
            return json_answer(503, b"{}") if tried == 1 else None
        return None

    process.send_signal(signal.SIGTERM)
    remote.script = script
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + signal.SIGTERM
    assert remote.sandbox.description("scratch") == OWN


def test_after_a_kill_a_rollback_restores_the_model(scratch: Workspace, remote: Loopback) -> None:
    process = begun(scratch, remote, 4)
    process.kill()
    process.communicate(timeout=PATIENCE)
    wait_for(lambda: not remote.open_connections, "what was in flight to land")
    remote.script = lambda method, target: None
    assert remote.sandbox.description("scratch") != OWN
    (row,) = json.loads(scratch.run("runs", "--format", "json").out)
    assert row["command"] == "doctor"
    assert scratch.run("rollback", row["run"], "--force").status == 0
    assert remote.sandbox.description("scratch") == OWN


# What later runs make of it


def test_null_is_no_description_only_where_the_probe_has_seen_it(scratch: Workspace, remote: Loopback) -> None:
    remote.sandbox.plays = parse(["no_description=null"])
    assert scratch.run("sync").status == 1
    assert remote.counts["PUT"] == 0
    assert probe(scratch).status == 0
    assert scratch.run("sync").status == 0
    assert remote.sandbox.description("one") == "text of one"
    scratch.held({"one": "text of one"})
    (scratch.descriptions / "one.md").unlink()
    scratch.write("scratch", OWN)
    scratch.commit()
    ended = scratch.run("sync", "--prune", "--since", "HEAD~1")
    assert (ended.status, remote.sandbox.description("one")) == (0, ""), ended.out


def test_a_file_that_the_api_would_refuse_is_refused_here(scratch: Workspace, remote: Loopback) -> None:
    remote.sandbox.plays = parse(["size=400000"])
    assert probe(scratch).status == 0
    scratch.write("one", "x" * 1_000_000)
    assert scratch.run("check").status == 1
    config = scratch.folder / "config.yaml"
    config.write_text(config.read_text() + "safety: {max_file_bytes: 2000000}\n")
    remote.asked.clear()
    ended = scratch.json("sync")
    assert [problem["code"] for problem in ended.item("one")["problems"]] == ["file-too-large"]
    assert "999,999" in ended.item("one")["problems"][0]["message"]
    assert remote.asked == []


def in_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scenario's clock: what changed minutes ago is read each time."""
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda self, timestamp=None: later)


def many(workspace: Workspace, remote: Loopback, count: int) -> None:
    ids = [f"m{number:04}" for number in range(count)]
    remote.add(*ids, texts={id_: f"text of {id_}" for id_ in ids})
    for id_ in ids:
        workspace.write(id_, f"text of {id_}\n")
    remote.sandbox.put("one", "text of one")


@pytest.mark.deep
def test_what_is_in_step_costs_a_listing_once_updated_at_is_known_to_move(
    scratch: Workspace, remote: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(scratch, remote, 600)
    assert probe(scratch).status == 0
    in_an_hour(monkeypatch)
    counted = []
    for command in (("diff",), ("diff",), ("sync",), ("diff", "--refresh")):
        remote.asked.clear()
        ended = scratch.json(*command)
        assert (ended.status, ended.report["summary"]["unchanged"]) == (0, 601)
        counted.append(len(remote.asked))
    assert counted == [603, 2 + 20, 2 + 20, 603]


def test_an_edit_on_either_side_is_seen_through_the_memory(
    scratch: Workspace, remote: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(scratch, remote, 20)
    scratch.set_http("audit: 0")
    assert probe(scratch).status == 0
    in_an_hour(monkeypatch)
    assert scratch.run("diff", "--exit-code").status == 0
    remote.sandbox.put("m0003", "edited on Scenario")
    scratch.commit()
    scratch.write("m0005", "edited here")
    remote.asked.clear()
    report = scratch.json("diff").report
    changed = {item["model_id"]: item["action"] for item in report["items"] if item["action"] != "unchanged"}
    assert changed == {"m0003": "conflict", "m0005": "update"}
    assert remote.counts["GET"] == 3  # the listing, and the two
    assert scratch.run("sync", "--keep-going").status == 1
    assert remote.sandbox.description("m0005") == "edited here"
    assert remote.sandbox.description("m0003") == "edited on Scenario"


def test_where_updated_at_stays_everything_is_read(scratch: Workspace, remote: Loopback) -> None:
    remote.sandbox.plays = parse(["updated_at=stays"])
    many(scratch, remote, 5)
    assert probe(scratch).status == 0
    for _ in range(2):
        remote.asked.clear()
        assert scratch.run("diff").status == 0
        assert remote.counts["GET"] == 6
    assert not list((scratch.folder / ".syncjob").glob("**/*.memory.*"))


def test_a_selection_or_a_revision_asks_for_no_listing(scratch: Workspace, remote: Loopback) -> None:
    many(scratch, remote, 5)
    assert probe(scratch).status == 0
    for options in (("m0001",), ("--since", "HEAD")):
        remote.asked.clear()
        assert scratch.run("diff", *options).status == 0
        assert not any(target.startswith("/v1/models?") for _, target, _ in remote.asked)


def test_a_listing_that_fails_costs_requests_alone(scratch: Workspace, remote: Loopback) -> None:
    many(scratch, remote, 5)
    assert probe(scratch).status == 0
    remote.script = lambda method, target: json_answer(400, b"{}") if target.startswith("/v1/models?") else None
    assert scratch.run("diff", "--exit-code").status == 0


def test_no_listing_is_asked_for_that_costs_more_than_the_files(scratch: Workspace, remote: Loopback) -> None:
    remote.add(*(f"other{number}" for number in range(1100)))
    scratch.set_http("audit: 0")
    assert probe(scratch).status == 0
    asked = []
    for _ in range(2):
        remote.asked.clear()
        assert scratch.run("diff").status == 0
        asked.append(remote.counts["GET"])
    assert asked == [3 + 1, 1]


def test_prune_and_the_memory_share_one_listing(
    scratch: Workspace, remote: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(scratch, remote, 5)
    scratch.set_http("audit: 0")
    remote.sandbox.put("scratch", "")
    assert probe(scratch).status == 0
    in_an_hour(monkeypatch)
    for expected in (1 + 7, 1):
        remote.asked.clear()
        assert scratch.run("diff", "--prune").status == 0
        assert remote.counts["GET"] == expected


def test_what_was_found_at_another_address_is_not_used(scratch: Workspace, remote: Loopback) -> None:
    assert probe(scratch).status == 0
    path = scratch.folder / "scenario-api.json"
    path.write_text(path.read_text().replace(remote.url, "https://elsewhere.invalid/v1"))
    assert "not probed yet" in scratch.run("doctor").out


def test_a_damaged_file_is_told_and_not_used(scratch: Workspace, remote: Loopback) -> None:
    (scratch.folder / "scenario-api.json").write_bytes(b"[" * 1000)
    ended = scratch.run("diff")
    assert ended.status == 0
    assert "syncjob doctor --probe makes it anew" in ended.err


# doctor


def lines(ended: Ended) -> dict[str, str]:
    """The verdict of each line by its subject."""
    return {line.split()[1]: line.split()[0] for line in ended.out.splitlines()}


def test_all_is_well(scratch: Workspace, remote: Loopback) -> None:
    ended = scratch.run("doctor")
    assert ended.status == 0
    subjects = ["config", "descriptions", "git", "credentials", "Scenario", "limits", "clock", "learnt"]
    assert lines(ended) == dict.fromkeys(subjects, "ok")
    assert len(remote.asked) == 1
    assert KEY not in ended.out
    assert SECRET not in ended.out


def test_refused_credentials_are_exit_2_by_one_request(scratch: Workspace, remote: Loopback) -> None:
    remote.script = lambda method, target: json_answer(401, b'{"reason": "Unauthorized"}')
    ended = scratch.run("doctor")
    assert (ended.status, len(remote.asked)) == (2, 1)
    assert "FAILED   credentials" in ended.out
    assert "ok       credentials   SCENARIO_SDK_API_KEY and SCENARIO_SDK_API_SECRET are set\n" in ended.out


def test_a_server_that_is_not_there_is_told(scratch: Workspace) -> None:
    config = scratch.folder / "config.yaml"
    config.write_text(
        re.sub("http://[^/]*", "http://127.0.0.1:1", config.read_text()).replace(
            "per_minute: 0", "per_minute: 0, attempts: 1"
        )
    )
    ended = scratch.run("doctor")
    assert (ended.status, lines(ended)["Scenario"], lines(ended)["clock"]) == (1, "FAILED", "unknown")
    assert "cannot reach Scenario at 127.0.0.1:1 (connection refused, 1 attempt)" in ended.out


def test_an_empty_folder_is_told(scratch: Workspace) -> None:
    (scratch.descriptions / "one.md").unlink()
    ended = scratch.run("doctor")
    assert (ended.status, lines(ended)["descriptions"]) == (1, "FAILED")


def test_a_folder_without_git_is_warned_of(workspace: Workspace, remote: Loopback) -> None:
    workspace.write("one", "text")
    ended = workspace.run("doctor")
    assert (ended.status, lines(ended)["git"]) == (0, "warning")


def test_limits_that_the_answer_tells_are_shown(scratch: Workspace, remote: Loopback) -> None:
    remote.script = lambda method, target: json_answer(200, b'{"models": []}', x_ratelimit_remaining="99")
    assert "x-ratelimit-remaining: 99" in scratch.run("doctor").out
    remote.script = lambda method, target: json_answer(200, b'{"models": []}', x_limit_key=SECRET)
    assert SECRET not in scratch.run("doctor").out


@pytest.mark.parametrize(("date", "verdict"), [("Mon, 05 Jan 2026 09:00:00 GMT", "warning"), ("rubbish", "ok")])
def test_a_clock_that_is_wrong_is_told(scratch: Workspace, remote: Loopback, date: str, verdict: str) -> None:
    remote.script = lambda method, target: json_answer(200, b'{"models": []}', date=date)
    ended = scratch.run("doctor")
    assert (ended.status, lines(ended)["clock"]) == (0, verdict)


@pytest.mark.parametrize("zone", ["GMT", "+0000", "-0000", ""])
def test_a_date_is_that_of_greenwich_wherever_this_machine_is(zone: str) -> None:
    date = f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S} {zone}".strip()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        clock = doctor._clock(Answer(200, {"date": date}, b""))
    time.tzset()
    assert clock.verdict == "ok", clock.text


# The stand-in's plays


@pytest.mark.parametrize(
    ("word", "told"), [("nonsense=1", "it knows no_description"), ("crlf=maybe", "kept, lf"), ("crlf", "kept, lf")]
)
def test_a_play_that_is_none_is_refused(workspace: Workspace, word: str, told: str) -> None:
    ended = workspace.run("sandbox", "--port", "0", "--play", word)
    assert ended.status == 2
    assert told in ended.err


def test_the_embedded_stand_in_plays_what_the_environment_says(workspace: Workspace) -> None:
    workspace.write("model_pCxZs3eF9kMhRjLnYwQtUvBa", "text")
    ended = workspace.run("--profile", "sandbox", "sync", SYNCJOB_SANDBOX_PLAY="no-description=null crlf=lf")
    assert ended.status == 1
    assert "null" in ended.out


def test_a_page_that_is_no_answer_fails(scratch: Workspace, remote: Loopback) -> None:
    page = Answer(200, {"content-type": "text/html"}, b"<html>log in to this network</html>")
    remote.script = lambda method, target: page
    ended = scratch.run("doctor")
    assert ended.status == 1
    assert "FAILED   Scenario      the body is not the JSON that the API promises" in ended.out


@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 -0100", "Fri, 31 Dec 99999999999999999999 23:59:59 GMT"])
def test_a_nonsense_date_is_none(scratch: Workspace, remote: Loopback, date: str) -> None:
    remote.script = lambda method, target: json_answer(200, b'{"models": []}', Date=date)
    assert "has no date to compare with" in scratch.run("doctor").out


def test_no_body_passes_for_a_404(scratch: Workspace, remote: Loopback) -> None:
    remote.script = lambda method, target: json_answer(200, b'{"status": 404}') if "description" in target else None
    assert probe(scratch).status == 2
    assert remote.counts["PUT"] == 0


def test_without_credentials_every_line_is_there_and_nothing_is_sent(scratch: Workspace, remote: Loopback) -> None:
    ended = scratch.run("doctor", SCENARIO_SDK_API_KEY="", SCENARIO_SDK_API_SECRET="")
    assert ended.status == 2
    verdicts = {"credentials": "FAILED", **dict.fromkeys(("Scenario", "limits", "clock"), "unknown")}
    assert lines(ended) == {**dict.fromkeys(("config", "descriptions", "git", "learnt"), "ok"), **verdicts}
    assert "set SCENARIO_SDK_API_KEY and SCENARIO_SDK_API_SECRET" in ended.out
    assert (remote.asked, ended.err) == ([], "")


def test_a_line_has_the_colour_of_its_verdict() -> None:
    assert render_line(Line("FAILED", "git", "text"), color=True).startswith("\x1b[31mFAILED  \x1b[0m git ")


def test_a_line_of_the_doctor_is_folded_below_its_text_on_a_terminal() -> None:
    line = Line("ok", "config", " ".join(["word"] * 20))
    assert render_line(line) == f"ok       config        {line.text}\n"
    rows = render_line(line, width=80).splitlines()
    assert [row[:23].strip() for row in rows] == ["ok       config", ""]
    assert " ".join(row[23:] for row in rows) == line.text
    assert max(map(len, render_line(line, width=40).splitlines())) <= 40


def test_the_table_of_a_probe_fits_a_terminal(scratch: Workspace) -> None:
    assert [line for line in probe(scratch).out.splitlines() if len(line) > 80] == []
