"""A machine of edits, faults, crashes, syncs, resumes and rollbacks over real HTTP: nothing is lost, nothing is half."""

import gc
import io
import os
import shutil
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from msgspec import structs

from syncjob import log
from syncjob.commands import rollback
from syncjob.commands.pull import job as pull_job
from syncjob.commands.result import RunResult
from syncjob.commands.run import Command, Options, Run, new_id
from syncjob.commands.sync import job as sync_job
from syncjob.config.config import Config
from syncjob.config.schema import Http
from syncjob.control.circuit_breaker import Breaker
from syncjob.control.progress import Progress
from syncjob.control.signals import Interrupts
from syncjob.control.workers import Stop
from syncjob.credentials import basic
from syncjob.errors import SyncjobError
from syncjob.git.git import Git
from syncjob.remote.descriptions import Remote
from syncjob.report.model import Report
from syncjob.scenario import Scenario
from syncjob.scenario.http.transport import Limits
from syncjob.state.folder import runs_folder
from syncjob.state.journal import Begin, Intent, read, run_ids, started
from syncjob.state.memory import cache
from syncjob.state.probe_results import Learnt
from syncjob.state.recent import recent_writes
from tests.behaviour.test_laws import config
from tests.support.late_remote import FAULTS, PEOPLE, LateRemote
from tests.support.loopback import PLAYS, Loopback, loopback
from tests.support.oracle import digest
from tests.support.workspace import AGREEING, untracked

IDS = ("one", "two", "three", "four")
MODELS = st.sampled_from(IDS)
TEXTS = st.sampled_from(["", "first\n", "second", "third\n\nwith é and 🦊", "fourth\r\nline"])
# What becomes of the next requests; most of them are answered as ever.
SOME = st.lists(st.sampled_from([*["none"] * 12, *FAULTS]), max_size=12)
ON_WRITES = st.lists(st.sampled_from(["none", *FAULTS]), max_size=3)
LAGS = st.sampled_from([0.0, 1.0, 4.0, 20.0])
PAUSES = st.sampled_from([1, 10, 400])


class Crash(BaseException):
    """The process is gone: nothing that it holds in memory is seen again."""


class NothingLost(RuleBasedStateMachine):
    learnt = Learnt()

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        (self.folder / "descriptions").mkdir()
        self._serving = loopback(self.folder / "remote.sqlite3")
        served: Loopback = self._serving.__enter__()
        served.add(*IDS)
        self.remote = LateRemote(served)
        served.script = self.remote.script
        # One worker: what others have in flight when a run crashes would be reported by chance.
        one = Http(workers=1, requests_per_minute=0)
        self.config: Config = structs.replace(config(self.folder, served.url), http=one)
        self.crash_in: int | None = None
        self.ended_at: dict[str, float] = {}  # runs that ended within minutes
        self.allowed: defaultdict[str, set[str]] = defaultdict(lambda: {""})

    def teardown(self) -> None:
        self._serving.__exit__(None, None, None)
        shutil.rmtree(self.folder)

    # Our side

    @contextmanager
    def _run(self, command: Command, options: Options) -> Iterator[Run]:
        """A run as `run.begin` makes it, with a client that can crash whenever it hears of an exchange."""
        stop = Stop()
        begin = Begin(1, new_id(), command, "test", self.config.base_url, None, "2026-01-01T00:00:00Z")
        self.remote.run = begin.run
        self._age_journals()
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
            base_url=self.config.base_url,
            limits=Limits(2, 2, 1),
            requests_per_minute=0,
            attempts=2,
            sleep=self.remote.wait,
            observe=observe,
            null_is_no_description=PLAYS.no_description == "null",
        )
        with client, started(self.config.state_dir, begin) as journal:
            recent = recent_writes(self.config, begin.run)
            remote = Remote(client, clock=lambda: self.remote.now, recent=recent)
            memory = cache.of(self.config, self.learnt, is_believed=True)
            try:
                yield Run(
                    begin.run, command, self.config, options, self.learnt, "", Progress(int, int, float), untracked, remote, stop,
                    Breaker(stop), Interrupts(), Git(stop), journal, None, memory,
                )  # fmt: skip
                memory.save()
            finally:
                memory._close()
                # A crash ends the run before its workers have seen it; what they have in flight would stay open.
                for thread in threading.enumerate():
                    if thread.name.startswith("worker-"):
                        thread.join(timeout=300)

    def _age_journals(self) -> None:
        """Files tell real time: what was written minutes ago is made to look so, in the order that it was."""
        for path in runs_folder(self.config.state_dir).glob("*.jsonl"):
            if self.remote.now - self.ended_at.get(path.stem, self.remote.now) > 300:
                del self.ended_at[path.stem]
                then = path.stat().st_mtime - 100_000
                os.utime(path, (then, then))

    def _carry_out(self, job: Callable[[Run], RunResult], command: Command, options: Options) -> Report | None:
        """What a run reports, None if it could not start or crashed. Whatever it did is looked at."""
        report: Report | None = None
        has_begun = True
        try:
            with self._run(command, options) as begun:
                report = job(begun).report
        except Crash:
            pass
        except SyncjobError:  # no file is left, the earlier run is none, or nobody is let in
            has_begun = False
        finally:
            self.crash_in = None
            self.ended_at[self.remote.run] = self.remote.now
        assert has_begun or not self.remote.puts
        assert not self.remote.unseen, "a write was repeated without a look"
        if report:
            self._is_whole(report)
        return report

    def _is_whole(self, report: Report) -> None:
        """What the run did is in its report: each of its writes that had its effect, and no other."""
        assert report.exit_code != 2 or not self.remote.puts
        told = {item.model_id: item for item in report.items}
        if report.command != "pull":
            self.remote.sure |= {(report.run, item.model_id) for item in report.items if item.status == "applied"}
        for model_id in self.remote.effects[report.run]:
            item = told[model_id]
            codes = {problem.code for problem in item.problems} | ({item.error.code} if item.error else set())
            is_open = item.status in ("failed", "refused") and codes & {"write-uncertain", "interrupted"}
            assert item.status == "applied" or is_open or self.remote.author(model_id) != report.run, item
        for item in report.items:
            if item.status == "applied" and report.command != "pull":
                # One of an earlier run may have landed or become visible since, and nobody can tell whose it was.
                has_come = self.remote.seen_at(item.model_id) > self.remote.began_at
                assert has_come or item.model_id in self.remote.effects[report.run], item

    def _sync(self, **options: Any) -> Report | None:
        for path in (self.folder / "descriptions").glob("*.md"):
            self.allowed[path.stem].add(_canonical(path.read_text()))
        chosen = Options(overwrite_remote_edits=True, force=True, **options)
        return self._carry_out(lambda begun: sync_job.sync(begun, AGREEING), "sync", chosen)

    def _is_true(self, report: Report) -> None:
        """What a report says was applied, or is unchanged, is what Scenario holds, as far as the run could know."""
        for item in report.items:
            says_so = item.status == "applied" or (
                item.status == "unchanged" and item.before_sha256 == item.after_sha256
            )
            if says_so and self.remote.could_know(item.model_id):
                assert digest(self.remote.text(item.model_id)) == item.after_sha256, item

    # The other side

    @rule(model_id=MODELS, text=TEXTS)
    def edit_on_scenario(self, model_id: str, text: str) -> None:
        self.remote.edit(model_id, _canonical(text))
        self.allowed[model_id].add(_canonical(text))

    @rule(lag=LAGS)
    def scenario_lags(self, lag: float) -> None:
        self.remote.lag = lag

    @rule(seconds=PAUSES)
    def time_passes(self, seconds: int) -> None:
        self.remote.wait(seconds)

    # People

    @rule(model_id=MODELS, text=TEXTS)
    def edit_the_file(self, model_id: str, text: str) -> None:
        path = self.folder / "descriptions" / f"{model_id}.md"
        if text:
            path.write_text(text)
        else:
            path.unlink(missing_ok=True)

    @rule(faults=SOME, on_writes=ON_WRITES, crash_in=st.none() | st.integers(0, 12), keep_going=st.booleans())
    def sync(self, faults: list[str], on_writes: list[str], crash_in: int | None, keep_going: bool) -> None:
        self.remote.begin("", faults, on_writes)
        self.crash_in = crash_in
        report = self._sync(keep_going=keep_going)
        if report:
            self._is_true(report)

    def _diff(self) -> Report | None:
        report = self._carry_out(sync_job.diff, "diff", Options(overwrite_remote_edits=True))
        assert not self.remote.puts
        return report

    @rule(faults=SOME)
    def diff(self, faults: list[str]) -> None:
        self.remote.begin("", faults)
        report = self._diff()
        if report:
            self._is_true(report)

    @precondition(lambda self: any((self.folder / "descriptions").glob("*.md")))
    @rule(faults=SOME)
    def pull(self, faults: list[str]) -> None:
        self.remote.begin("", faults)
        report = self._carry_out(
            lambda begun: pull_job.pull(begun, takes_all=False, dry_run=False), "pull", Options(force=True)
        )
        assert not self.remote.puts
        for item in report.items if report else ():
            path = self.folder / "descriptions" / f"{item.model_id}.md"
            if item.status == "applied" and self.remote.could_know(item.model_id):
                assert digest(path.read_text()) == digest(self.remote.text(item.model_id)), item

    @precondition(lambda self: bool(run_ids(self.config.state_dir)))
    @rule(faults=SOME, place=st.integers(0, 3))
    def resume(self, faults: list[str], place: int) -> None:
        # What was edited on Scenario since the run is not looked for: that is what to resume means.
        known = run_ids(self.config.state_dir)
        self.remote.begin("", faults)
        self._sync(resume=known[place % len(known)])

    @precondition(lambda self: bool(run_ids(self.config.state_dir)))
    @rule(faults=SOME, crash_in=st.none() | st.integers(0, 6), place=st.integers(0, 3), force=st.booleans())
    def roll_back(self, faults: list[str], crash_in: int | None, place: int, force: bool) -> None:
        known = run_ids(self.config.state_dir)
        earlier = known[place % len(known)]
        others = {id_ for id_ in IDS if self._is_of_another_run(id_, earlier)}
        self.remote.begin("", faults)
        self.crash_in = crash_in
        report = self._carry_out(
            lambda begun: rollback.rollback(begun, earlier, AGREEING), "rollback", Options(force=force)
        )
        assert force or not others & self.remote.effects[self.remote.run], "what another run wrote was undone"
        if report:
            self._is_true(report)

    def _is_of_another_run(self, model_id: str, earlier: str) -> bool:
        """Whether a run other than `earlier`, of which no write landed here, wrote what the model holds."""
        is_unclear = self.remote.has_landed(model_id) or self.remote.is_hidden(model_id)
        if is_unclear or model_id in self.remote.effects[earlier]:
            return False
        return self.remote.author(model_id) not in (PEOPLE, earlier)

    @rule(model_id=MODELS, text=TEXTS.filter(bool), on_writes=ON_WRITES)
    def undo_a_run_that_another_one_followed(self, model_id: str, text: str, on_writes: list[str]) -> None:
        """The first one's writes go wrong in some way, and the second brings the same texts."""
        self.edit_the_file(model_id, text)
        self.sync([], on_writes, None, keep_going=True)
        first = self.remote.run
        self.sync([], [], None, keep_going=True)
        others = {id_ for id_ in IDS if self._is_of_another_run(id_, first)}
        self.remote.begin("")
        self._carry_out(lambda begun: rollback.rollback(begun, first, AGREEING), "rollback", Options())
        assert not others & self.remote.effects[self.remote.run], "what another run wrote was undone"

    @precondition(lambda self: any((self.folder / "descriptions").glob("*.md")))
    @rule()
    def converge(self) -> None:
        self.remote.calm()
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
            assert self.remote.text(model_id) in self.allowed[model_id]

    @invariant()
    def every_overwritten_text_is_in_a_journal(self) -> None:
        journaled = {
            (record.model_id, record.before)
            for run_id in run_ids(self.config.state_dir)
            for record in read(self.config.state_dir, run_id)
            if isinstance(record, Intent)
        }
        assert self.remote.overwritten <= journaled


class NothingLostOnTheMemorysWord(NothingLost):
    """The same with the memory on, in the remote's own time, where a listing lags and some edits move no `updatedAt`."""

    learnt = Learnt(updated_at_moves=True, bulk_updated_at_moves=True)

    def __init__(self) -> None:
        super().__init__()
        self.edits = 0
        self._patch = pytest.MonkeyPatch()
        date = lambda _, timestamp=None: format_datetime(self.remote.date(), usegmt=True)  # noqa: E731
        self._patch.setattr(BaseHTTPRequestHandler, "date_time_string", date)
        self.remote.has_own_time = True
        self.config = structs.replace(self.config, http=structs.replace(self.config.http, audit=1))

    def teardown(self) -> None:
        self._patch.undo()
        super().teardown()

    @rule(slowness=st.sampled_from([0.05, 15.0, 40.0]))
    def scenario_is_slow(self, slowness: float) -> None:
        """So slow that texts are old before they are overwritten."""
        self.remote.slowness = slowness

    @rule(lag=LAGS)
    def the_listing_lags(self, lag: float) -> None:
        self.remote.listing_lag = lag

    @rule(model_id=MODELS, text=TEXTS)
    def edit_unseen(self, model_id: str, text: str) -> None:
        self.remote.edit(model_id, _canonical(text), moves=False)
        self.allowed[model_id].add(_canonical(text))

    def _is_of_another_run(self, model_id: str, earlier: str) -> bool:
        return False  # no rollback asks the memory: what one undoes is the matter of the other machine

    def _is_true(self, report: Report) -> None:
        """Also what is remembered is true, unless `updatedAt` does not tell."""
        super()._is_true(report)
        for item in report.items if report.command in ("sync", "diff") else ():
            is_believed = item.status == "unchanged" and not self.remote.was_read(item.model_id)
            if is_believed and self.remote.is_told(item.model_id):
                assert digest(self.remote.text(item.model_id)) == item.after_sha256, item

    @precondition(lambda self: any((self.folder / "descriptions").glob("*.md")))
    @rule(data=st.data())
    def an_audit_finds_an_unseen_edit(self, data: st.DataObject) -> None:
        self.remote.listing_lag = 0
        self.converge()
        for _ in range(2):
            self.remote.calm()
            self._diff()
        model_id = data.draw(st.sampled_from(sorted(path.stem for path in (self.folder / "descriptions").glob("*.md"))))
        self.edits += 1
        self.edit_unseen(model_id, f"edit {self.edits}, which moves nothing")
        found = []
        for _ in IDS:
            self.remote.calm()
            report = self._diff()
            found += [item.action for item in report.items if item.model_id == model_id] if report else []
        assert set(found) - {"unchanged"}, found


def _canonical(text: str) -> str:
    return text.replace("\r\n", "\n").rstrip("\n")


def machine(examples: int, steps: int, *more: Phase, of: type[NothingLost] = NothingLost) -> None:
    log.configure(io.StringIO(), "json", "error", "run", ())
    run_state_machine_as_test(
        of,
        settings=settings(
            phases=(Phase.reuse, Phase.generate, *more),
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
    gc.collect()  # what is left open is reported here, and not in the next test


def test_nothing_is_lost() -> None:
    # A failure is shown as it was found: to make it smaller takes minutes, which the deep suite has.
    machine(10, 12)


def test_nothing_is_lost_on_the_memory_s_word() -> None:
    machine(5, 12, of=NothingLostOnTheMemorysWord)


@pytest.mark.deep
@pytest.mark.parametrize("part", range(2))
def test_nothing_is_lost_on_the_memory_s_word_whatever_happens(part: int) -> None:
    machine(250, 15, Phase.shrink, of=NothingLostOnTheMemorysWord)


@pytest.mark.deep
@pytest.mark.parametrize("part", range(4))
def test_nothing_is_lost_whatever_happens(part: int) -> None:
    machine(250, 15, Phase.shrink)
