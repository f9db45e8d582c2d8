"""The command as a process, over real HTTP to the served stand-in."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from syncjob import __version__
from syncjob.scenario.answers import Answer
from tests.support.loopback import PLAYS, Loopback, json_answer
from tests.support.workspace import KEY, SECRET, Workspace


def test_a_sync_writes_what_differs_and_the_next_one_writes_nothing(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", "two", "three", texts={"one": "old", "two": "same"})
    workspace.held({"one": "old"})
    workspace.write("one", "new\n")
    workspace.write("two", "same\r\n\r\n")
    workspace.write("three", "fresh\n")
    first = workspace.json("sync")
    assert first.status == 0
    assert first.report["summary"] | {"create": 1, "update": 1, "unchanged": 1, "applied": 2} == first.report["summary"]
    held = {id_: remote.sandbox.description(id_) for id_ in ("one", "two", "three")}
    assert held == {"one": "new", "two": "same", "three": "fresh"}
    assert workspace.json("diff", "--exit-code").status == 0
    second = workspace.json("sync")
    assert second.status == 0
    assert second.report["requests"]["put"] == 0


def test_a_thousand_descriptions_cost_no_more_requests_than_the_work_needs(
    workspace: Workspace, remote: Loopback
) -> None:
    ids = [f"model_{number:04d}" for number in range(1000)]
    remote.add(*ids, texts=dict.fromkeys(ids, "the same text"))
    remote.add_assets("asset_a", "asset_b")
    for id_ in ids:
        workspace.write(id_, "the same text\n")
    workspace.commit()
    for id_ in ids[:3]:
        workspace.write(id_, "changed, with {asset:asset_a}, {asset:asset_b} and {model:model_0500}\n")
    ended = workspace.json("sync")
    assert ended.status == 0
    assert remote.counts == {"GET": 1000, "POST": 2, "PUT": 3}
    assert ended.report["requests"] | {"total": 1005, "get": 1000, "post": 2, "put": 3} == ended.report["requests"]
    # The first request goes alone, so that wrong credentials cost one; then there is one connection a worker.
    assert remote.opened_connections == remote.peak_connections == 8


def test_what_the_remote_text_refers_to_already_is_not_looked_up_again(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": "see {asset:asset_a}"})
    remote.add_assets("asset_a")
    workspace.held({"one": "see {asset:asset_a}"})
    workspace.write("one", "do see {asset:asset_a}\n")
    assert workspace.json("sync").status == 0
    assert [target for method, target, _ in remote.asked if method == "POST"] == ["/v1/models/get-bulk"]


# What is wrong, how it is written, and the code, line and column that are named.
BAD_FILES = [
    ("bad UTF-8", "bad", b"fine\nh\xc3\xa9 \xff", "file-encoding", 2, 4),
    ("NUL", "bad", b"a\0b", "file-encoding", 1, 2),
    ("empty", "bad", b"", "file-empty", None, None),
    ("blank", "bad", b" \n\t\n", "file-empty", None, None),
    ("space in the name", "a name", b"text", "file-name", None, None),
    ("dots", ".", b"text", "file-name", None, None),
    ("2 MB", "bad", b"x" * 2_000_000, "file-too-large", None, None),
    ("space in a tag", "bad", b"see\n  {asset: x}", "tag-malformed", 2, 3),
    ("upper case in a tag", "bad", b"{Asset:x}", "tag-malformed", 1, 1),
    ("plural tag", "bad", b"{assets:x}", "tag-malformed", 1, 1),
    ("equals sign", "bad", b"{model=x}", "tag-malformed", 1, 1),
    ("no brace", "bad", b"{asset:x and so on", "tag-malformed", 1, 1),
]


@pytest.mark.parametrize(
    ("name", "data", "code", "line", "column"), [case[1:] for case in BAD_FILES], ids=[case[0] for case in BAD_FILES]
)
def test_a_bad_file_refuses_the_whole_run_before_any_request(
    workspace: Workspace, remote: Loopback, name: str, data: bytes, code: str, line: int | None, column: int | None
) -> None:
    remote.add("good", "bad")
    workspace.write("good", "text\n")
    workspace.write(name, data)
    ended = workspace.json("sync")
    assert ended.status == 1
    assert remote.asked == []
    bad = next(item for item in ended.report["items"] if item["problems"])
    problem = bad["problems"][0]
    assert (bad["status"], problem["code"], problem["line"], problem["column"]) == ("refused", code, line, column)
    assert ended.item("good")["status"] == "not_attempted"


def test_special_files_and_collisions_refuse_the_run(workspace: Workspace, remote: Loopback) -> None:
    workspace.write("a", "text")
    workspace.write("A", "text")
    (workspace.descriptions / "link.md").symlink_to(workspace.folder / "config.yaml")
    os.mkfifo(workspace.descriptions / "pipe.md")
    ended = workspace.json("sync")
    assert ended.status == 1
    assert remote.asked == []
    codes = {item["model_id"]: item["problems"][0]["code"] for item in ended.report["items"]}
    assert codes == {
        "A": "file-collision",
        "a": "file-collision",
        "link": "file-special",
        "pipe": "file-special",
    }


def test_a_byte_order_mark_is_a_warning_and_is_not_sent(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    workspace.write("one", b"\xef\xbb\xbfhello\n")
    ended = workspace.json("sync")
    assert ended.status == 0
    assert (
        ended.item("one")["problems"][0] | {"code": "file-encoding", "severity": "warning"}
        == ended.item("one")["problems"][0]
    )
    assert remote.sandbox.description("one") == "hello"


@pytest.mark.parametrize(("tag", "code"), [("{asset:asset_gone}", "asset-missing"), ("{model:gone}", "model-missing")])
def test_a_missing_reference_refuses_the_whole_run_with_its_place(
    workspace: Workspace, remote: Loopback, tag: str, code: str
) -> None:
    remote.add("one", "two")
    workspace.write("one", f"fine\n\nsee {tag}\n")
    workspace.write("two", "fine\n")
    for command in ("diff", "sync"):
        ended = workspace.json(command)
        assert ended.status == 1
        item = ended.item("one")
        problem = item["problems"][0]
        assert (item["action"], item["status"]) == ("invalid", "refused")
        assert (problem["code"], problem["line"], problem["column"]) == (code, 3, 5)
    assert remote.counts["PUT"] == 0


def test_a_missing_reference_in_code_is_a_warning(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    workspace.write("one", "write `{asset:asset_gone}`\n\n```\n{model:gone}\n```\n")
    ended = workspace.json("sync")
    assert ended.status == (0 if PLAYS.unknown_tag == "left-out" else 1)  # the API's own word
    assert [problem["severity"] for problem in ended.item("one")["problems"]] == ["warning", "warning"]


def test_a_public_model_that_refers_to_something_private_is_warned_of(workspace: Workspace, remote: Loopback) -> None:
    remote.add("open", privacy="public")
    remote.add_assets("asset_private")
    workspace.write("open", "{asset:asset_private}\n")
    ended = workspace.json("sync")
    assert ended.status == 0
    assert [problem["code"] for problem in ended.item("open")["problems"]] == ["reference-private"]


def test_keep_going_refuses_just_the_items_concerned(workspace: Workspace, remote: Loopback) -> None:
    remote.add("good", "bad-tag", "bad-reference")
    workspace.write("good", "fine\n")
    workspace.write("bad-tag", "{asset: x}\n")
    workspace.write("bad-reference", "{asset:asset_gone}\n")
    workspace.write("unknown", "no such model\n")
    ended = workspace.json("sync", "--keep-going")
    assert ended.status == 1
    statuses = {item["model_id"]: item["status"] for item in ended.report["items"]}
    assert statuses == {"good": "applied", "bad-tag": "refused", "bad-reference": "refused", "unknown": "refused"}
    assert ended.item("unknown")["problems"][0]["code"] == "model-unknown"
    assert remote.counts["PUT"] == 1


def test_a_model_that_answers_404_for_want_of_a_description_gets_one(workspace: Workspace, remote: Loopback) -> None:
    remote.add("bare")
    remote.script = lambda method, target: (
        json_answer(404, b'{"reason": "not found"}') if (method, target[-12:]) == ("GET", "/description") else None
    )
    workspace.write("bare", "fresh\n")
    ended = workspace.json("sync")
    assert ended.status == 0
    assert ended.item("bare")["action"] == "create"
    assert remote.sandbox.description("bare") == "fresh"


def test_too_many_changes_need_force(workspace: Workspace, remote: Loopback) -> None:
    ids = [f"m{number}" for number in range(11)]
    remote.add(*ids, texts=dict.fromkeys(ids, "old"))
    workspace.held(dict.fromkeys(ids, "old"))
    for id_ in ids:
        workspace.write(id_, "new")
    refused = workspace.json("sync", "--keep-going")
    assert refused.status == 1
    assert refused.report["problems"][0]["code"] == "too-many-changes"
    assert {item["status"] for item in refused.report["items"]} == {"refused"}
    assert remote.counts["PUT"] == 0
    assert workspace.json("sync", "--force").status == 0
    assert remote.counts["PUT"] == 11


MISREADINGS = [
    # No misreading if a probe found out that the API responds so.
    *([json_answer(200, b'{"description": null}')] if PLAYS.no_description != "null" else []),
    json_answer(200, b"<html>Sign in</html>", content_type="text/html"),
    json_answer(200, b'{"description": {"value": "te'),
    json_answer(200, b'{"description": {"value": 7, "assets": [], "models": []}}'),
    json_answer(200, b'{"description": {"assets": [], "models": []}}'),
    json_answer(200, b"[" * 200_000),
    json_answer(200, b'{"description": {"value": "\\ud800", "assets": [], "models": []}}'),
    json_answer(204, b""),
    json_answer(302, b"", location="https://elsewhere.example/secret?token=1"),
]


@pytest.mark.parametrize("answer", MISREADINGS, ids=lambda answer: answer.body[:40].decode())
def test_what_is_not_the_promised_answer_is_never_read_as_no_description(
    workspace: Workspace, remote: Loopback, answer: Answer
) -> None:
    remote.add("one", texts={"one": "precious"})
    remote.script = lambda method, target: answer if method == "GET" else None
    workspace.write("one", "new\n")
    ended = workspace.json("sync", "--force", "--keep-going")
    assert ended.status == 1
    assert ended.item("one")["error"]["code"] in ("protocol", "redirected")
    assert remote.counts["PUT"] == 0
    assert remote.sandbox.description("one") == "precious"


def test_a_null_value_is_no_description(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    empty = json_answer(200, b'{"description": {"value": null, "assets": [], "models": []}}')
    remote.script = lambda method, target: empty if method == "GET" else None
    workspace.write("one", "new\n")
    assert workspace.json("sync").status == 0
    assert remote.sandbox.description("one") == "new"


def test_credentials_refused_at_the_first_answer_cost_one_request(workspace: Workspace, remote: Loopback) -> None:
    for number in range(50):
        workspace.write(f"m{number}", "text")
    refusal = json_answer(401, json.dumps({"reason": f"bad key {KEY} {SECRET}"}).encode())
    remote.script = lambda method, target: refusal
    ended = workspace.json("sync", "--keep-going")
    assert ended.status == 2
    assert len(remote.asked) == 1
    assert ended.report["summary"] | {"failed": 1, "not_attempted": 49} == ended.report["summary"]
    assert "SCENARIO_SDK_API_KEY" in ended.report["problems"][0]["message"]
    assert KEY not in ended.out + ended.err
    assert SECRET not in ended.out + ended.err


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"SCENARIO_SDK_API_KEY": "", "SCENARIO_SDK_API_SECRET": ""}, "no credentials"),
        ({"SCENARIO_SDK_API_SECRET": ""}, "SCENARIO_SDK_API_SECRET is missing"),
        ({"SCENARIO_BASE_URL": "http://scenario.example/v1"}, "loopback"),
        ({"SYNCJOB_PROFILE": "tset"}, "no profile 'tset'"),
    ],
)
def test_wrong_settings_exit_2_and_send_nothing(
    workspace: Workspace, remote: Loopback, environment: dict[str, str], told: str
) -> None:
    workspace.write("one", "text")
    ended = workspace.run("sync", **environment)
    assert (ended.status, ended.out) == (2, "")
    assert told in ended.err
    assert remote.asked == []


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("saftey: {}\n", "config.yaml:6: unknown key 'saftey'; did you mean 'safety'?"),
        ("http: {}\n", "config.yaml:6:1: duplicate key 'http', first on line 5"),
        ("safety: &a [*a]\n", "config.yaml:6:9: anchors (&) and aliases (*) are not allowed"),
        ("safety: {max_deletes: no}\n", 'config.yaml:6: safety.max_deletes: expected a whole number, got "no"'),
        ("api_secret: hunter2-hunter2\n", "credentials do not belong in the config"),
    ],
)
def test_a_wrong_config_exits_2_and_names_the_line(
    workspace: Workspace, remote: Loopback, more: str, told: str
) -> None:
    workspace.configure(remote.url, more)
    workspace.write("one", "text")
    ended = workspace.run("sync")
    assert (ended.status, ended.out) == (2, "")
    assert told in ended.err
    assert "hunter2" not in ended.err


def test_no_descriptions_at_all_is_an_error_and_not_a_success(workspace: Workspace) -> None:
    assert workspace.run("sync").status == 2
    workspace.descriptions.mkdir()
    ended = workspace.run("sync")
    assert ended.status == 2
    assert "no file in descriptions ends in .md" in ended.err


def test_a_pattern_that_matches_nothing_is_an_error(workspace: Workspace) -> None:
    workspace.write("flux.1-dev", "text")
    ended = workspace.run("diff", "flux.1-dve")
    assert ended.status == 2
    assert "did you mean flux.1-dev?" in ended.err


def test_only_what_is_selected_is_asked_for(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", "two", "three")
    for id_ in ("one", "two", "three", "not an id"):
        workspace.write(id_, "text")
    ended = workspace.json("diff", "o*", "descriptions/two.md")
    assert ended.status == 0
    assert [item["model_id"] for item in ended.report["items"]] == ["one", "two"]


def test_a_server_that_is_away_ends_in_a_message(workspace: Workspace) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        workspace.configure(f"http://127.0.0.1:{taken.getsockname()[1]}/v1", "")
        config = workspace.folder / "config.yaml"
        config.write_text(config.read_text().replace("per_minute: 0", "per_minute: 0, attempts: 2"))
        workspace.write("one", "text")
        ended = workspace.run("sync")
    assert ended.status == 1
    assert "cannot reach Scenario at 127.0.0.1" in ended.out


def test_a_failing_server_trips_the_breaker_and_the_rest_is_not_attempted(
    workspace: Workspace, remote: Loopback
) -> None:
    for number in range(200):
        workspace.write(f"m{number:03d}", "text")
    remote.script = lambda method, target: json_answer(403, b'{"reason": "missing scope models.read"}')
    ended = workspace.json("sync", "--keep-going")
    assert ended.status == 4
    # Workers may be ahead of whoever counts, by one queue of results and one more each.
    assert 20 <= len(remote.asked) < 120
    assert ended.report["problems"][0]["code"] == "forbidden"
    assert "20 failures in a row" in ended.report["problems"][0]["message"]
    assert ended.report["summary"]["not_attempted"] > 0


def test_the_plan_ceiling_ends_the_run_with_4(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    workspace.write("one", "text")
    ceiling = json_answer(429, b'{"reason": "upgrade your plan", "name": "PlanLimitReachedError"}')
    remote.script = lambda method, target: ceiling if method == "PUT" else None
    ended = workspace.json("sync")
    assert ended.status == 4
    assert remote.counts["PUT"] == 1
    assert ended.item("one")["error"]["code"] == "plan-limit"


def test_exit_code_3_says_that_there_are_changes(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    workspace.write("one", "text")
    assert workspace.run("diff").status == 0
    assert workspace.run("diff", "--exit-code").status == 3
    assert workspace.run("sync", "--dry-run", "--exit-code").status == 3
    assert workspace.run("sync", "--dry-run", SYNCJOB_SYNC_EXIT_CODE="1").status == 3
    assert remote.counts["PUT"] == 0


def test_output_and_report_go_to_files_and_stdout_stays_empty(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": "old"})
    workspace.held({"one": "old"})
    workspace.write("one", "new\n")
    workspace.commit()
    ended = workspace.run("diff", "--output", "plan.txt", "--report", "report.json")
    assert (ended.status, ended.out) == (0, "")
    assert ended.err == ("Plan: 0 to create, 1 to update, 0 to delete, 0 unchanged.\nWrote plan.txt, report.json.\n")
    assert "-old\n+new\n" in (workspace.folder / "plan.txt").read_text()
    assert json.loads((workspace.folder / "report.json").read_text())["summary"]["update"] == 1


def test_an_output_file_that_cannot_be_written_is_known_before_the_run(workspace: Workspace, remote: Loopback) -> None:
    workspace.write("one", "new\n")
    assert workspace.run("sync", "--output", "missing/plan.txt").status == 2
    assert remote.asked == []


def test_the_text_is_like_git_and_hides_what_would_act_on_a_terminal(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": "first\nold \x1b[31mred\x1b[0m\u202e"})
    workspace.held({"one": "first\nold \x1b[31mred\x1b[0m\u202e"})
    workspace.write("one", "first\nnew\n")
    ended = workspace.run("sync", "--color", "always")
    plain = workspace.run("diff")
    assert "\x1b[31m-old \\x1b[31mred\\x1b[0m\\u202e\x1b[0m\n\x1b[32m+new\x1b[0m\n" in ended.out
    assert "update one (Name of one)" in ended.out
    assert ended.out.endswith("updated\x1b[0m one (Name of one)\nApplied 1, 0 failed, 0 refused.\n")
    assert plain.out == "Plan: 0 to create, 0 to update, 0 to delete, 1 unchanged.\n"


def test_an_edit_between_reading_and_writing_is_left_alone(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": "old"})
    workspace.configure(remote.url.replace("/v1", "/v1"), "")
    config = workspace.folder / "config.yaml"
    config.write_text(config.read_text().replace("per_minute: 0", "per_minute: 0, recheck_after: 0"))
    workspace.held({"one": "old"})
    workspace.write("one", "new\n")

    def edit(method: str, target: str) -> None:
        if method == "POST":
            remote.sandbox.put("one", "edited on Scenario")

    remote.script = edit
    ended = workspace.json("sync")
    assert ended.status == 1
    assert ended.item("one")["action"] == "conflict"
    assert ended.item("one")["problems"][0]["code"] == "remote-edited"
    assert remote.sandbox.description("one") == "edited on Scenario"


def test_what_the_server_stores_differently_is_reported(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    remote.add_assets("asset_a")
    stored = (
        b'{"description": {"value": "SEE {ASSET:ASSET_A}, NOT `{ASSET:ASSET_A}` AT ALL", "assets": [], "models": []}}'
    )
    remote.script = lambda method, target: json_answer(200, stored) if method == "PUT" else None
    workspace.write("one", "see {asset:asset_a}, not `{asset:asset_a}`\n")
    ended = workspace.json("sync")
    assert ended.status == 0
    problems = [(problem["code"], problem["column"]) for problem in ended.item("one")["problems"]]
    assert problems == [("remote-normalised", None), ("reference-unresolved", 5)]


def test_a_check_is_offline_and_needs_no_credentials(workspace: Workspace, remote: Loopback) -> None:
    workspace.write("one", "text {asset:asset_a}")
    ended = workspace.run("check", SCENARIO_SDK_API_KEY="", SCENARIO_SDK_API_SECRET="")
    assert (ended.status, ended.out) == (0, "Checked 1 description: 0 errors, 0 warnings.\n")
    assert remote.asked == []
    workspace.write("two", "\n{asset: x}\n")
    ended = workspace.run("check")
    assert ended.status == 1
    assert ended.out.startswith(
        "descriptions/two.md:2:1: error tag-malformed: {asset: x} is not a tag: write {asset:x}"
    )


def test_a_remote_check_looks_everything_up_in_bulk(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    workspace.write("one", "text {asset:asset_a}")
    workspace.write("two", "text {model:one}")
    ended = workspace.json("check", "--remote")
    assert ended.status == 1
    codes = {item["model_id"]: [problem["code"] for problem in item["problems"]] for item in ended.report["items"]}
    assert codes == {"one": ["asset-missing"], "two": ["model-unknown"]}
    if PLAYS.unknown_in_bulk == "left-out":  # else it takes more to find the unknown ones
        assert remote.counts == {"POST": 2}


def test_the_sandbox_needs_no_network_and_never_becomes_production(workspace: Workspace, remote: Loopback) -> None:
    workspace.write("model_eyVcnFJcR92BxBkz7N6g5w", "text")
    ended = workspace.json("--profile", "sandbox", "sync", SCENARIO_BASE_URL=remote.url)
    assert ended.status == 0
    assert "embedded stand-in: nothing is sent to Scenario" in ended.err
    assert ended.report["summary"]["applied"] == 1
    assert remote.asked == []
    assert (workspace.folder / ".syncjob" / ".gitignore").read_text() == "*\n"


def test_nothing_secret_is_printed_at_debug_level(workspace: Workspace, remote: Loopback, tmp_path: Path) -> None:
    remote.add("one")
    remote.add_assets("asset_a")
    workspace.write("one", "{asset:asset_a}")
    workspace.expect_no_lag()  # the text is taken back by hand
    for form in ("console", "json"):
        ended = workspace.run("--log-level", "debug", "--log-format", form, "sync", "--format", "json")
        assert ended.status == 0
        assert "request" in ended.err
        for hidden in (KEY, SECRET, "Signature", "Basic ", "?"):
            assert hidden not in ended.err
        remote.sandbox.put("one", "")


def test_json_logs_are_one_object_a_line_with_run_and_model(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    workspace.write("one", "text")
    ended = workspace.run("--log-level", "debug", "--log-format", "json", "sync")
    events = [json.loads(line) for line in ended.err.splitlines()]
    events = [event for event in events if event["event"] != "request"]
    assert [event["event"] for event in events] == ["applied"]
    assert events[0]["model_id"] == "one"
    assert events[0]["run"].startswith("20")


def test_an_option_in_the_wrong_place_is_told_its_place(workspace: Workspace) -> None:
    ended = workspace.run("diff", "--profile", "test")
    assert ended.status == 2
    assert "--profile goes before the command" in ended.err


@pytest.mark.parametrize("redirection", [">&-", "> /dev/full", "| true"])
def test_without_stdout_no_run_begins_and_one_that_loses_it_comes_to_its_end(
    workspace: Workspace, remote: Loopback, redirection: str
) -> None:
    remote.add("one")
    workspace.write("one", "text")
    command = f"set -o pipefail; {sys.executable} -m syncjob sync {redirection}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=workspace.folder,
        env=workspace.environment(),
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    assert (done.returncode, remote.counts["PUT"]) == ((2, 0) if redirection == ">&-" else (1, 1))


def test_a_closed_stdin_is_no_terminal(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    workspace.write("one", "text")
    command = ["bash", "-c", f"{sys.executable} -m syncjob sync <&-"]
    subprocess.run(command, cwd=workspace.folder, env=workspace.environment(), timeout=300, check=True)
    assert remote.sandbox.description("one") == "text"


def test_the_version_is_told_without_a_config(tmp_path: Path) -> None:
    assert Workspace(tmp_path).run("--version").out == f"syncjob {__version__}\n"
    assert Workspace(tmp_path).run("-h").status == 0


def test_an_edit_while_a_write_waits_to_be_repeated_is_left_alone(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": "old"})
    config = workspace.folder / "config.yaml"
    config.write_text(config.read_text().replace("per_minute: 0", "per_minute: 0, recheck_after: 1"))
    workspace.held({"one": "old"})
    workspace.write("one", "new\n")

    def script(method: str, target: str) -> Answer | None:
        if method != "PUT" or remote.counts["PUT"] > 1:
            return None
        remote.sandbox.put("one", "edited on Scenario")
        return json_answer(429, b"{}", retry_after_ms="1300")

    remote.script = script
    ended = workspace.json("sync")
    assert ended.status == 1
    assert ended.item("one")["action"] == "conflict"
    assert remote.sandbox.description("one") == "edited on Scenario"


@pytest.mark.deep
def test_a_full_log_does_not_end_a_run_that_writes(workspace: Workspace, remote: Loopback) -> None:
    ids = [f"m{number}" for number in range(5)]
    remote.add(*ids)
    for id_ in ids:
        workspace.write(id_, "text")
    overrun = json_answer(503, b"{}", retry_after_ms="10")
    remote.script = lambda method, target: overrun if method == "PUT" and remote.counts["PUT"] == 1 else None
    command = f"{sys.executable} -m syncjob sync --report report.json 2> /dev/full"
    subprocess.run(["bash", "-c", command], cwd=workspace.folder, env=workspace.environment(), timeout=300, check=True)
    report = json.loads((workspace.folder / "report.json").read_text())
    assert (report["summary"]["applied"], report["requests"]["retries"]) == (5, 1)


def test_a_run_that_does_not_begin_leaves_an_earlier_report_alone(workspace: Workspace) -> None:
    workspace.write("one", "text")
    earlier = workspace.folder / "report.json"
    earlier.write_text("earlier")
    assert workspace.run("--profile", "typo", "diff", "--report", "report.json").status == 2
    assert earlier.read_text() == "earlier"
    assert workspace.run("diff", "--report", "same", "--output", "./same").status == 2


def test_what_was_written_is_said_even_where_the_report_cannot_be(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    workspace.write("one", "text")
    ended = workspace.run("sync", "--report", "/dev/full")
    assert ended.status == 1
    assert "Applied 1" in ended.out
    assert "Applied 1" in ended.err
    assert "No space left" in ended.err


def test_a_page_in_place_of_the_api_is_not_a_model_that_is_unknown(workspace: Workspace, remote: Loopback) -> None:
    remote.script = lambda method, target: json_answer(404, b"<html>Not here</html>", content_type="text/html")
    workspace.write("one", "text")
    error = workspace.json("sync").item("one")["error"]
    assert error["code"] == "protocol"
    assert "base_url" in error["message"]


def test_a_signed_url_in_a_reason_loses_its_query(workspace: Workspace, remote: Loopback) -> None:
    reason = b'{"reason": "see https://cdn.example/asset.png?Expires=1&Signature=hush-hush, please"}'
    remote.script = lambda method, target: json_answer(400, reason)
    workspace.write("one", "text")
    ended = workspace.run("--log-level", "debug", "sync")
    assert "hush-hush" not in ended.out + ended.err
    assert "https://cdn.example/asset.png?[redacted]" in ended.out


def test_json_acts_on_a_terminal_no_more_than_text_does(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one")
    text = "a \x9b31m \u202e \x7f \x1b b"
    workspace.write("one", text)
    ended = workspace.json("diff")
    assert not set(ended.out) & {"\x9b", "\u202e", "\x7f", "\x1b"}
    assert f"+{text}" in ended.item("one")["diff"]


def test_an_offline_check_touches_neither_state_nor_proxy(workspace: Workspace) -> None:
    workspace.write("one", "text")
    shutil.rmtree(workspace.folder / ".syncjob", ignore_errors=True)
    for profile in ("sandbox", "test"):
        ended = workspace.run(
            "--profile", profile, "check", SCENARIO_BASE_URL="https://host/v1", HTTPS_PROXY="socks5://x"
        )
        assert ended.status == 0
    assert not (workspace.folder / ".syncjob").exists()


def test_a_run_that_ends_while_reading_shows_no_plan_that_nobody_checked(
    workspace: Workspace, remote: Loopback
) -> None:
    for number in range(250):
        workspace.write(f"m{number:03}", "text")
    missing, forbidden = json_answer(404, b'{"reason": "not found"}'), json_answer(403, b"{}")
    remote.script = lambda method, target: missing if target < "/v1/models/m010" else forbidden
    ended = workspace.run("diff")
    assert ended.status == 4
    assert "create" not in ended.out.replace("0 to create", "")
    assert "Nothing was compared." in ended.out


def test_a_state_folder_that_holds_other_things_gets_no_ignore_file(workspace: Workspace, remote: Loopback) -> None:
    workspace.write("model_eyVcnFJcR92BxBkz7N6g5w", "text")
    assert workspace.run("--profile", "sandbox", "diff", SYNCJOB_STATE_DIR=".").status == 0
    assert not (workspace.folder / ".gitignore").exists()


def test_an_empty_sandbox_file_is_filled(workspace: Workspace) -> None:
    workspace.held({"flux.1-dev": "text"})
    (workspace.folder / ".syncjob").mkdir(exist_ok=True)
    (workspace.folder / ".syncjob" / "sandbox.sqlite3").touch()
    assert workspace.json("--profile", "sandbox", "diff").item("flux.1-dev")["action"] == "conflict"


def test_a_remote_check_with_refused_credentials_costs_one_request_and_the_rest_is_not_attempted(
    workspace: Workspace, remote: Loopback
) -> None:
    for number in range(120):
        workspace.write(f"m{number}", "text")
    remote.script = lambda method, target: json_answer(401, b"{}")
    ended = workspace.json("check", "--remote")
    assert ended.status == 2
    assert len(remote.asked) == 1
    summary = ended.report["summary"]
    assert summary["failed"] + summary["not_attempted"] == 120
    assert summary["not_attempted"] >= 70
