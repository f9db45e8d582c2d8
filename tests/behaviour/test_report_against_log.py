"""Reports, journals, exit statuses and last lines of random runs, against the server's own log of what happened."""

import io
import os
import random
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from syncjob.control.workers import Stop
from syncjob.errors import SyncjobError, UsageError
from syncjob.text.canonical import canonical, sha256
from tests.support.faulty_server import records
from tests.support.lagging_server import Lagging, Put, Weather, lagging
from tests.support.truth import Seen, contradictions
from tests.support.workspace import CONFIG, KEY, SECRET

IDS = ("one", "two", "three", "four", "five")
TEXTS = ("first", "second", "third\n\nwith é", "fourth")
RUNS = 10  # of each scene
SEEDS = 5  # scenes of each test
# All waits are so much shorter, so that a second of a back-off, or of a pause for a lag, is ten milliseconds.
HASTE = 0.01
LAG = 0.15  # seconds, so that the next run begins within it
PAUSE = 20.0  # how long runs are to wait for a lag; more than the lag itself

PLAIN = {
    "busy": 0.05,
    "limited": 0.05,
    "dropped": 0.03,
    "lost": 0.04,
    "erred": 0.04,
    "conflict": 0.02,
    "refused": 0.02,
    "garbled": 0.03,
}
KINDS = {
    # Nothing of these is in doubt after a look.
    "mild": Weather({"busy": 0.05, "limited": 0.05, "dropped": 0.05}),
    "faults": Weather(PLAIN),
    "strays": Weather({"gateway-404": 0.08, "own-404": 0.08, "busy": 0.03, "lost": 0.03}),
    "late": Weather({"late": 0.10, "busy": 0.05, "dropped": 0.05}),
    "lag": Weather({"busy": 0.02, "lost": 0.03}, lag=LAG),
    "storm": Weather({"busy": 0.20, "lost": 0.15, "erred": 0.15, "dropped": 0.10, "unauthorized": 0.02}),
    "all": Weather({**{name: part * 0.8 for name, part in PLAIN.items()}, "late": 0.03, "gateway-404": 0.02, "own-404": 0.02,
                    "unauthorized": 0.005}, lag=LAG),
}  # fmt: skip


class Scene:
    """A workspace over a lagging stand-in, in which one run follows another."""

    def __init__(self, folder: Path, remote: Lagging, chance: random.Random) -> None:
        self.folder = folder
        self.remote = remote
        self.chance = chance
        self.descriptions = folder / "descriptions"
        self.descriptions.mkdir()
        self.hidden: set[str] = set()  # models of which a lag may hide what became of them
        for model_id in IDS:
            self.write(model_id, chance.choice(TEXTS))

    def configure(self, **http: float) -> None:
        settings = {"requests_per_minute": 0, "attempts": 3, "timeout": 5, "deadline": 10, "lag": PAUSE, **http}
        listed = ", ".join(f"{name}: {value}" for name, value in settings.items())
        text = CONFIG % self.remote.url
        (self.folder / "config.yaml").write_text(text.replace("requests_per_minute: 0", listed), "utf-8")

    def write(self, model_id: str, text: str) -> None:
        (self.descriptions / f"{model_id}.md").write_text(f"{text}\n", "utf-8")

    def texts(self) -> dict[str, str]:
        return {model_id: canonical(self.remote.text(model_id)) for model_id in IDS}

    def change(self) -> None:
        """Somebody edits files, and now and then a description on Scenario."""
        for model_id in self.chance.sample(IDS, self.chance.randint(0, 3)):
            path = self.descriptions / f"{model_id}.md"
            if self.chance.random() < 0.1 and len(os.listdir(self.descriptions)) > 2:
                path.unlink(missing_ok=True)
            else:
                self.write(model_id, self.chance.choice(TEXTS))
        if self.chance.random() < 0.2:
            model_id = self.chance.choice(IDS)
            self.hidden.add(model_id)
            self.remote.edit(model_id, self.chance.choice(["", "somebody's"]))

    def arguments(self) -> list[str]:
        known = sorted(path.stem for path in (self.folder / ".syncjob" / "runs").glob("*.jsonl"))
        if known and self.chance.random() < 0.3:
            forced = ["--force"] if self.chance.random() < 0.3 else []
            return ["rollback", self.chance.choice(known), *forced]
        options = ["--keep-going", "--prune"]
        chosen = [option for option in options if self.chance.random() < 0.5]
        return ["sync", "--overwrite-remote-edits", "--force", "--yes", *chosen]

    def run(self, *arguments: str) -> Seen:
        """A run in this process, from its command line to its exit status."""
        path = self.folder / "report.json"
        path.unlink(missing_ok=True)
        self.remote.puts, self.remote.denied, self.remote.lied = [], set(), set()
        status, out, err = command("--config", str(self.folder / "config.yaml"), *arguments, "--report", str(path))
        self.remote.settle()
        data = path.read_bytes() if path.exists() else b""
        report: dict[str, Any] | None = msgspec.json.decode(data) if data else None
        journal = self.folder / ".syncjob" / "runs" / f"{report['run']}.jsonl" if report else None
        told = records(journal) if journal and journal.exists() else []
        hidden = frozenset(self.hidden) if self.remote.weather.lag else frozenset[str]()
        self.hidden |= {each["model_id"] for each in told if each.get("effect") == "unknown"}
        denied = frozenset(self.remote.denied)
        return Seen(status, out, err, report, told, self.remote.puts, self.texts(), denied, hidden)


def command(*arguments: str) -> tuple[int, str, str]:
    """`syncjob ARGUMENTS` in this process: its exit status, stdout and stderr."""
    from syncjob.cli.group import cli

    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            status = cli.main(list(arguments), prog_name="syncjob", standalone_mode=False) or 0
        except SyncjobError as error:  # as __main__ does
            print(f"syncjob: {error}", file=sys.stderr)
            status = 2 if isinstance(error, UsageError) else 1
    return status, out.getvalue(), err.getvalue()


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    sleep = Stop.sleep
    monkeypatch.setattr(Stop, "sleep", lambda stop, seconds: sleep(stop, seconds * HASTE))
    for name in [name for name in os.environ if name.startswith(("SYNCJOB_", "SCENARIO_", "GITHUB_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SCENARIO_SDK_API_KEY", KEY)
    monkeypatch.setenv("SCENARIO_SDK_API_SECRET", SECRET)


@contextmanager
def scene_of(folder: Path, seed: int) -> Iterator[Scene]:
    chance = random.Random(seed)  # noqa: S311  to be repeated, not to be secret
    folder.mkdir()
    texts = {model_id: chance.choice(TEXTS) for model_id in IDS[::2]}
    with lagging(folder, IDS, texts, seed) as remote:
        yield Scene(folder, remote, chance)


def told_wrong(folder: Path, kind: str, seed: int) -> Iterator[str]:
    """Every contradiction of a scene's runs, and whether it converges when the weather is fair again."""
    with scene_of(folder, seed) as scene:
        scene.configure(workers=scene.chance.choice([1, 1, 3]), recheck_after=scene.chance.choice([0, 60]))
        for number in range(RUNS):
            scene.change()
            scene.remote.weather = KINDS[kind]
            arguments = scene.arguments()
            seen = scene.run(*arguments)
            faults = [f"{put.model_id} {put.fault}{' landed' if put.has_landed else ''}" for put in seen.puts]
            for said in contradictions(seen):
                yield f"seed {seed}, run {number}, {' '.join(arguments)} ({', '.join(faults)}): {said}"
        scene.remote.calm()
        scene.configure(lag=0)  # whatever is there now is not a late reading
        yield from converged(scene, seed)


def converged(scene: Scene, seed: int) -> Iterator[str]:
    for writes in (True, False):
        seen = scene.run("sync", "--overwrite-remote-edits", "--force", "--yes")
        wrong = {
            path.stem
            for path in scene.descriptions.iterdir()
            if seen.end[path.stem] != canonical(path.read_text("utf-8"))
        }
        if seen.status or wrong or (seen.puts and not writes):
            yield f"seed {seed} does not converge: exit {seen.status}, {wrong}, {len(seen.puts)} writes, {seen.err}"
        yield from (f"seed {seed}, in fair weather: {said}" for said in contradictions(seen))


def test_a_report_of_a_run_with_small_faults_is_what_the_server_saw(tmp_path: Path) -> None:
    assert list(told_wrong(tmp_path / "work", "mild", 1)) == []


@pytest.mark.deep
@pytest.mark.parametrize("chunk", range(3))
@pytest.mark.parametrize("kind", KINDS)
def test_no_report_contradicts_the_servers_log(tmp_path: Path, kind: str, chunk: int) -> None:
    wrong = [
        said
        for seed in range(chunk * SEEDS, (chunk + 1) * SEEDS)
        for said in told_wrong(tmp_path / str(seed), kind, 1000 * list(KINDS).index(kind) + seed)
    ]
    assert wrong == []


# The checker itself: what it would say of reports that lie.

AFTER = sha256("new")
ITEM: dict[str, Any] = {
    "model_id": "one", "action": "update", "status": "applied", "after_sha256": AFTER, "problems": [], "error": None,
}  # fmt: skip
INTENT = {"record": "intent", "model_id": "one", "path": "p", "before": "old", "after_sha256": AFTER}
RESULT = {"record": "result", "model_id": "one", "status": "applied", "stored_sha256": AFTER, "error": None}


def told(item: Mapping[str, Any] = ITEM, *, status: int = 0, puts: int = 1) -> dict[str, Any]:
    counts = dict.fromkeys(("applied", "failed", "refused", "not_attempted"), 0)
    counts |= {item["status"]: 1} if item["status"] in counts else {}
    return {"run": "r", "exit_code": status, "summary": counts, "requests": {"put": puts}, "items": [dict(item)]}


TRUE = Seen(
    0, "Applied 1, 0 failed, 0 refused.\n", "", told(), [INTENT, RESULT], [Put("one", "new", "none", "old")],
    {"one": "new"},
)  # fmt: skip
MISSED = {"puts": [Put("one", "new", "busy")], "end": {"one": "old"}}
FAILED = {**ITEM, "status": "failed", "error": {"code": "unavailable", "message": "HTTP 503"}}
DOUBTED = {**FAILED, "problems": [{"code": "write-uncertain", "message": "x", "severity": "error"}]}


def test_a_true_report_is_not_contradicted() -> None:
    assert contradictions(TRUE) == []
    doubted = replace(TRUE, status=1, out="", report=told(DOUBTED, status=1), records=[INTENT])
    assert contradictions(doubted) == []
    assert contradictions(replace(doubted, puts=[Put("one", "new", "busy")], end={"one": "old"})) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (MISSED, "applied, and nothing landed"),
        ({"end": {"one": "other"}}, "applied, and Scenario holds another text"),
        ({"status": 1, "report": told(FAILED, status=1)}, "failed without a word of doubt, and it landed"),
        ({"report": told({**ITEM, "status": "unchanged"})}, "unchanged, and it was written"),
        ({"report": told({**ITEM, "action": "unchanged", "status": "unchanged"}, puts=0), "puts": [], "end": {"one": "x"}},
         "unchanged, and Scenario holds another text"),
        ({"status": 2, "report": told(status=2)}, "exit 2, and 1 writes were sent"),
        ({"status": 1}, "exit 1, and the report says 0"),
        ({"report": told(DOUBTED)}, "exit 0, and one ended otherwise"),
        ({"status": 1, "report": None}, "writes were sent, and there is no report"),
        ({"report": told() | {"summary": {"applied": 0, "failed": 0, "refused": 0, "not_attempted": 0}}}, "0 applied, the items 1"),
        ({"report": told(puts=2)}, "the report counts 2 PUTs, the server 1"),
        ({"out": "Nothing was written: 1 failed, 0 refused.\n"}, "nothing was written, it says, and one landed"),
        ({"out": "Applied 2, 0 failed, 0 refused.\n"}, "Applied 2, it says, and 1 landed"),
        ({"records": []}, "a text was sent that no intent tells of"),
        ({"records": [{**INTENT, "before": None}]}, "overwritten, and no intent's `before`"),
        ({"puts": [Put("one", "new", "none", "")]}, "the journal says it replaced ['old'], and it was ''"),
        ({"records": [INTENT, {**RESULT, "status": "failed", "effect": "none"}]}, "without effect by the journal, and it landed"),
        ({**MISSED, "records": [INTENT, {**RESULT, "effect": "written"}]}, "written by the journal, and nothing landed"),
    ],
)  # fmt: skip
def test_a_report_that_lies_is_found_out(change: dict[str, Any], said: str) -> None:
    assert any(said in found for found in contradictions(replace(TRUE, **change)))
