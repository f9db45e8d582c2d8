"""What a proxy's URL holds is as secret as the API's credentials: for the log, for internal errors and for the client."""

import base64
import os

import pytest

from syncjob.credentials import KEY as KEY_NAME
from syncjob.credentials import SECRET as SECRET_NAME
from syncjob.output.internal import told
from tests.support.loopback import Loopback, json_answer
from tests.support.workspace import KEY, SECRET, Workspace

PASSWORD = "pass/word@of:proxy"
QUOTED = "pass%2Fword%40of%3Aproxy"
PAIR = base64.b64encode(f"someone:{PASSWORD}".encode()).decode()
FORMS = {"password": PASSWORD, "quoted": QUOTED, "url": f"http://someone:{QUOTED}@127.0.0.1:9", "base64": PAIR}
VARIABLES = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"]


@pytest.fixture(autouse=True)
def only_that(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


def is_told(said: str) -> bool:
    return any(form in said for form in (PASSWORD, QUOTED, PAIR, SECRET))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("variable", VARIABLES)
def test_an_internal_error_does_not_tell_it(monkeypatch: pytest.MonkeyPatch, variable: str, form: str) -> None:
    monkeypatch.setenv(variable, FORMS["url"])
    said = told(_raised(f"cannot use {form} here"))
    assert "cannot use " in said
    assert not is_told(said)


@pytest.mark.parametrize(
    "url",
    [f"//someone:{QUOTED}@[::", f"someone:{QUOTED}@h", f"socks5://someone:{PASSWORD}@h", f"http://\udce4:{QUOTED}@h"],
)
def test_nor_where_the_url_is_none(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)
    assert not is_told(told(_raised(f"not a URL: {url}")))


def test_credentials_that_cannot_be_used_are_not_told_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_NAME, f"{KEY}\n")
    monkeypatch.setenv(SECRET_NAME, SECRET)
    said = told(_raised(f"the secret {SECRET} of {KEY}"))
    assert "the secret [redacted] of [redacted]" in said


def _raised(message: str) -> Exception:
    try:
        raise RuntimeError(message)
    except RuntimeError as error:
        return error


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_the_log_does_not_tell_it(workspace: Workspace, remote: Loopback, log_format: str) -> None:
    model_id = "a-model-that-is-a-password"
    remote.add(model_id)
    workspace.write(model_id, "text")
    ended = workspace.run(
        "--log-level", "debug", "--log-format", log_format, "diff", HTTPS_PROXY=f"http://someone:{model_id}@127.0.0.1:9"
    )
    assert ended.status == 0
    assert "/models/[redacted]/description" in ended.err
    assert model_id not in ended.err


@pytest.mark.parametrize("echo", [PASSWORD, PAIR])
def test_what_a_server_echoes_of_it_is_not_told(workspace: Workspace, remote: Loopback, echo: str) -> None:
    remote.script = lambda method, target: json_answer(200, b'{"models": []}', x_limit_key=echo)
    ended = workspace.run("doctor", HTTPS_PROXY=FORMS["url"])
    assert "x-limit-key: [redacted]" in ended.out
    remote.script = lambda method, target: json_answer(400, f'{{"reason": "no {echo}"}}'.encode())
    ended = workspace.run("doctor", HTTPS_PROXY=FORMS["url"])
    assert "HTTP 400: no [redacted]" in ended.out
