"""Random runs and rollbacks over a server with faults and lag: reports and journals say what the server's own log says."""

import json
import random
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec import structs

from syncjob import jobs, run
from syncjob import remote as remote_module
from syncjob.config import Config, Http
from syncjob.credentials import basic
from syncjob.journal import Intent, Result, read
from syncjob.report.model import Item, Report
from syncjob.report.summary import outcome_line
from syncjob.run import Options
from syncjob.scenario import retry
from syncjob.scenario.answers import Answer
from tests.loopback import Loopback, json_answer, loopback
from tests.test_lag import described
from tests.test_laws import config
from tests.workspace import AGREEING, KEY, SECRET, untracked

IDS = ("one", "two", "three")
REFUSALS = {"429": 429, "409": 409, "403": 403, "413": 413, "425": 425}
PUTS = ["ok"] * 8 + ["busy", "lost", "dropped", "504", "late", "stray", "html", *REFUSALS]
GETS = ["ok"] * 16 + ["busy", "lost", "stray"]


@dataclass(frozen=True)
class Landed:
    """A write that the server took, in the run of that number; `is_late` is one long after its answer."""

    run: int
    model_id: str
    before: str
    after: str
    is_late: bool


@dataclass
class Server:
    """A stand-in with faults that shows a text late, and keeps a log of what it took."""

    remote: Loopback
    chance: random.Random
    run: int = 0
    is_calm: bool = False
    log: list[Landed] = field(default_factory=list)
    sent: set[tuple[int, str]] = field(default_factory=set)
    shown: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    waiting: list[tuple[int, str, str]] = field(default_factory=list)

    def script(self, method: str, target: str) -> Answer | None:
        if not target.endswith("/description"):
            return None
        model_id = target.split("/")[3]
        if self.waiting and self.chance.random() < 0.3:
            self.land()
        return self._put(model_id, target) if method == "PUT" else self._get(model_id)

    def _get(self, model_id: str) -> Answer | None:
        fault = "ok" if self.is_calm else self.chance.choice(GETS)
        if fault == "lost":
            raise ConnectionAbortedError
        if fault == "busy":
            return json_answer(503, b"{}", retry_after_ms="1")
        if fault == "stray":
            return json_answer(404, b'{"message": "Not Found"}')
        return described(self.shown[model_id].pop(0)) if self.shown[model_id] else None

    def _put(self, model_id: str, target: str) -> Answer | None:
        body = next(body for how, where, body in reversed(self.remote.asked) if (how, where) == ("PUT", target))
        text = json.loads(body)["description"] or ""
        self.sent.add((self.run, model_id))
        fault = "ok" if self.is_calm else self.chance.choice(PUTS)
        if fault in REFUSALS:
            return json_answer(REFUSALS[fault], b'{"reason": "no"}', retry_after_ms="1")
        if fault == "late":
            self.waiting.append((self.run, model_id, text))
            return json_answer(504, b"{}", retry_after_ms="1")
        if fault in ("ok", "lost", "504", "html"):
            self.take(model_id, text, self.run, is_late=False)
        if fault in ("lost", "dropped"):
            raise ConnectionAbortedError
        if fault == "html":
            return json_answer(200, b"<html>")
        if fault == "stray":
            return json_answer(404, b"404 page not found")
        return (
            json_answer(504 if fault == "504" else 503, b"{}", retry_after_ms="1") if fault != "ok" else described(text)
        )

    def take(self, model_id: str, text: str, number: int, *, is_late: bool) -> None:
        before = self.remote.sandbox.description(model_id)
        self.remote.sandbox.put(model_id, text)
        self.log.append(Landed(number, model_id, before, text, is_late))
        self.shown[model_id] = [before] * self.chance.choice([0, 0, 0, 1, 2, 3, 5])

    def land(self) -> None:
        """What was answered 504 lands now."""
        while self.waiting:
            number, model_id, text = self.waiting.pop()
            self.take(model_id, text, number, is_late=True)


class World:
    """Files, a server, and runs over both; each run is held against the server's log as soon as it has ended."""

    def __init__(self, folder: Path, remote: Loopback, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311  to be repeated, not to be secret
        self.remote = remote
        self.server = Server(remote, self.chance)
        self.folder = folder
        (folder / "descriptions").mkdir()
        remote.add(*IDS, texts={"one": "start of one", "two": "start of two"})
        remote.script = self.server.script
        http = Http(workers=2, requests_per_minute=0, attempts=3, timeout=2, lag=300)
        self.config: Config = structs.replace(config(folder, remote.url), http=http, credentials=basic(KEY, SECRET))
        self.runs: dict[int, Report] = {}
        # Where a late write of another run brought the same text, a look takes it for its own.
        self.seen_written: set[tuple[int, str]] = set()
        self.unsure: set[str] = set()  # models of which our journals cannot know what stands there

    def turn(self, number: int) -> None:
        self.server.run = number
        earlier = self.chance.choice([None, None, *self.runs])
        for model_id in self.chance.sample(IDS, 2):
            other = self.chance.choice([f"text {number} of {model_id}", f"text {max(number - 1, 0)} of {model_id}"])
            (self.folder / "descriptions" / f"{model_id}.md").write_text(other)
        options = Options(overwrite_remote_edits=True, force=earlier is None, keep_going=True)
        begun_at = len(self.server.log)
        was_unsure = set(self.unsure)
        with run.begin(
            run.new_id(), "rollback" if earlier else "sync", self.config, options, untracked, "write"
        ) as begun:
            if earlier:
                report = jobs.rollback(begun, self.runs[earlier].run, AGREEING).report
            else:
                report = jobs.sync(begun, AGREEING).report
        if (self.config.state_dir / "runs" / f"{report.run}.jsonl").exists():
            self.runs[number] = report
        self._is_true(number, report, self.server.log[begun_at:], was_unsure, earlier)

    def _is_true(
        self, number: int, report: Report, log: list[Landed], was_unsure: set[str], earlier: int | None
    ) -> None:
        own = [landed for landed in log if landed.run == number]
        late = {landed.model_id for landed in log if landed.is_late} | {id_ for _, id_, _ in self.server.waiting}
        intents, results = self._journal(report)
        for item in report.items:
            model_id, result = item.model_id, results.get(item.model_id)
            landed = [entry for entry in own if entry.model_id == model_id]
            is_unsure = model_id in was_unsure | late
            self._note(number, model_id, result, is_late=model_id in late)
            self._item_is_true(item, landed, result, is_sync=earlier is None, is_unsure=is_unsure)
            assert model_id in intents or not landed, "written without an intent"
            if landed and not is_unsure:
                assert (intents[model_id].before or "") in {landed[0].before, *(each.after for each in landed)}
                self._is_no_other_runs(landed[0], earlier)
        self._summary_is_true(report, own)

    def _note(self, number: int, model_id: str, result: Result | None, *, is_late: bool) -> None:
        """What our journals can know from now on."""
        effect = result.effect if result else "none"
        if effect == "written":
            self.seen_written.add((number, model_id))
        if effect == "unknown" or is_late:
            self.unsure.add(model_id)
        elif effect == "written":
            self.unsure.discard(model_id)

    def _is_no_other_runs(self, entry: Landed, earlier: int | None) -> None:
        """A rollback of an earlier run puts back what that one had overwritten, and nothing else."""
        if earlier is None or (earlier, entry.model_id) in self.seen_written:
            return
        theirs = {each.after for each in self.server.log if (each.run, each.model_id) == (earlier, entry.model_id)}
        assert entry.before in theirs, "what another run wrote was undone"

    def _item_is_true(
        self, item: Item, landed: list[Landed], result: Result | None, *, is_sync: bool, is_unsure: bool
    ) -> None:
        if item.status == "applied":
            assert landed or is_unsure, "said to be applied, and was not"
            assert result
            assert result.effect == "written"
        if item.status == "unchanged" and is_sync and not is_unsure:
            path = self.folder / "descriptions" / f"{item.model_id}.md"
            assert self.remote.sandbox.description(item.model_id) == path.read_text()
        if result is None or result.effect == "none":
            assert not landed, f"landed, and is told to be {item.status}"
        if any(problem.code == "write-uncertain" for problem in item.problems):
            assert result
            assert result.effect == "unknown"
            assert item.status in ("failed", "refused")

    def _summary_is_true(self, report: Report, own: list[Landed]) -> None:
        summary = report.summary
        statuses = [item.status for item in report.items]
        assert (summary.applied, summary.failed) == (statuses.count("applied"), statuses.count("failed"))
        if outcome_line(summary).startswith("Nothing was written"):
            assert own == []
        if report.exit_code == 2:
            assert not {model_id for number, model_id in self.server.sent if number == self.server.run}
        if report.exit_code == 0:
            assert set(statuses) <= {"applied", "unchanged"}

    def _journal(self, report: Report) -> tuple[dict[str, Intent], dict[str, Result]]:
        state = self.config.state_dir
        records = list(read(state, report.run)) if (state / "runs" / f"{report.run}.jsonl").exists() else []
        intents = {record.model_id: record for record in records if isinstance(record, Intent)}
        return intents, {record.model_id: record for record in records if isinstance(record, Result)}


def world(folder: Path, seed: int, turns: int) -> None:
    folder.mkdir()
    with loopback(folder / "remote.sqlite3") as remote:
        made = World(folder, remote, seed)
        for number in range(1, turns + 1):
            made.turn(number)
        # Once all has landed and is shown, and nobody doubts it any more, a run brings everything into step.
        made.server.is_calm = True
        made.server.land()
        made.server.shown.clear()
        made.config = structs.replace(made.config, http=structs.replace(made.config.http, lag=0))
        options = Options(overwrite_remote_edits=True, force=True)
        with run.begin(run.new_id(), "sync", made.config, options, untracked, "write") as begun:
            assert jobs.sync(begun, AGREEING).report.exit_code == 0
        for path in (folder / "descriptions").iterdir():
            assert remote.sandbox.description(path.stem) == path.read_text()


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_module, "_PAUSES", (0.001, 0.001))
    monkeypatch.setattr(retry, "_BACKOFF", 0.001)


@pytest.mark.parametrize("seed", range(4))
def test_reports_and_journals_say_what_the_server_says(tmp_path: Path, seed: int) -> None:
    world(tmp_path / "world", seed, 5)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(100, 200))
def test_a_thousand_runs_say_what_the_server_says(tmp_path: Path, seed: int) -> None:
    world(tmp_path / "world", seed, 10)
