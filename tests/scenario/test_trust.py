"""`SSL_CERT_FILE` and `SSL_CERT_DIR`: what is wrong with them is said before anything is sent, and by name."""

import os
from pathlib import Path

import pytest

from syncjob.errors import UsageError
from syncjob.scenario.http import trust
from tests.support.loopback import Loopback
from tests.support.raw_server import answer, scripted
from tests.support.tls import server_context
from tests.support.workspace import Workspace

SUBJECT_HASH = "2101a20a"  # of the tests' certificate, as `openssl x509 -subject_hash` gives it
BODY = b'{"description": {"assets": [], "models": [], "value": "text"}}'


@pytest.fixture
def https(workspace: Workspace) -> Workspace:
    workspace.configure("https://127.0.0.1:1/v1")
    workspace.write("one", "text")
    return workspace


def broken(folder: Path) -> dict[str, tuple[str, str]]:
    (folder / "text.pem").write_text("no certificate\n")
    (folder / "empty.pem").write_text("")
    (folder / "damaged.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    (folder / "empty").mkdir()
    (folder / "unhashed").mkdir()
    (folder / "unhashed" / "ca.pem").write_text("")
    return {
        "no file": ("SSL_CERT_FILE", "missing.pem"),
        "a folder": ("SSL_CERT_FILE", "empty"),
        "a text": ("SSL_CERT_FILE", "text.pem"),
        "an empty file": ("SSL_CERT_FILE", "empty.pem"),
        "a damaged one": ("SSL_CERT_FILE", "damaged.pem"),
        "no folder": ("SSL_CERT_DIR", "missing"),
        "an empty folder": ("SSL_CERT_DIR", "empty"),
        "one without hashes": ("SSL_CERT_DIR", "unhashed"),
        "two of them": ("SSL_CERT_DIR", "empty:missing"),
        "a file": ("SSL_CERT_DIR", "text.pem"),
    }


CASES = ["no file", "a folder", "a text", "an empty file", "a damaged one"]
CASES += ["no folder", "an empty folder", "one without hashes", "two of them", "a file"]


@pytest.mark.parametrize("case", CASES)
def test_what_holds_no_certificate_is_told_by_name(tmp_path: Path, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    variable, value = broken(tmp_path)[case]
    with pytest.raises(UsageError, match=f"{variable} names {value}, which "):
        trust.of_environment({variable: value})


@pytest.mark.parametrize(("case", "command"), [("no file", "diff"), ("no folder", "sync"), ("a text", "doctor")])
def test_a_run_ends_with_that_message(https: Workspace, case: str, command: str) -> None:
    variable, value = broken(https.folder)[case]
    ended = https.run(command, **{variable: value})
    assert (ended.status, ended.out) == (2, "")
    assert f"syncjob: {variable} names {value}, which " in ended.err
    assert not list(https.folder.glob(".syncjob/runs/*.jsonl"))


@pytest.mark.parametrize("command", ["check", "runs"])
def test_what_sends_nothing_needs_no_certificates(https: Workspace, command: str) -> None:
    assert https.run(command, SSL_CERT_FILE="missing.pem").status == 0


def test_plain_http_needs_none(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": "text"})
    workspace.write("one", "text")
    assert workspace.run("diff", SSL_CERT_FILE="missing.pem").status == 0


def test_a_key_log_that_cannot_be_written_is_a_message(https: Workspace) -> None:
    ended = https.run("diff", SSLKEYLOGFILE="missing/keys.log")
    assert ended.status == 2
    assert "SSLKEYLOGFILE" in ended.err


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_what_they_name_is_trusted(workspace: Workspace, variable: str) -> None:
    context = server_context(workspace.folder)
    hashed = workspace.folder / "trusted"
    hashed.mkdir()
    (hashed / f"{SUBJECT_HASH}.0").write_bytes((workspace.folder / "self-signed.pem").read_bytes())
    value = "self-signed.pem" if variable == "SSL_CERT_FILE" else f"missing{os.pathsep}trusted"
    with scripted(answer(BODY), tls=context) as served:
        workspace.configure(served.url.replace("http:", "https:"))
        workspace.write("one", "text")
        assert workspace.run("diff", **{variable: value}).status == 0
