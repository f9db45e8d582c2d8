"""The stand-in keeps to docs/openapi.yaml, errors included, remembers what it was told, and never falls over."""

import base64
import json
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from jsonschema import Draft202012Validator, ValidationError

from syncjob.credentials import basic
from syncjob.errors import UsageError
from syncjob.sandbox import Sandbox, server
from syncjob.sandbox.api import describe, respond
from syncjob.sandbox.behaviours import Plays
from syncjob.sandbox.records import asset_row, model_row
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

PAGE = Path(__file__).parents[2] / "docs" / "openapi.yaml"
AUTHORIZED = {"authorization": basic("key", "secret").header}
UNKNOWN_ROUTE = "unknown route"


@cache
def page() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(PAGE.read_text("utf-8"))
    return loaded


def promised(route: str, method: str, status: int) -> dict[str, Any]:
    """The schema of an answer on the API page."""
    if route == UNKNOWN_ROUTE:
        response = page()["components"]["responses"]["Forbidden"]
    else:
        response = page()["paths"][route][method.lower()]["responses"][str(status)]
    if "$ref" in response:
        response = page()["components"]["responses"][response["$ref"].rpartition("/")[2]]
    schema: dict[str, Any] = response["content"]["application/json"]["schema"]
    return schema


def assert_valid(schema: Mapping[str, Any], value: object) -> None:
    """With the whole page embedded, the references of its schemas resolve."""
    Draft202012Validator({**page(), **schema}).validate(value)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """The stand-in with the demo's catalogue, in this process."""
    with Sandbox(tmp_path / "sandbox.sqlite3") as opened:
        yield opened


def ask(
    sandbox: Sandbox, method: str, target: str, body: object = None, headers: Mapping[str, str] = AUTHORIZED
) -> tuple[int, Any]:
    """(status, parsed body) of the answer to one request; bytes are sent as they are."""
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    answer = sandbox.handle(method, target, headers, raw)
    assert answer.headers == {"content-type": "application/json"}
    return answer.status, json.loads(answer.body)


DEV = "/models/flux.1-dev"
TEXT = {"description": "see {asset:asset_GTrL3mq4SXWyMxkOHRxlpw}, {model:flux.1-kontext-dev} and {asset:unknown}"}

# route on the API page, method, target, body, status
CALLS: list[tuple[str, str, str, object, int]] = [
    ("/models/{modelId}/description", "GET", f"/v1{DEV}/description", None, 200),
    ("/models/{modelId}/description", "GET", f"{DEV}/description?originalAssets=true&projectId=p", None, 200),
    ("/models/{modelId}/description", "GET", "/models/unknown/description", None, 404),
    ("/models/{modelId}/description", "PUT", f"{DEV}/description", TEXT, 200),
    ("/models/{modelId}/description", "PUT", f"{DEV}/description", {"description": ""}, 200),
    ("/models/{modelId}/description", "PUT", f"{DEV}/description", {"description": None}, 200),
    ("/models/{modelId}/description", "PUT", f"{DEV}/description", {"description": 7}, 400),
    ("/models/{modelId}/description", "PUT", f"{DEV}/description", {"text": "x"}, 400),
    ("/models/{modelId}/description", "PUT", f"{DEV}/description", ["x"], 400),
    ("/models/{modelId}/description", "PUT", f"{DEV}/description", b"", 400),
    ("/models/{modelId}/description", "PUT", f"{DEV}/description", b"\xff", 400),
    ("/models/{modelId}/description", "PUT", f"{DEV}/description", b"[" * 200_000, 400),
    ("/models/{modelId}/description", "PUT", "/models/unknown/description", {"description": "x"}, 404),
    ("/models/{modelId}", "GET", DEV, None, 200),
    ("/models/{modelId}", "GET", "/models/unknown", None, 404),
    ("/models/{modelId}", "GET", "/models/%00%ff", None, 404),
    ("/models", "GET", "/models", None, 200),
    ("/models", "GET", "/v1/models?pageSize=1&privacy=public", None, 200),
    ("/models", "GET", "/models?pageSize=500&status=trained&sortBy=updatedAt&sortDirection=asc", None, 200),
    ("/models", "GET", "/models?sortBy=score", None, 200),
    ("/models", "GET", "/models?pageSize=0", None, 400),
    ("/models", "GET", "/models?pageSize=501", None, 400),
    ("/models", "GET", "/models?pageSize=many", None, 400),
    ("/models", "GET", "/models?paginationToken=nonsense", None, 400),
    ("/models", "GET", "/models?sortBy=score&sortDirection=asc", None, 400),
    ("/models", "GET", "/models?privacy=public&sortDirection=asc", None, 400),
    ("/models/get-bulk", "POST", "/models/get-bulk", {"modelIds": ["flux.1-dev", "unknown"]}, 200),
    ("/models/get-bulk", "POST", "/models/get-bulk", {"modelIds": ["flux.1-dev"], "minimal": True}, 200),
    ("/models/get-bulk", "POST", "/models/get-bulk", {}, 200),
    ("/models/get-bulk", "POST", "/models/get-bulk", {"modelIds": "flux.1-dev"}, 400),
    ("/models/get-bulk", "POST", "/models/get-bulk", {"modelIds": [7]}, 400),
    ("/assets/get-bulk", "POST", "/assets/get-bulk", {"assetIds": ["asset_GTrL3mq4SXWyMxkOHRxlpw"]}, 200),
    ("/assets/get-bulk", "POST", "/assets/get-bulk", {"assetIds": [str(n) for n in range(200)]}, 200),
    ("/assets/get-bulk", "POST", "/assets/get-bulk", {"assetIds": [str(n) for n in range(201)]}, 400),
    ("/assets/get-bulk", "POST", "/assets/get-bulk", b"not json", 400),
    ("/assets/{assetId}", "GET", "/assets/asset_GTrL3mq4SXWyMxkOHRxlpw", None, 200),
    ("/assets/{assetId}", "GET", "/assets/unknown", None, 404),
    (UNKNOWN_ROUTE, "GET", "/", None, 403),
    (UNKNOWN_ROUTE, "GET", "/models/a/b/description", None, 403),
    (UNKNOWN_ROUTE, "GET", "/models/a%2Fb/description", None, 403),
    (UNKNOWN_ROUTE, "GET", "/v2/models", None, 403),
    (UNKNOWN_ROUTE, "DELETE", f"{DEV}/description", None, 403),
    (UNKNOWN_ROUTE, "POST", "/models", {}, 403),
]


@pytest.mark.parametrize(("route", "method", "target", "body", "status"), CALLS)
def test_every_answer_is_one_that_the_api_page_promises(
    sandbox: Sandbox, route: str, method: str, target: str, body: object, status: int
) -> None:
    answered, value = ask(sandbox, method, target, body)
    assert answered == status
    assert_valid(promised(route, method, status), value)
    assert status == 200 or value["reason"]


def test_the_check_against_the_page_can_fail() -> None:
    with pytest.raises(ValidationError, match="'value' is a required property"):
        assert_valid(
            promised("/models/{modelId}/description", "GET", 200), {"description": {"assets": [], "models": []}}
        )


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"key:").decode(),
        "Basic " + base64.b64encode(b":secret").decode(),
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        "Bearer",
        "Bearer  ",
        "Digest something",
        "basic a2V5OnNlY3JldA==",
    ],
)
@pytest.mark.parametrize("target", ["/models", "/nowhere"])
def test_without_credentials_every_request_is_refused(sandbox: Sandbox, header: str, target: str) -> None:
    status, value = ask(sandbox, "GET", target, headers={"authorization": header} if header else {})
    assert status == 401
    assert_valid(promised("/models", "GET", 401), value)


@pytest.mark.parametrize("header", [AUTHORIZED["authorization"], "Bearer a.b.c"])
def test_any_key_with_a_secret_and_any_token_will_do(sandbox: Sandbox, header: str) -> None:
    assert ask(sandbox, "GET", DEV, headers={"authorization": header})[0] == 200


def test_every_row_of_the_demo_is_a_record_of_the_api(sandbox: Sandbox) -> None:
    _, listed = ask(sandbox, "GET", "/models?pageSize=500")
    assert len(listed["models"]) > 3
    for model in listed["models"]:
        assert_valid({"$ref": "#/components/schemas/Model"}, model)
        status, value = ask(sandbox, "GET", f"/models/{model['id']}/description")
        assert status == 200
        assert_valid({"$ref": "#/components/schemas/DescriptionEnvelope"}, value)


@pytest.mark.parametrize("row", [asset_row("asset_1"), asset_row("asset_1", "A name", privacy="public")])
def test_a_made_asset_is_a_record_of_the_api(row: dict[str, Any]) -> None:
    assert_valid({"$ref": "#/components/schemas/Asset"}, row)


@pytest.mark.parametrize("row", [model_row("m"), model_row("m", "A name", type_="custom", privacy="unlisted")])
def test_a_made_model_is_a_record_of_the_api(row: dict[str, Any]) -> None:
    assert_valid({"$ref": "#/components/schemas/Model"}, row)
    assert row["custom"] is (row["type"] == "custom")


def test_the_catalogue_is_filled_up_and_what_is_there_stays(sandbox: Sandbox) -> None:
    def ids() -> list[str]:
        return [row["id"] for row in sandbox.models()]

    sandbox.fill(9)
    first = ids()
    sandbox.put(first[-1], "edited")
    sandbox.fill(50)
    sandbox.fill(3)
    assert (len(first), len(ids()), set(first) - set(ids())) == (9, 50, set())
    assert sandbox.description(first[-1]) == "edited"
    assert all(sandbox.description(id_) for id_ in ids() if "sample" in id_)


def test_a_text_is_stored_as_it_was_sent_and_null_takes_it_away(sandbox: Sandbox) -> None:
    text = "one\r\ntwo\n\u2028 e\u0301 \0 \N{GRINNING FACE} \n"
    assert ask(sandbox, "PUT", f"{DEV}/description", {"description": text})[1]["description"]["value"] == text
    assert sandbox.description("flux.1-dev") == text
    assert ask(sandbox, "PUT", f"{DEV}/description", {"description": None})[1]["description"]["value"] == ""
    assert sandbox.description("flux.1-dev") == ""


def test_a_refused_write_changes_nothing(sandbox: Sandbox) -> None:
    before = sandbox.description("flux.1-dev")
    assert ask(sandbox, "PUT", f"{DEV}/description", {"description": 7})[0] == 400
    assert sandbox.description("flux.1-dev") == before


def test_a_write_moves_the_models_time_of_update(sandbox: Sandbox) -> None:
    def row() -> dict[str, Any]:
        found: dict[str, Any] = ask(sandbox, "GET", DEV)[1]["model"]
        return found

    before = row()
    ask(sandbox, "PUT", f"{DEV}/description", {"description": "x"})
    assert row()["updatedAt"] > before["updatedAt"]
    assert {**row(), "updatedAt": before["updatedAt"]} == before


def test_an_answer_lists_each_known_thing_once_in_the_order_of_the_text(sandbox: Sandbox) -> None:
    first, second = "asset_1gHMbHjSjWYLyAnd7ZxzPkcQ", "asset_GTrL3mq4SXWyMxkOHRxlpw"
    described = describe(
        sandbox,
        f"{{asset:{first}}} {{model:flux.1-dev}} {{asset:none}} {{asset:{second}}} {{asset:{first}}} {{model:no}}",
    )
    assert [asset["id"] for asset in described["assets"]] == [first, second]
    assert [model["id"] for model in described["models"]] == ["flux.1-dev"]
    assert "collectionIds" not in described["assets"][0]
    assert "capabilities" not in described["models"][0]


def test_bulk_answers_hold_each_known_id_once(sandbox: Sandbox) -> None:
    ids = ["flux.1-kontext-dev", "unknown", "flux.1-dev", "flux.1-kontext-dev"]
    _, value = ask(sandbox, "POST", "/models/get-bulk", {"modelIds": ids})
    assert [row["id"] for row in value["models"]] == ["flux.1-kontext-dev", "flux.1-dev"]


def test_a_minimal_bulk_answer_holds_little(sandbox: Sandbox) -> None:
    _, value = ask(sandbox, "POST", "/models/get-bulk", {"modelIds": ["flux.1-dev"], "minimal": True})
    assert value == {"models": [{"id": "flux.1-dev", "name": "FLUX.1 [dev]", "type": "flux.1"}]}


def listed_ids(sandbox: Sandbox, query: str) -> list[str]:
    """The ids of all pages."""
    ids: list[str] = []
    token = ""
    while True:
        status, page_ = ask(sandbox, "GET", f"/models?{query}&paginationToken={token}")
        assert status == 200
        ids.extend(row["id"] for row in page_["models"])
        token = page_.get("nextPaginationToken", "")
        if not token:
            return ids


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 500])
def test_pages_of_any_size_hold_every_model_once(tmp_path: Path, size: int) -> None:
    (tmp_path / "empty").touch()
    with Sandbox(tmp_path / "empty", is_seeded=False) as sandbox:
        sandbox.add_models(model_row(f"m{number}") for number in range(4))
        assert listed_ids(sandbox, f"pageSize={size}") == ["m3", "m2", "m1", "m0"]
        assert listed_ids(sandbox, f"pageSize={size}&sortBy=createdAt&sortDirection=asc") == ["m0", "m1", "m2", "m3"]


def test_a_listing_heeds_privacy_and_status(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with Sandbox(tmp_path / "empty", is_seeded=False) as sandbox:
        sandbox.add_models([model_row("mine"), model_row("everybodys", privacy="public")])
        sandbox.add_models([{**model_row("young"), "status": "training"}])
        assert listed_ids(sandbox, "privacy=public") == ["everybodys"]
        assert listed_ids(sandbox, "status=training") == ["young"]
        assert listed_ids(sandbox, "privacy=private&status=") == ["young", "mine", "everybodys"]
        assert listed_ids(sandbox, "status=nonsense") == []


def test_the_state_outlives_the_stand_in(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite3"
    with Sandbox(path) as sandbox:
        ask(sandbox, "PUT", f"{DEV}/description", {"description": "kept"})
    with Sandbox(path) as sandbox:
        assert sandbox.description("flux.1-dev") == "kept"
        assert sandbox.description("unknown") == ""


def test_a_file_of_another_kind_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite3"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(UsageError, match=r"cannot use the sandbox's file .*sandbox\.sqlite3: .*; delete it"):
        Sandbox(path)


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unable to open database file"):
        Sandbox(tmp_path / "missing" / "sandbox.sqlite3")


def test_many_threads_may_ask_at_once(sandbox: Sandbox) -> None:
    def write_and_read(number: int) -> str:
        text = f"text {number}"
        return str(ask(sandbox, "PUT", f"{DEV}/description", {"description": text})[1]["description"]["value"])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(write_and_read, range(40))) == [f"text {number}" for number in range(40)]


def test_the_answers_are_a_pure_function_of_state_and_request(sandbox: Sandbox) -> None:
    request = ("PUT", f"{DEV}/description", AUTHORIZED, b'{"description": "not stored"}')
    reply = respond(sandbox, *request)
    assert reply == respond(sandbox, *request)
    assert reply.write
    assert reply.write[1] == "not stored"
    assert sandbox.description("flux.1-dev") != "not stored"


def exchange(url: str, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
    """One request to a served stand-in through the standard library."""
    with closing(HTTPConnection(urlsplit(url).netloc, timeout=60)) as connection:
        connection.request(method, path, body, {**AUTHORIZED, **headers})
        response = connection.getresponse()
        return response.status, json.loads(response.read())


def test_it_is_served_on_loopback_with_answers_of_the_api_page(sandbox: Sandbox) -> None:
    with server.serving(sandbox.handle) as url:
        assert url.startswith("http://127.0.0.1:")
        for route, method, target, body, status in CALLS:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            answered, value = exchange(url, method, target, raw)
            assert answered == status, target
            assert_valid(promised(route, method, status), value)


def test_a_request_without_a_readable_length_has_no_body(sandbox: Sandbox) -> None:
    with server.serving(sandbox.handle) as url, closing(HTTPConnection(urlsplit(url).netloc, timeout=60)) as connection:
        connection.putrequest("PUT", f"{DEV}/description")
        for name, value in {**AUTHORIZED, "content-length": "many"}.items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        assert (response.status, json.loads(response.read())) == (400, {"reason": "The body is not JSON"})


def test_a_connection_is_used_again(remote: Loopback) -> None:
    remote.add("one")
    with closing(HTTPConnection(urlsplit(remote.url).netloc, timeout=60)) as connection:
        for _ in range(3):
            connection.request("GET", "/v1/models/one", headers=AUTHORIZED)
            response = connection.getresponse()
            assert response.status == 200
            response.read()
    assert (remote.opened_connections, len(remote.asked)) == (1, 3)


def test_serving_announces_a_url_that_answers(tmp_path: Path) -> None:
    class Seen(Exception):
        pass

    def announce(url: str) -> None:
        assert exchange(url, "GET", "/v1/models/flux.1-dev")[0] == 200
        raise Seen

    with pytest.raises(Seen):
        server.serve(tmp_path / "sandbox.sqlite3", 0, Plays(), announce, pytest.fail)


def test_a_port_that_is_taken_is_refused_in_words(sandbox: Sandbox) -> None:
    with (
        server.serving(sandbox.handle) as url,
        pytest.raises(UsageError, match=r"^cannot listen on 127\.0\.0\.1:\d+: .*; give another --port$"),
        server.serving(sandbox.handle, urlsplit(url).port or 0),
    ):
        pass


def test_the_command_serves_until_it_is_interrupted(workspace: Workspace) -> None:
    variables = {**workspace.environment(), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "syncjob", "sandbox", "--port", "0"]
    with subprocess.Popen(
        command, cwd=workspace.folder, env=variables, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        try:
            url = next(word for word in process.stdout.readline().split() if word.startswith("http://"))
            assert exchange(url, "GET", "/v1/models/flux.1-dev")[0] == 200
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
        finally:
            process.kill()
        assert "Traceback" not in process.stderr.read()
    assert (workspace.folder / ".syncjob").is_dir()


def test_a_file_that_is_gone_is_an_answer_and_one_line(workspace: Workspace) -> None:
    command = [sys.executable, "-m", "syncjob", "sandbox", "--port", "0"]
    variables = {**workspace.environment(), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=workspace.folder, env=variables, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout
            url = next(word for word in process.stdout.readline().split() if word.startswith("http://"))
            shutil.rmtree(workspace.folder / ".syncjob")
            for _ in range(2):
                status, reply = exchange(url, "PUT", "/v1/models/flux.1-dev/description", b'{"description": "x"}')
                assert status == 500
                assert "it is gone: start the sandbox anew" in reply["reason"]
        finally:
            process.kill()
        assert process.stderr
        (line,) = process.stderr.read().splitlines()
    assert line.startswith("syncjob: cannot use the sandbox's file ")
    assert line.endswith("it is gone: start the sandbox anew")


@pytest.mark.parametrize(
    ("method", "target", "body", "headers", "status"),
    [
        ("GET", "//[", b"", AUTHORIZED, 403),
        ("GET", "/models?pageSize=" + "1" * 5_000, b"", AUTHORIZED, 400),
        ("GET", "/models?sortBy=nonsense", b"", AUTHORIZED, 400),
        ("GET", "/models?paginationToken=" + base64.b64encode(b"-5").decode(), b"", AUTHORIZED, 400),
        ("GET", "/models", b"", {"authorization": "Basic \u00e9"}, 401),
        ("POST", "/models/get-bulk", b'{"modelIds": ["\\ud800"]}', AUTHORIZED, 200),
        ("PUT", "/models/flux.1-dev/description", b'{"description": "\\ud800"}', AUTHORIZED, 400),
    ],
)
def test_the_stand_in_answers_whatever_comes(
    tmp_path: Path, method: str, target: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    with Sandbox(tmp_path / "sandbox.sqlite3") as sandbox:
        assert sandbox.handle(method, target, headers, body).status == status


def test_it_closes_once_the_request_in_flight_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has_come, may_go, ended = threading.Event(), threading.Event(), list[str]()

    def put(model_id: str, text: str) -> None:
        has_come.set()
        may_go.wait(60)
        ended.append("write")

    stand_in = Sandbox(tmp_path / "sandbox.sqlite")
    monkeypatch.setattr(stand_in, "put", put)
    model_id = next(iter(stand_in.models()))["id"]
    asked = ("PUT", f"/v1/models/{model_id}/description", {"authorization": "Bearer x"}, b'{"description": "new"}')
    with stand_in:
        writing = threading.Thread(target=stand_in.handle, args=asked)
        writing.start()
        assert has_come.wait(60)
        threading.Timer(0.1, may_go.set).start()
    ended.append("close")
    writing.join(60)
    assert ended == ["write", "close"]


def test_an_asset_has_a_picture_that_its_address_alone_gives(remote: Loopback) -> None:
    remote.sandbox.add_assets([asset_row("asset_1"), asset_row("asset_2", kind="audio")])
    host = urlsplit(remote.url).netloc
    told = respond(remote.sandbox, "GET", "/assets/asset_1", {**AUTHORIZED, "host": host}).body["asset"]
    assert_valid({"$ref": "#/components/schemas/Asset"}, told)
    target = told["thumbnail"]["url"].removeprefix(f"http://{host}")
    with closing(HTTPConnection(host, timeout=60)) as connection:
        connection.request("GET", target)
        response = connection.getresponse()
        assert (response.status, response.getheader("content-type")) == (200, "image/png")
        assert response.read().startswith(b"\x89PNG")
    assert respond(remote.sandbox, "GET", target, AUTHORIZED).status == 400
    assert respond(remote.sandbox, "GET", target.replace("asset_1", "asset_9"), {}).status == 404
    assert respond(remote.sandbox, "GET", target.partition("?")[0], {}).status == 401
    silent = respond(remote.sandbox, "GET", "/assets/asset_2", {**AUTHORIZED, "host": host}).body["asset"]
    assert "thumbnail" not in silent
