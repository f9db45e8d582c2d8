"""A machine of edits, faults, crashes, syncs, resumes and rollbacks over real HTTP: nothing is lost, nothing is half."""

import gc
import io
import shutil
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from syncjob import jobs, log
from syncjob.breaker import Breaker
from syncjob.config import Config, Http
from syncjob.credentials import basic
from syncjob.errors import UsageError
from syncjob.journal import Begin, Intent, read, run_ids, started
from syncjob.learnt import Learnt
from syncjob.progress import Progress
from syncjob.remote import Remote
from syncjob.report.model import Report
from syncjob.result import Result
from syncjob.run import Command, Options, Run, new_id
from syncjob.scenario import Scenario
from syncjob.scenario.answers import Answer
from syncjob.scenario.transport import Limits
from syncjob.signals import Interrupts
from syncjob.workers import Stop
from tests.loopback import PLAYS, Loopback, json_answer, loopback
from tests.test_laws import config
from tests.workspace import AGREEING, untracked

IDS = ("one", "two", "three", "four")
MODELS = st.sampled_from(IDS)
TEXTS = st.sampled_from(["", "first\n", "second", "third\n\nwith é and 🦊", "fourth\r\nline"])
# What a remote may do with one request: answer, be busy, have the effect and drop the answer, or drop it before;
# refuse it, refuse it for the rate, or let something on the way answer 404.
FAULTS = st.lists(
    st.sampled_from(["none", "none", "none", "busy", "lost", "dropped", "refused", "limited", "conflict", "stray"]),
    max_size=12,
)


class Crash(BaseException):
    """The process is gone: nothing that it holds in memory is seen again."""


class NothingLost(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        (self.folder / "descriptions").mkdir()
        self._serving = loopback(self.folder / "remote.sqlite3")
        self.remote: Loopback = self._serving.__enter__()
        self.remote.add(*IDS)
        self.remote.script = self._script
        # One worker: what others have in flight when a run crashes would be told by chance.
        one = Http(workers=1, requests_per_minute=0, lag=0)
        self.config: Config = msgspec.structs.replace(config(self.folder, self.remote.url), http=one)
        self.faults: list[str] = []
        self.crash_in: int | None = None
        self.allowed: defaultdict[str, set[str]] = defaultdict(lambda: {""})
        self.overwritten: set[tuple[str, str]] = set()

    def teardown(self) -> None:
        self._serving.__exit__(None, None, None)
        shutil.rmtree(self.folder)

    # The other side

    def _script(self, method: str, target: str) -> Answer | None:
        fault = self.faults.pop(0) if self.faults else "none"
        if fault == "busy":
            return json_answer(503, b'{"reason": "busy"}', retry_after_ms="1")
        if fault == "refused":
            return json_answer(403, b'{"reason": "not you"}')
        if fault == "limited":
            return json_answer(429, b'{"reason": "slow down"}', retry_after_ms="1")
        if fault == "conflict":
            return json_answer(409, b'{"reason": "somebody else is writing"}', retry_after_ms="1")
        if fault == "stray":
            return json_answer(404, b'{"message": "Not Found"}')
        if fault == "dropped":
            raise ConnectionAbortedError
        answer = self._carried_out(method, target)
        if fault == "lost":
            raise ConnectionAbortedError
        return answer

    def _carried_out(self, method: str, target: str) -> Answer | None:
        if method != "PUT":
            return None
        model_id = target.split("/")[3]
        body = next(body for how, where, body in reversed(self.remote.asked) if (how, where) == (method, target))
        before = self.remote.sandbox.description(model_id)
        answer = self.remote.sandbox.handle(method, target, {"authorization": "Bearer any"}, body)
        if before and before != self.remote.sandbox.description(model_id):
            self.overwritten.add((model_id, before))
        return answer

    # Our side

    @contextmanager
    def _run(self, command: Command, options: Options) -> Iterator[Run]:
        """A run as `run.begin` makes it, with a client that can crash where it is told of an exchange."""
        stop = Stop()
        begin = Begin(1, new_id(), command, "test", self.remote.url, None, "")
        crashed = False

        def observe(_: Any) -> None:
            nonlocal crashed
            if self.crash_in is not None:
                self.crash_in -= 1
                crashed = crashed or self.crash_in < 0
            if crashed:
                raise Crash

        client = Scenario(
            basic("key", "secret"),
            base_url=self.remote.url,
            limits=Limits(2, 2, 1),
            requests_per_minute=0,
            attempts=2,
            sleep=lambda _: None,
            observe=observe,
            null_is_no_description=PLAYS.no_description == "null",
        )
        with client, started(self.config.state_dir, begin) as journal:
            remote = Remote(client)
            try:
                yield Run(
                    begin.run, command, self.config, options, Learnt(), "", Progress(int, int, float), untracked, remote, stop,
                    Breaker(stop), Interrupts(), journal,
                )  # fmt: skip
            finally:
                # A crash ends the run before its workers have seen it; what they have in flight would stay open.
                for thread in threading.enumerate():
                    if thread.name.startswith("worker-"):
                        thread.join(timeout=30)

    def _carry_out(self, job: Callable[[Run], Result], command: Command, options: Options) -> Report | None:
        try:
            with self._run(command, options) as begun:
                return job(begun).report
        except Crash:
            return None
        except UsageError:  # no file is left, or the earlier run is none
            return None
        finally:
            self.crash_in = None

    def _sync(self, **options: Any) -> Report | None:
        for path in (self.folder / "descriptions").iterdir():
            self.allowed[path.stem].add(_canonical(path.read_text()))
        chosen = Options(overwrite_remote_edits=True, force=True, **options)
        return self._carry_out(lambda begun: jobs.sync(begun, AGREEING), "sync", chosen)

    def _is_true(self, report: Report) -> None:
        """What a report says was applied, or is unchanged, is what Scenario holds."""
        for item in report.items:
            held = self.remote.sandbox.description(item.model_id)
            path = self.folder / "descriptions" / f"{item.model_id}.md"
            if report.command == "sync" and item.status in ("applied", "unchanged"):
                assert held == _canonical(path.read_text())

    @rule(model_id=MODELS, text=TEXTS)
    def edit_the_file(self, model_id: str, text: str) -> None:
        path = self.folder / "descriptions" / f"{model_id}.md"
        if text:
            path.write_text(text)
        else:
            path.unlink(missing_ok=True)

    @rule(model_id=MODELS, text=TEXTS)
    def edit_on_scenario(self, model_id: str, text: str) -> None:
        self.remote.sandbox.put(model_id, _canonical(text))
        self.allowed[model_id].add(_canonical(text))

    @rule(faults=FAULTS, crash_in=st.none() | st.integers(0, 12), keep_going=st.booleans())
    def sync(self, faults: list[str], crash_in: int | None, keep_going: bool) -> None:
        self.faults, self.crash_in = faults, crash_in
        report = self._sync(keep_going=keep_going)
        if report:
            self._is_true(report)

    @precondition(lambda self: bool(run_ids(self.config.state_dir)))
    @rule(faults=FAULTS, place=st.integers(0, 3))
    def resume(self, faults: list[str], place: int) -> None:
        # What was edited on Scenario since the run is not looked for: that is what to resume means.
        known = run_ids(self.config.state_dir)
        self.faults = faults
        self._sync(resume=known[place % len(known)])

    @precondition(lambda self: bool(run_ids(self.config.state_dir)))
    @rule(faults=FAULTS, crash_in=st.none() | st.integers(0, 6), place=st.integers(0, 3), force=st.booleans())
    def roll_back(self, faults: list[str], crash_in: int | None, place: int, force: bool) -> None:
        known = run_ids(self.config.state_dir)
        self.faults, self.crash_in = faults, crash_in
        earlier = known[place % len(known)]
        self._carry_out(lambda begun: jobs.rollback(begun, earlier, AGREEING), "rollback", Options(force=force))

    @precondition(lambda self: any((self.folder / "descriptions").iterdir()))
    @rule()
    def converge(self) -> None:
        self.faults = []
        report = self._sync()
        assert report
        assert report.exit_code == 0
        self._is_true(report)
        again = self._sync()
        assert again
        assert again.requests.put == 0

    @invariant()
    def every_text_is_whole_and_was_there_or_was_desired(self) -> None:
        for model_id in IDS:
            assert self.remote.sandbox.description(model_id) in self.allowed[model_id]

    @invariant()
    def every_overwritten_text_is_in_a_journal(self) -> None:
        journaled = {
            (record.model_id, record.before)
            for run_id in run_ids(self.config.state_dir)
            for record in read(self.config.state_dir, run_id)
            if isinstance(record, Intent)
        }
        assert self.overwritten <= journaled


def _canonical(text: str) -> str:
    return text.replace("\r\n", "\n").rstrip("\n")


def machine(examples: int, steps: int) -> None:
    log.configure(io.StringIO(), "json", "error", "run", None)
    run_state_machine_as_test(
        NothingLost,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
    gc.collect()  # what is left open is told here, and not in the test that comes next


def test_nothing_is_lost() -> None:
    machine(15, 12)


@pytest.mark.deep
def test_nothing_is_lost_whatever_happens() -> None:
    machine(1000, 15)
