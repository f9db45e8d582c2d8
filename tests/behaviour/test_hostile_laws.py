"""The laws of git and Scenario hold in a hostile repository, and behind a gateway that is not one."""

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from syncjob import log
from syncjob.commands import run
from syncjob.scenario.answers import Answer
from tests.behaviour.test_git_laws import BODIES, Changes, GitAndScenario, Ran, changes, ids, texts
from tests.support import hostile_repository
from tests.support.loopback import json_answer, loopback
from tests.support.machines import FOUND, SHRUNK, laws_hold
from tests.support.oracle import Asked, Expected, Scope, key
from tests.support.workspace import Workspace

STRAY = st.sampled_from([b"404 page not found", b'{"message":"Not Found"}', b"", b"{}", b"<html>404</html>"])
# The tests' own git runs nothing of what is planted.
_DEAF = (
    "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "diff.external=", "-c", "core.attributesFile=/dev/null",
    "-c", "filter.planted.clean=", "-c", "filter.planted.smudge=", "-c", "filter.planted.process=",
)  # fmt: skip
_BAD = b"\xff"  # what the model has for a file that is refused


class _Deaf(Workspace):
    def git(self, *arguments: str) -> str:
        return super().git(*_DEAF, *arguments)


class Hostile(GitAndScenario):
    """The same, with a trap behind every program that a repository may name; none ever goes off."""

    @initialize(held=st.dictionaries(ids, texts, min_size=3, max_size=3))
    def begin(self, held: dict[str, str]) -> None:
        super().begin(held)
        self.trap = hostile_repository.trap(self.folder / "traps")
        hostile_repository.plant_programs(self.workspace, self.trap)
        self.planted = self.touched = 0

    def git(self, *arguments: str, may_fail: bool = False) -> str:
        return super().git(*_DEAF, *arguments, may_fail=may_fail)

    @property
    def workspace(self) -> Workspace:
        return _Deaf(self.repository)

    @property
    def committed(self) -> list[str]:
        """Models whose file HEAD has and the folder too."""
        return sorted(self.history.commits[self.head].files.keys() & self.files.keys())

    @invariant()
    def no_trap_has_gone_off(self) -> None:
        assert not hasattr(self, "trap") or hostile_repository.sprung(self.trap) == ""

    def _sync(self, *, prune: bool, bad: str = "", missing: str = "") -> Ran:
        """A sync that does what it had to; `bad` is a model whose file is refused, `missing` one that cannot be read."""
        options = run.Options(prune=prune, keep_going=True, force=True)
        ran = self._run("sync", options)
        files = {**ran.world.files, bad: _BAD} if bad in ran.world.files else ran.world.files
        scope = Scope(replace(ran.world, files=files), Asked(prune=prune, keep_going=True))
        assert (ran.report is None) == scope.is_usage_error
        if ran.report is not None:
            expected = scope.expected()
            if missing in expected.reads:
                actions = {**expected.actions, missing: frozenset({"invalid"})}
                expected = replace(expected, actions=actions)
            self._check(ran, self._may_stay(expected, ran, bad), options)
        self._lost_nothing(ran)
        return ran

    def _may_stay(self, expected: Expected, ran: Ran, bad: str) -> Expected:
        """With what has no file, and the text of the one that is refused: it may have been renamed to that."""
        text, remote = key(ran.world.text(bad)), ran.world.remote
        twins = {
            name for name in expected.actions.keys() - ran.world.files.keys() if text and key(remote[name]) == text
        }
        stays = {name: expected.actions[name] | {"conflict"} for name in twins}
        return replace(expected, actions={**expected.actions, **stays})

    def _lost_nothing(self, ran: Ran) -> None:
        for name in ran.puts:
            assert self.may_go(ran.world, name), f"an edit of {name} is lost"

    def _forge(self, model_id: str) -> str:
        """An edit on Scenario that somebody wants to pass off as git's own."""
        self.edits += 1
        text = f"edit {self.edits} on Scenario"
        self.served.sandbox.put(model_id, text)
        return text

    # What may be in a repository

    @precondition(lambda self: self.files)
    @rule(changes=changes, which=st.integers(0, 4), prune=st.booleans(), is_alone=st.booleans())
    def files_look_like_a_repository(self, changes: Changes, which: int, prune: bool, is_alone: bool) -> None:
        self.change_all(changes)
        if not self.files:
            return
        model_id = sorted(self.files)[which % len(self.files)]
        self.planted += 1
        forged = {model_id: self._forge(model_id)}
        hostile_repository.plant_lookalike(self.workspace, self.trap, forged, self.folder / f"scratch {self.planted}")
        try:
            for since in ("HEAD", None):
                self._touch()
                ran = self._run("sync", run.Options(since=since, keep_going=True, force=True))
                self._lost_nothing(ran)  # its attributes name a filter: the descriptions are refused
            (self.descriptions / ".gitattributes").unlink()
            if is_alone:
                with self._without_repository():
                    ran = self._run("sync", run.Options(keep_going=True, force=True))
                assert model_id not in ran.puts
            else:
                self._sync(prune=prune)
        finally:
            _take_away_lookalike(self.descriptions)

    def _touch(self) -> None:
        """Makes git look at the contents of the files again, by a second that none of them had before.

        git compares sizes and seconds: two texts of one size that are both of the second 1 are one file to it.
        """
        self.touched += 1
        for path in self.descriptions.glob("*.md"):
            os.utime(path, (self.touched, self.touched))

    @contextmanager
    def _without_repository(self) -> Iterator[None]:
        git, aside = self.repository / ".git", self.folder / "aside"
        git.rename(aside)
        try:
            yield
        finally:
            aside.rename(git)

    @precondition(lambda self: self.committed)
    @rule(changes=changes, which=st.integers(0, 4), how=st.sampled_from(["replacement", "graft"]))
    def history_is_forged(self, changes: Changes, which: int, how: str) -> None:
        self.change_all(changes)
        self.commit_if_dirty()
        if not self.committed:
            return
        model_id = self.committed[which % len(self.committed)]
        text = self._forge(model_id)
        is_graft = how == "graft" and bool(self.history.commits[self.head].parents)
        plant = hostile_repository.plant_parent_by_graft if is_graft else hostile_repository.plant_edit_by_replacement
        with self._undone():
            plant(self.workspace, f"descriptions/{model_id}.md", text)
            self._sync(prune=False)

    @contextmanager
    def _undone(self) -> Iterator[None]:
        try:
            yield
        finally:
            (self.repository / ".git" / "info" / "grafts").unlink(missing_ok=True)
            for name in self.git("replace", "--list").split():
                self.git("replace", "--delete", name)

    @precondition(lambda self: self.files)
    @rule(changes=changes, which=st.integers(0, 4), prune=st.booleans())
    def a_file_has_a_filter(self, changes: Changes, which: int, prune: bool) -> None:
        self.change_all(changes)
        if not self.files:
            return
        model_id = sorted(self.files)[which % len(self.files)]
        config = self.repository / ".git" / "config"
        before = config.read_bytes()
        hostile_repository.plant_filter(self.workspace, self.trap, names=f"{model_id}.md")
        self._touch()
        try:
            self._sync(prune=prune, bad=model_id)
        finally:
            (self.repository / ".gitattributes").unlink()
            config.write_bytes(before)

    @rule(changes=changes, garbage=st.sampled_from([b"", b"DIRC", b"garbage"]))
    def the_index_cannot_be_read(self, changes: Changes, garbage: bytes) -> None:
        """What git cannot tell is deleted nowhere."""
        self.change_all(changes)
        index = self.repository / ".git" / "index"
        # Aside, not written anew: files that are no older than the index are those whose contents git looks at.
        aside = index.rename(self.folder / "index")
        index.write_bytes(garbage)
        try:
            ran = self._run("sync", run.Options(prune=True, keep_going=True, force=True))
            assert None not in ran.puts.values()
            self._lost_nothing(ran)
        finally:
            aside.replace(index)

    # What may be in front of Scenario

    @rule(changes=changes, model_id=ids, body=STRAY, prune=st.booleans())
    def a_gateway_knows_no_such_page(self, changes: Changes, model_id: str, body: bytes, prune: bool) -> None:
        self.change_all(changes)
        with self._answered(model_id, json_answer(404, body)):
            self._sync(prune=prune, missing=model_id)

    @contextmanager
    def _answered(self, model_id: str, answer: Answer) -> Iterator[None]:
        """The model's description is always answered so."""
        whole = self.served.script

        def script(method: str, target: str) -> Answer | None:
            return answer if target.startswith(f"/v1/models/{model_id}/description") else whole(method, target)

        self.served.script = script
        try:
            yield
        finally:
            self.served.script = whole


def _take_away_lookalike(folder: Path) -> None:
    for part in ("HEAD", "index", "config", ".gitattributes"):
        (folder / part).unlink(missing_ok=True)
    for part in ("objects", "refs"):
        shutil.rmtree(folder / part)


@pytest.fixture(autouse=True)
def _silent() -> None:
    log.configure(io.StringIO(), "json", "error", "run", ())


def test_no_trap_goes_off_and_no_edit_passes_for_gits_own(tmp_path: Path) -> None:
    laws_hold(Hostile, tmp_path, FOUND, examples=5, steps=6)


@pytest.mark.deep
@pytest.mark.parametrize("part", range(4))
def test_the_laws_hold_whatever_a_repository_wants(tmp_path: Path, part: int) -> None:
    laws_hold(Hostile, tmp_path, SHRUNK, examples=250, steps=5, part=part)


@pytest.mark.deep
def test_git_sees_each_change_that_the_laws_make(tmp_path: Path) -> None:
    """Also one of the same second and size as the text before it, to a file that was touched or under a spoiled index."""
    with loopback(Path(":memory:")) as remote:
        machine = type("Machine", (Hostile,), {"served": remote, "root": tmp_path})()
        try:
            machine.begin(dict.fromkeys(("5", "one", "two.1"), f"{BODIES[0]}\nedition 0"))
            machine.git("config", "core.trustctime", "false")  # as on a machine that does all this within one second
            for number in range(1, 6):
                write = ("write", "one", f"{BODIES[0]}\nedition {number}", 0)
                if number < 4:
                    machine.a_file_has_a_filter([write], 0, prune=False)
                else:
                    index = machine.repository / ".git" / "index"
                    before = index.stat().st_mtime_ns
                    machine.the_index_cannot_be_read([write], b"")
                    assert index.stat().st_mtime_ns == before
                machine.commit_all()
                machine.check_memory()
        finally:
            machine.teardown()
