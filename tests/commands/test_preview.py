"""A preview shows the working tree as it is, asks Scenario once, and lets nobody in but whoever has its address."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from syncjob.commands import run
from syncjob.commands.preview import illustrating, reading
from syncjob.commands.preview.served import Served
from syncjob.commands.preview.tree import Tree
from syncjob.commands.run import Options
from syncjob.output import loopback
from syncjob.pictures.fitting import MAX_BYTES, MAX_PAGE, Picture
from syncjob.plan.references import Entry, Key
from tests.commands.test_pictures import OTHER, PLAYS, PNG, asset, cards, shown
from tests.support.faulty_server import wait_for
from tests.support.in_process import config_of
from tests.support.loopback import Loopback
from tests.support.raw_server import routed
from tests.support.workspace import Workspace, untracked

TOKEN = "a-token"


@dataclass
class Client:
    """A browser of sorts; every look at the folder is a new one."""

    address: str

    def ask(self, method: str, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
        with closing(HTTPConnection(urlsplit(self.address).netloc, timeout=60)) as connection:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read().decode()

    def page(self) -> str:
        status, _, text = self.ask("GET", f"/{TOKEN}/")
        assert status == 200
        return text

    def version(self) -> str:
        return self.ask("GET", f"/{TOKEN}/version")[2].strip()


@contextmanager
def previewing(workspace: Workspace, *patterns: str, is_offline: bool = False) -> Iterator[Client]:
    options = Options(patterns=patterns, images="never" if is_offline else "all")
    command, reach = ("check", "offline") if is_offline else ("diff", "read")
    with run.begin(run.new_id(), command, config_of(workspace), options, untracked, reach) as begun:  # type: ignore[arg-type]
        tree = Tree(begun, reading.read(begun, is_offline=is_offline), clock=Ticks())
    server = loopback.listening(Served(tree, TOKEN).respond, max_body=0, patience=5)
    with loopback.serving(server) as address:
        yield Client(address)


class Ticks:
    """A clock on which much time passes between two looks."""

    def __init__(self) -> None:
        self._now = 0.0

    def __call__(self) -> float:
        self._now += 1
        return self._now


def article(page: str, model_id: str) -> str:
    found = re.search(rf'<article id="model-{re.escape(model_id)}".*?</article>', page, re.DOTALL)
    return found[0] if found else ""


def test_a_save_shows_at_once_beside_what_scenario_held_and_sends_nothing(
    workspace: Workspace, remote: Loopback
) -> None:
    remote.add("one", "two", "bad", "new", texts={"one": "# Old words", "two": "the same", "bad": "fine there"})
    workspace.held({"one": "# Old words", "two": "the same", "bad": "fine there"})
    workspace.write("one", "# New words")
    workspace.write("bad", "see {asset: x}")
    with previewing(workspace) as client:
        page, version, asked = client.page(), client.version(), len(remote.asked)
        assert "<code>syncjob preview</code>" in page
        assert "<ins>New</ins>" in article(page, "one")
        assert article(page, "two") == ""
        assert "tag-malformed" in article(page, "bad")

        workspace.write("two", "the same, and more")
        workspace.write("bad", "fine here")
        workspace.write("new", "a text that nobody has compared")
        assert client.version() != version
        page = client.page()
        assert "and more</ins>" in article(page, "two")
        assert "<del>there</del>" in article(page, "bad")
        assert "In the file</h3>" in article(page, "new")
        assert "not on Scenario before" not in article(page, "new")

        workspace.write("two", b"\xff broken")
        (workspace.descriptions / "one.md").rename(workspace.descriptions / "renamed.md")
        page = client.page()
        assert "is not UTF-8" in article(page, "two")
        assert "deleted-locally" in article(page, "one")
        assert "New words" in article(page, "renamed")

        workspace.write("two", "the same")
        workspace.descriptions.rename(workspace.folder / "elsewhere")
        assert "deleted-locally" in article(client.page(), "two")
        (workspace.folder / "elsewhere").rename(workspace.descriptions)
        version = client.version()
        assert article(client.page(), "two") == ""
        assert client.version() == version
        assert len(remote.asked) == asked


def test_an_edit_made_on_scenario_stays_a_conflict_whatever_is_saved(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": "edited there"})
    workspace.held({"one": "ours"})
    with previewing(workspace) as client:
        assert "remote-edited" in article(client.page(), "one")
        workspace.write("one", "ours, and more")
        section = article(client.page(), "one")
        assert '<span class="badge conflict">' in section
        assert "and more" in section
        workspace.write("one", "ours, and {asset: x}")
        section = article(client.page(), "one")
        assert "tag-malformed" in section
        assert "remote-edited" in section
        workspace.write("one", "edited there")
        assert article(client.page(), "one") == ""


def test_what_a_text_in_step_refers_to_is_known_when_it_is_edited_later(workspace: Workspace, remote: Loopback) -> None:
    in_step(workspace, remote)
    with previewing(workspace) as client:
        asked = len(remote.asked)
        workspace.write("one", "{model:other} {asset:a} and more")
        workspace.write("two", "nothing")
        page = client.page()
        assert "<h2>Name of one</h2>" in article(page, "one")
        assert article(page, "one").count("Name of other") == 2
        assert "not resolved" not in article(page, "one")
        assert "not resolved" in article(page, "two")
        assert len(remote.asked) == asked


@pytest.mark.deep
def test_what_was_not_looked_up_is_not_called_unresolved(
    workspace: Workspace, remote: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_step(workspace, remote)
    monkeypatch.setattr(illustrating, "_MOST", {"asset": 0, "model": 0})
    with previewing(workspace) as client:
        workspace.write("one", "nothing")
        section = article(client.page(), "one")
        assert "not resolved" not in section
        assert "not looked up" in section
        assert "No picture: it was not looked up." in section
    workspace.write("one", "{model:other} {asset:a}")
    monkeypatch.setattr(illustrating, "_MOST", {"asset": 2, "model": 2})
    monkeypatch.setattr(illustrating, "_MOST_PICTURES", 0)
    with previewing(workspace) as client:
        workspace.write("one", "{model:other} {asset:a} and more")
        assert "No picture: a preview fetches no more than 200" in article(client.page(), "one")


def in_step(workspace: Workspace, remote: Loopback) -> None:
    """Two texts that Scenario and git hold alike, and what they refer to, but for one asset."""
    texts = {"one": "{model:other} {asset:a}", "two": "{model:third} {asset:gone}"}
    remote.add("other", "third", *texts, texts=texts)
    remote.add_assets("a")
    workspace.held(texts)


def test_a_bad_file_is_shown_beside_what_scenario_holds(workspace: Workspace, remote: Loopback) -> None:
    remote.add("bad", "same", texts={"bad": "# Words there", "same": "both {asset: x}"})
    workspace.held({"bad": "# Words there", "same": "both {asset: x}"})
    workspace.write("bad", "# Words here {asset: x}")
    with previewing(workspace) as client:
        section = article(client.page(), "bad")
        assert "tag-malformed" in section
        assert '<span class="badge invalid">' in section
        assert "<del>Words there</del>" in section
        assert "tag-malformed" in article(client.page(), "same")
        workspace.write("bad", "# Words everywhere")
        assert "<ins>everywhere</ins>" in article(client.page(), "bad")
        workspace.write("bad", "# Words everywhere {model:a b}")
        section = article(client.page(), "bad")
        assert "Words there" in section
        assert "tag-malformed" in section


@pytest.mark.deep
def test_a_file_that_was_saved_while_scenario_was_read_is_compared_too(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": "# Words there"})
    workspace.held({"one": "# Words there"})

    def save(method: str, target: str) -> None:
        workspace.write("one", "# Words here")

    remote.script = save
    with previewing(workspace) as client:
        assert "<del>there</del>" in article(client.page(), "one")


def test_pictures_are_fetched_once_and_a_save_shows_those_that_are_known(
    workspace: Workspace, remote: Loopback
) -> None:
    texts = {
        "swaps": "# S\n\n{asset:old} {asset:same}",
        "in-step": "{asset:other}",
        "bad": "{asset:of_bad}",
        "e": "there",
    }
    remote.add(*texts, texts=texts)
    workspace.held({**texts, "e": "ours"})
    workspace.write("e", "{asset:mine}")
    workspace.write("swaps", "# S\n\n{asset:new} {asset:same}")
    workspace.write("bad", "see {asset: x}")
    with routed(PLAYS) as cdn:
        paths = {
            "old": "/good",
            "new": "/other",
            "same": "/good",
            "other": "/other",
            "of_bad": "/html",
            "mine": "/good",
        }
        remote.sandbox.add_assets(asset(cdn, id_, path, "private") for id_, path in paths.items())
        with previewing(workspace) as client:
            fetched, asked = len(cdn.heads), len(remote.asked)
            assert fetched == len(paths)
            page = client.page()
            assert "img-src data:;" in page
            assert [shown(cards(page)[id_][0]) for id_ in ("old", "new", "same", "mine")] == [PNG, OTHER, PNG, PNG]
            assert article(page, "in-step") == ""

            workspace.write("in-step", "{asset:new} {asset:unheard}")
            workspace.write("bad", "without a picture")
            page = client.page()
            found = cards(article(page, "in-step"))
            assert [shown(found[id_][0]) for id_ in ("other", "new")] == [OTHER, OTHER]
            assert "No picture: it was not looked up." in found["unheard"][0]
            assert "No picture: what was sent is not a PNG" in cards(article(page, "bad"))["of_bad"][0]
            assert "the-signature" not in page
            assert (len(cdn.heads), len(remote.asked)) == (fetched, asked)


def test_a_page_of_a_preview_holds_as_many_pictures_as_another(workspace: Workspace) -> None:
    large = Picture("png", bytes(MAX_BYTES), 1, 1)
    number = MAX_PAGE // large.weight + 2
    for each in range(number):
        workspace.write(f"m{each:02}", f"{{asset:a{each}}}")
    os.utime(workspace.descriptions / "m00.md", (0, 0))
    known: dict[Key, Entry] = {
        ("asset", f"a{each}"): Entry("asset", f"a{each}", None, "public") for each in range(number)
    }
    config = config_of(workspace)
    with run.begin(run.new_id(), "check", config, Options(), untracked, "offline") as begun:
        start = replace(reading.read(begun, is_offline=True), known=known, pictures={id_: large for _, id_ in known})
        page = Tree(begun, start).page()
    assert page.count("<img ") == number - 2
    assert "holds 8 MiB of pictures already" in article(page, "m00")


def test_without_credentials_texts_are_shown_and_nothing_is_compared(workspace: Workspace, remote: Loopback) -> None:
    workspace.write("one", "# Heading\n\n<script>alert(1)</script> {asset:a}")
    workspace.write("two", "text")
    with previewing(workspace, "o*", is_offline=True) as client:
        page = client.page()
        assert "1 description, not compared with Scenario" in page
        assert "Heading</h4>" in article(page, "one")
        assert "&lt;script&gt;" in article(page, "one")
        assert "to create" not in page
        assert article(page, "two") == ""
        workspace.write("other", "{asset: x}")
        assert "tag-malformed" in article(client.page(), "other")
    assert remote.asked == []


def test_nobody_gets_in_without_the_address_or_by_another_name(workspace: Workspace) -> None:
    workspace.write("one", "a private text")
    with previewing(workspace, is_offline=True) as client:
        port = urlsplit(client.address).port
        own = f"/{TOKEN}/"
        for status, method, path, headers in [
            (404, "GET", "/", {}),
            (404, "GET", f"/{TOKEN}x/", {}),
            (404, "GET", f"{own}../etc/passwd", {}),
            (403, "GET", own, {"host": f"evil.example:{port}"}),
            (403, "GET", own, {"host": f"127.0.0.1.evil.example:{port}"}),
            (403, "GET", own, {"host": "localhost@evil.example"}),
            (403, "GET", own, {"host": "[::1"}),
            (403, "GET", own, {"host": ""}),
            (405, "POST", own, {}),
            (405, "PUT", own, {}),
            (413, "POST", own, {"content-length": "1000000000000"}),
            (200, "GET", own, {"host": f"localhost:{port}"}),
        ]:
            got, given, text = client.ask(method, path, **headers)
            assert got == status, (method, path, headers)
            assert ("a private text" in text) == (status == 200)
        status, given, text = client.ask("HEAD", own)
        assert (status, text) == (200, "")
        assert given["referrer-policy"] == "no-referrer"
        assert given["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in given["content-security-policy"]


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (signal.SIGINT, 130),
        pytest.param(signal.SIGTERM, 143, marks=pytest.mark.deep),
        pytest.param(signal.SIGHUP, 129, marks=pytest.mark.deep),  # its terminal was closed
    ],
)
def test_the_command_opens_the_page_by_a_file_and_ends_by_a_signal(
    workspace: Workspace, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    workspace.write("one", "# A text")
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$1" "$SCENARIO_SDK_API_SECRET" > {opened}.tmp\n'
        f'stat -c %a "${{1#file://}}" >> {opened}.tmp; cat "${{1#file://}}" >> {opened}.tmp; mv {opened}.tmp {opened}\n'
    )
    browser.chmod(0o755)
    environment = {**workspace.environment(), "PYTHONUNBUFFERED": "1", "BROWSER": f"{browser} %s"}
    with subprocess.Popen(
        [sys.executable, "-m", "syncjob", "--profile", "sandbox", "preview"],
        cwd=workspace.folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            assert process.stdout
            assert process.stderr
            said, address = process.stdout.readline(), process.stdout.readline().strip()
            assert said == "Preview of descriptions, compared with sandbox as it is now. Ctrl-C ends it.\n"
            wait_for(opened.exists, "the page to be opened")
            file, secret, mode, *content = opened.read_text().splitlines()
            token = urlsplit(address).path.strip("/")
            assert len(token) >= 32
            assert file.startswith("file://")
            assert token not in file
            assert (secret, mode) == ("", "600")
            assert f"url={address}" in content[0]
            _, _, page = Client(address).ask("GET", f"/{token}/")
            assert "A text" in page
            process.send_signal(number)
            assert process.wait(60) == status
            assert not Path(urlsplit(file).path).exists()
        finally:
            process.kill()
        assert "Traceback" not in process.stderr.read()


def test_that_nothing_could_be_compared_is_said_at_once(workspace: Workspace) -> None:
    workspace.configure("http://127.0.0.1:1/v1")
    workspace.set_http("attempts: 1")
    workspace.write("one", "# A text")
    environment = {**workspace.environment(), "PYTHONUNBUFFERED": "1", "BROWSER": "true %s"}
    with subprocess.Popen(
        [sys.executable, "-m", "syncjob", "preview"],
        cwd=workspace.folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            assert process.stdout
            said = process.stdout.readline()
            assert said.startswith("Preview of descriptions, not compared: cannot reach Scenario at 127.0.0.1:1 (")
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
        finally:
            process.kill()


@pytest.mark.deep
def test_three_thousand_files_cost_little_at_a_save(workspace: Workspace) -> None:
    for number in range(3_000):
        workspace.write(f"model-{number}", f"# Model {number}\n\n" + "Some words of a text. " * 40)
    with previewing(workspace, is_offline=True) as client:
        first = client.page()
        assert len(first) > 1_000_000
        workspace.write("model-7", "saved just now")
        os.utime(workspace.descriptions / "model-7.md")
        started = time.process_time()
        assert "saved just now" in article(client.page(), "model-7")
        print(f"a save: {time.process_time() - started:.3f} s of CPU")
