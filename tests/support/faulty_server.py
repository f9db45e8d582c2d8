"""The stand-in with faults: each request is scripted by its method, its path and how often it came.

A `Scene` is such a stand-in and a workspace whose profile is it. What is overwritten is looked up in
the journals at that very moment, so no test has to remember to.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET, socket
from struct import pack
from typing import Any

from syncjob.commands import run
from syncjob.commands.run import Options
from syncjob.commands.sync import job
from syncjob.config import config
from syncjob.report.model import Report
from syncjob.sandbox import Sandbox
from syncjob.sandbox.records import asset_row, model_row
from syncjob.scenario.answers import Answer
from syncjob.state import journal
from syncjob.text.canonical import canonical, same
from tests.support.raw_server import Play
from tests.support.workspace import AGREEING, Ended, Workspace, untracked

PATIENCE = 60.0  # seconds until a test gives up on something that should come at once, on however busy a machine


@dataclass(frozen=True)
class Fault:
    """What becomes of one request; without anything it is answered as ever.

    `first` runs before all else and may wait. The stand-in obeys the request if it `has_effect`;
    what a PUT stores is `stores` of its text. `play` stands in for the stand-in's own answer.
    """

    play: Play | None = None
    has_effect: bool = False
    first: Callable[[], object] = lambda: None
    stores: Callable[[str], str] = lambda text: text


PASS = Fault(has_effect=True)


def landed(play: Play) -> Fault:
    """The request has its effect, and its answer is `play`."""
    return Fault(play, has_effect=True)


def held(until: threading.Event) -> Fault:
    """Answered as ever, but not before the event."""
    return Fault(has_effect=True, first=lambda: until.wait(PATIENCE))


@dataclass(frozen=True)
class Asked:
    """One request; `at` is the monotonic clock's time of its arrival."""

    method: str
    target: str
    at: float
    body: bytes

    @property
    def model_id(self) -> str:
        """The model whose description it is about, "" if it is about none."""
        parts = self.target.partition("?")[0].split("/")
        return parts[3] if parts[-1] == "description" else ""


@dataclass(frozen=True)
class Overwritten:
    """A text that is gone from the stand-in, and whether a journal held it at that moment."""

    model_id: str
    text: str
    is_journaled: bool


@dataclass
class _Rule:
    method: str
    path: str
    faults: tuple[Fault, ...]
    is_endless: bool
    seen: int = 0

    def next(self, method: str, path: str) -> Fault | None:
        if method != self.method or not fnmatchcase(path, self.path):
            return None
        self.seen += 1
        if self.seen > len(self.faults) and not self.is_endless:
            return None
        return self.faults[min(self.seen, len(self.faults)) - 1]


@dataclass
class Faulty:
    """A served stand-in with faults; `asked` holds every request that was read, in order of arrival."""

    sandbox: Sandbox
    port: int
    journals: Path
    asked: list[Asked] = field(default_factory=list)
    overwritten: list[Overwritten] = field(default_factory=list)
    connections: int = 0
    dropped_connections: int = 0
    _rules: list[_Rule] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _writing: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def on(self, method: str, what: str, *faults: Fault, always: bool = False) -> None:
        """Scripts the first requests that match, one fault each; with `always` the last one never ends.

        `what` is a glob: of model ids for descriptions, or of a path if it starts with a slash.
        """
        path = f"/v1{what}" if what.startswith("/") else f"/v1/models/{what}/description"
        self._rules.append(_Rule(method, path, faults, always))

    def drop(self, connections: int) -> None:
        """The next connections are reset as soon as they are made, before anything is read."""
        self.dropped_connections = connections

    def calm(self) -> None:
        """From now on there are no faults."""
        self._rules.clear()
        self.dropped_connections = 0

    def forget(self) -> None:
        """Counts anew."""
        self.asked.clear()

    def counts(self, method: str) -> dict[str, int]:
        """How many requests of a method came for each model's description."""
        return dict(Counter(asked.model_id for asked in self.asked if asked.method == method and asked.model_id))

    def text(self, model_id: str) -> str:
        return self.sandbox.description(model_id)

    def edit(self, model_id: str, text: str) -> None:
        """Somebody edits a description on Scenario."""
        self.sandbox.put(model_id, text)

    def next_fault(self, asked: Asked) -> Fault:
        with self._lock:
            self.asked.append(asked)
            path = asked.target.partition("?")[0]
            found = (rule.next(asked.method, path) for rule in self._rules)
            return next((fault for fault in found if fault), PASS)

    def is_dropped(self) -> bool:
        with self._lock:
            self.connections += 1
            self.dropped_connections -= 1
            return self.dropped_connections >= 0

    def take(self, asked: Asked, headers: dict[str, str], stores: Callable[[str], str]) -> Answer:
        """The stand-in's answer; what it overwrites is noted."""
        if asked.method != "PUT":
            return self.sandbox.handle(asked.method, asked.target, headers, asked.body)
        body = json.loads(asked.body)
        body["description"] = stores(body["description"] or "") or None
        with self._writing:
            before = self.text(asked.model_id)
            is_journaled = (asked.model_id, canonical(before)) in intents(self.journals)
            answer = self.sandbox.handle(asked.method, asked.target, headers, json.dumps(body).encode())
            if canonical(before) not in ("", canonical(self.text(asked.model_id))):
                self.overwritten.append(Overwritten(asked.model_id, before, is_journaled))
        return answer


def records(path: Path) -> list[dict[str, Any]]:
    """The records of a journal; only its last line may be torn."""
    *whole, _ = path.read_bytes().split(b"\n")
    assert path.stat().st_mode & 0o077 == 0, "somebody else may read the journal"
    try:
        return [json.loads(line) for line in whole]
    except ValueError as error:
        raise AssertionError(f"a line that is not the last is torn in {path.name}") from error


def intents(journals: Path) -> set[tuple[str, str]]:
    """(model id, text) of all that the journals say is about to be overwritten."""
    return {
        (record["model_id"], record["before"] or "")
        for path in sorted(journals.glob("*/.syncjob/runs/*.jsonl"))
        for record in records(path)
        if record["record"] == "intent"
    }


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    faulty: Faulty

    def verify_request(self, request: Any, client_address: Any) -> bool:
        if self.faulty.is_dropped():
            request.setsockopt(SOL_SOCKET, SO_LINGER, pack("ii", 1, 0))
            return False
        return True

    def shutdown_request(self, request: Any) -> None:
        self.close_request(request)  # without a FIN first, so that a drop is a reset

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is no matter; a fault of the tests' own is."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = PATIENCE
    server: _Server

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        faulty, asked = self.server.faulty, Asked(self.command, self.path, time.monotonic(), body)
        fault = faulty.next_fault(asked)
        fault.first()
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = faulty.take(asked, headers, fault.stores) if fault.has_effect or not fault.play else None
        if fault.play:
            self._play(fault.play)
        elif answer:
            self._send(answer)

    def _play(self, play: Play) -> None:
        with socket(fileno=os.dup(self.connection.fileno())) as line:
            line.settimeout(self.timeout)
            play(line)
            self.close_connection = line.fileno() < 0  # its play has closed it

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_PUT = do_POST = _answer

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the tests look at `asked`."""


class Running:
    """The command as a process that is still running, its streams in files."""

    def __init__(self, process: "subprocess.Popen[bytes]", out: Path, err: Path) -> None:
        self.process = process
        self._out = out
        self.err = err

    def until(self, text: str, times: int = 1) -> None:
        """Waits until stderr holds a text."""
        wait_for(lambda: self.err.read_text("utf-8").count(text) >= times, f"{text!r} on stderr")

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self) -> Ended:
        status = self.process.wait(PATIENCE)
        ended = Ended(status, self._out.read_text("utf-8"), self.err.read_text("utf-8"))
        assert "Traceback" not in ended.err, ended.err
        return ended


def wait_for(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Waits until it holds; fails the test if it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.005)


@dataclass(frozen=True)
class Scene:
    """A faulty stand-in, and a workspace whose profile `test` is it."""

    remote: Faulty
    workspace: Workspace

    def http(self, url: str = "", **settings: float) -> None:
        """Writes the config anew, with settings of the tests' own and those that are given.

        A time-out is short only if something is to hang: whatever else comes late, on a busy machine, is waited for.
        """
        ours = {"requests_per_minute": 0, "workers": 4, "attempts": 3, "lag": 0, "max_retry_after": 2}
        settings = {"timeout": PATIENCE, "deadline": PATIENCE, **ours, **settings}
        listed = ", ".join(f"{name}: {value}" for name, value in settings.items())
        self.workspace.configure(url or self.remote.url)
        path = self.workspace.folder / "config.yaml"
        path.write_text(path.read_text("utf-8").replace("requests_per_minute: 0", listed), "utf-8")

    def stage(self, *model_ids: str) -> None:
        """Models that hold "old of <id>", which git held too, and files that want "new of <id>"."""
        old = {model_id: f"old of {model_id}" for model_id in model_ids}
        self.remote.sandbox.add_models((model_row(id_, f"Name of {id_}") for id_ in model_ids), old)
        self.workspace.held(old)
        for model_id in model_ids:
            self.workspace.write(model_id, f"new of {model_id}\n")
        self.workspace.commit("what is to be synced")

    def add_asset(self, asset_id: str) -> None:
        self.remote.sandbox.add_assets([asset_row(asset_id)])

    def sync(self, *arguments: str, **environment: str) -> Ended:
        return self.workspace.json(*(arguments if "sync" in arguments else ("sync", *arguments)), **environment)

    @contextmanager
    def running(
        self, *arguments: str, wrapper: tuple[str, ...] = (), environment: Mapping[str, str] | None = None
    ) -> Iterator[Running]:
        """`syncjob ARGUMENTS` as a process; it is killed if the block ends earlier."""
        out, err = self.workspace.folder.parent / "out", self.workspace.folder.parent / "err"
        with out.open("wb") as to_out, err.open("wb") as to_err:
            process = subprocess.Popen(
                [*wrapper, sys.executable, "-m", "syncjob", *arguments],
                cwd=self.workspace.folder,
                env=self.workspace.environment(**(environment or {})),
                stdin=subprocess.DEVNULL,
                stdout=to_out,
                stderr=to_err,
            )
        try:
            yield Running(process, out, err)
        finally:
            process.kill()
            process.wait(PATIENCE)

    @property
    def runs(self) -> list[Path]:
        """The journals, oldest first."""
        return sorted((self.workspace.folder / ".syncjob" / "runs").glob("*.jsonl"))

    def journal(self) -> list[dict[str, Any]]:
        """The records of the latest run."""
        return records(self.runs[-1])

    def nothing_is_lost(self) -> None:
        """Every journal parses, and every text that was overwritten was in one before that."""
        for path in self.runs:
            list(journal.read(path.parents[1], path.stem))
        assert [overwritten for overwritten in self.remote.overwritten if not overwritten.is_journaled] == []

    def converges(self) -> None:
        """Without faults a run brings everything to what the files say, and the next one writes nothing."""
        self.remote.calm()
        self.nothing_is_lost()
        first, second = self._in_process(), self._in_process()
        assert (first.exit_code, second.exit_code, second.requests.put) == (0, 0, 0), first
        for path in self.workspace.descriptions.iterdir():
            assert same(canonical(self.remote.text(path.stem)), canonical(path.read_text("utf-8"))), path.stem
        self.nothing_is_lost()

    def _in_process(self) -> Report:
        path = self.workspace.folder / "config.yaml"
        loaded = config.load(path, None, self.workspace.environment())
        options = Options(overwrite_remote_edits=True, force=True)
        with run.begin(run.new_id(), "sync", loaded, options, untracked, "write") as begun:
            return job.sync(begun, AGREEING).report


@contextmanager
def faulty(folder: Path, *, is_listening: bool = True) -> Iterator[tuple[Faulty, Callable[[], None]]]:
    """A stand-in with faults, and what makes it listen if it does not yet."""
    with Sandbox(folder / "remote.sqlite3", is_seeded=False) as sandbox:
        server = _Server(("127.0.0.1", 0), _Connection, bind_and_activate=False)
        server.server_bind()
        server.faulty = Faulty(sandbox, server.server_address[1], folder)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

        def listen() -> None:
            server.server_activate()
            thread.start()

        if is_listening:
            listen()
        try:
            yield server.faulty, listen
        finally:
            if thread.is_alive():
                server.shutdown()
                thread.join()
            server.server_close()


def workspace_at(folder: Path, remote: Faulty) -> Scene:
    """A workspace of its own over the same remote."""
    folder.mkdir()
    scene = Scene(remote, Workspace(folder))
    scene.http()
    return scene


@contextmanager
def scene_at(folder: Path) -> Iterator[Scene]:
    """A scene whose files are all in `folder`."""
    with faulty(folder) as (remote, _):
        yield workspace_at(folder / "work", remote)


def then(fault: Fault, first: Callable[[], object]) -> Fault:
    """The fault, with something that happens before it."""
    return replace(fault, first=first)
