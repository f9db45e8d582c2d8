"""Laws of git, Scenario and the run between them, whatever people do to either in whatever order."""

import json
import unicodedata
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from hashlib import sha1
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from syncjob.commands import acknowledge as use_case
from syncjob.commands import run
from syncjob.commands.pull import job as pulling
from syncjob.commands.sync import job
from syncjob.config.config import Config
from syncjob.config.schema import Safety
from syncjob.credentials import basic
from syncjob.errors import UsageError
from syncjob.git.git import Git
from syncjob.git.history.texts import Texts
from syncjob.git.history.texts import texts as texts_of_git
from syncjob.local import acknowledged
from syncjob.local.acknowledged_lines import FOLDER
from syncjob.plan import saved_plan
from syncjob.report.build import to_save
from syncjob.report.model import Report
from tests.behaviour.test_laws import config
from tests.support.machines import FOUND, SHRUNK, InRepository, laws_hold
from tests.support.oracle import (
    BLOCKED,
    MISSING,
    NEAR_MISS,
    WRITES,
    Asked,
    Expected,
    Files,
    PlanItem,
    Scope,
    World,
    canonical,
    digest,
    expected_of_plan,
    key,
)
from tests.support.workspace import AGREEING, untracked

MODELS = ("one", "two.1", "three-x", "_4", "5")
UNKNOWN = "unknown"  # to Scenario
MAX_DELETES = 1

# A body is long enough that git knows it again after an edit, and no body is like another.
BODIES = [
    "\n".join(f"{word} {number}: a líne of a description that goes on for quite a while" for number in range(10))
    for word in ("alpha", "beta")
]
FORMS: list[Callable[[str], str]] = [
    lambda text: text + "\n",
    lambda text: text.replace("\n", "\r\n"),
    lambda text: f"\ufeff{text}\n\n \n",
    lambda text: unicodedata.normalize("NFD", text) + "\n",
]
BAD = (NEAR_MISS.encode(), b"\xff\xfe", b" \n\n", MISSING.encode())

ids = st.sampled_from(MODELS)
forms = st.sampled_from(FORMS)
texts = st.builds(
    lambda body, edition, line, form: form(f"{BODIES[body]}\nedition {edition}{line}"),
    st.integers(0, 1),
    st.integers(0, 5),
    st.sampled_from(["", "", "\nwith {asset:asset_a} and {model:one}"]),
    forms,
)
# A file that somebody spoils while a run is under way, and mends after it.
spoils = st.one_of(*[st.none()] * 6, st.tuples(st.sampled_from((*MODELS, UNKNOWN)), st.sampled_from((*BAD, b"fine"))))
revisions = st.sampled_from([None, None, "side", "side", "HEAD", "HEAD~1", "HEAD~2", "synced", "0" * 40, "nowhere"])
selects = st.one_of(st.just(()), st.just(()), st.lists(ids, min_size=1, max_size=2, unique=True).map(tuple))
GIT = ("write", "write and commit", "write and commit", "take away", "take many away", "take into git and commit")
SCENARIO = ("a held text", "a held text", "an edit", "nothing", "another form")
changes = st.lists(st.tuples(st.sampled_from((*GIT, *GIT, *SCENARIO)), ids, texts, st.integers(0, 11)), max_size=3)
edits = st.lists(st.tuples(st.sampled_from(SCENARIO), ids, texts, st.integers(0, 11)), min_size=1, max_size=3)
both_sides = st.lists(
    st.tuples(
        st.sampled_from(("an edit", "an edit", "write and commit", "a held text")), ids, texts, st.integers(0, 11)
    ),
    min_size=1,
    max_size=4,
)
moves = st.tuples(st.integers(0, 4), st.integers(0, 4), st.booleans())
merges = st.sampled_from(["as git does", "ours", "theirs", "evil", "evil", "squash"])
changed_files = st.tuples(ids, texts)
wishes = st.builds(
    lambda since, select, prune, keep_going, overwrite, force: run.Options(
        since=since,
        patterns=select,
        prune=prune,
        keep_going=keep_going,
        overwrite_remote_edits=overwrite,
        force=force,
    ),
    revisions,
    selects,
    st.booleans(),
    st.booleans(),
    st.sampled_from([False, False, False, True]),
    st.booleans(),
)


# Whether both sides are merged, from the last sync if the journals are not to tell, and whether a pull may go back.
pulls = st.sampled_from(
    [
        run.Options(),
        run.Options(back=True),
        run.Options(merge=True),
        run.Options(merge=True, since="synced"),
    ]
)


Changes = list[tuple[str, str, str, int]]  # what, model id, text, which
Move = tuple[int, int, bool]  # which file, which free name, with an edit


@dataclass(frozen=True)
class Ran:
    """What a run did: its report, None if it could not start, and what Scenario was asked."""

    report: Report | None
    gets: Counter[str]
    puts: dict[str, str | None]
    asked: int
    world: World

    @property
    def actions(self) -> dict[str, str]:
        assert self.report
        return {item.model_id: item.action for item in self.report.items}


class GitAndScenario(InRepository):
    """A repository, Scenario, and runs between them; tests/support/oracle.py says what each run must do."""

    models = MODELS

    def __init__(self) -> None:
        super().__init__()
        self.config = self._config()
        self.branch = "main"
        self.head = self.side = ""
        self.synced = ""
        self.plan: dict[str, PlanItem] | None = None
        self.edits = 0
        self.commands = 0

    def _config(self) -> Config:
        return msgspec.structs.replace(
            config(self.repository, self.served.url),
            safety=Safety(max_deletes=MAX_DELETES),
            credentials=basic("key-of-the-tests", "secret-of-the-tests"),
        )

    # git

    @initialize(held=st.dictionaries(ids, texts, min_size=3, max_size=3))
    def begin(self, held: dict[str, str]) -> None:
        self.repository.mkdir()
        self.git("init", "--quiet", "--initial-branch=main", "--template=")
        for model_id, text in held.items():
            self.write(model_id, text.encode())
        self.commit_all()
        self.synced = self.head
        self.served.add(*MODELS, texts=held)
        self.served.add_assets("asset_a")

    def git(self, *arguments: str, may_fail: bool = False) -> str:
        """git's output; dates are no help to it, as on machines whose clocks differ."""
        self.commands += 1
        done = self.run_git(1_700_000_000 + self.commands * 61_803 % 100_003, *arguments)
        assert may_fail or done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip() if done.returncode == 0 else "failed"

    def teardown(self) -> None:
        """The commits are what the laws take them for: git may miss that a file has changed, and then no law holds."""
        held = [(commit, *file) for commit, of in self.history.commits.items() for file in sorted(of.files.items())]
        blobs = self.git("rev-parse", *(f"{commit}:descriptions/{model_id}.md" for commit, model_id, _ in held))
        assert blobs.split() == [_blob(data) for *_, data in held]
        super().teardown()

    @property
    def files(self) -> dict[str, bytes]:
        found = sorted(self.descriptions.glob("*.md")) if self.descriptions.is_dir() else []
        return {path.name.removesuffix(".md"): path.read_bytes() for path in found}

    @property
    def lines(self) -> dict[str, frozenset[str]]:
        """The digests that the working tree acknowledges for the profile of the runs."""
        return {name: frozenset(line for line in lines if " " not in line) for name, lines in self.all_lines.items()}

    @property
    def all_lines(self) -> dict[str, frozenset[str]]:
        """Those digests, and the whole lines of other profiles."""
        folder = self.descriptions / FOLDER
        found = {path.name: path.read_text().splitlines() for path in folder.iterdir()} if folder.is_dir() else {}
        own = f"{self.config.profile} "
        return {name: frozenset(line.removeprefix(own) for line in lines) for name, lines in found.items()}

    def write(self, model_id: str, data: bytes | None) -> None:
        """Writes a file; None takes it away."""
        self.descriptions.mkdir(exist_ok=True)
        if data is None:
            self.path(model_id).unlink(missing_ok=True)
        else:
            self.path(model_id).write_bytes(data)

    def write_all(self, files: Files) -> None:
        for model_id in MODELS:
            self.write(model_id, files.get(model_id))

    def note_head(self, *parents: str) -> None:
        """Takes the commit that the branch now names, of a clean working tree, into the model's own history."""
        self.head = (self.repository / ".git" / "refs" / "heads" / self.branch).read_text().strip()
        self.history.add(self.head, parents, self.files, self.all_lines)

    def commit_all(self, *merged: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", "a commit")
        self.note_head(*filter(None, [self.head]), *merged)

    @property
    def is_clean(self) -> bool:
        commit = self.history.commits[self.head]
        return self.files == commit.files and self.all_lines == commit.lines

    def commit_if_dirty(self) -> None:
        if not self.is_clean:
            self.commit_all()

    @rule(moves=st.lists(moves, min_size=1, max_size=2))
    def rename(self, moves: list[Move]) -> None:
        self.commit_if_dirty()
        for move in moves:
            self.move(*move)
        self.check_memory()

    def move(self, which: int, where: int, is_edited: bool) -> None:
        """Renames a file in a commit of its own."""
        if self.rename_file(which, where, is_edited):
            self.commit_all()

    def rename_file(self, which: int, where: int, is_edited: bool) -> bool:
        files = self.files
        free = sorted(set(MODELS) - files.keys())
        if not (files and free):
            return False
        old, new = sorted(files)[which % len(files)], free[where % len(free)]
        self.git("mv", f"descriptions/{old}.md", f"descriptions/{new}.md")
        if is_edited:
            self.write(new, files[old] + b"\nedited while it was renamed")
        return True

    @rule(model_id=ids, text=texts, move=st.none() | moves)
    def leave_a_branch(self, model_id: str, text: str, move: Move | None) -> None:
        """Commits on another branch, to be merged or not."""
        self.commit_if_dirty()
        main = self.head
        self.branch = "side"
        self.git("switch", "--quiet", "-C", "side")
        if move:
            self.move(*move)
        self.write(model_id, text.encode())
        self.commit_all()
        self.side = self.head
        self.git("switch", "--quiet", "main")
        self.branch, self.head = "main", main
        self.check_memory()

    @precondition(lambda self: self.side and self.side not in self.history.reachable(self.head))
    @rule(how=merges, model_id=ids, text=texts, move=st.none() | moves)
    def merge(self, how: str, model_id: str, text: str, move: Move | None) -> None:
        self.commit_if_dirty()
        if how == "as git does":
            if self.git("merge", "--quiet", "--no-ff", "-m", "a merge", "side", may_fail=True) != "failed":
                self.note_head(self.head, self.side)
                self.check_memory()
                return
            self.git("merge", "--abort")
        if how == "squash" and self.git("merge", "--quiet", "--squash", "side", may_fail=True) != "failed":
            self.commit_all()
            self.check_memory()
            return
        self.git("reset", "--quiet", "--hard", "HEAD")
        self.git("merge", "--quiet", "--no-ff", "--no-commit", "--strategy=ours", "side")
        if how == "theirs":
            self.write_all(self.history.commits[self.side].files)
        if how == "evil":  # the merge itself brings a text, and may rename
            if move:
                self.rename_file(*move)
            self.write(model_id, text.encode())
        self.commit_all(self.side)
        self.check_memory()

    @rule(aside=changed_files, here=changed_files, how=merges, move=st.none() | moves)
    def branch_and_merge(self, aside: tuple[str, str], here: tuple[str, str], how: str, move: Move | None) -> None:
        self.leave_a_branch(*aside, move)
        self.write(here[0], here[1].encode())
        self.commit_if_dirty()
        self.merge(how, *here, move)

    @precondition(lambda self: self.history.commits[self.head].parents)
    @rule(model_id=ids, text=texts)
    def replace_the_last_commit(self, model_id: str, text: str) -> None:
        self.commit_if_dirty()
        self.git("reset", "--quiet", "--hard", "HEAD~1")
        self.head = self.history.commits[self.head].parents[0]
        self.write(model_id, text.encode())
        self.commit_all()
        self.check_memory()

    def check_memory(self) -> None:
        """That git's own texts are found, and nobody else's."""
        with texts_of_git(self.descriptions, Git()) as held:
            ever = {(model_id, key(text)) for model_id in MODELS for text in self.history.texts_ever(model_id)}
            at_hand = {(model_id, text) for model_id, text in sorted(ever) if self._is_found(held, model_id, text)}
            for model_id in MODELS:
                found = {key(version.text) for version in held.of(f"{model_id}.md")}
                assert self.history.surely_held(model_id, self.head) <= found
                assert found <= self.history.possibly_held(model_id, self.head)
                assert {text for of, text in at_hand if of == model_id} == {
                    text for of, text in ever if of == model_id and text in found
                }
            assert not any(held.gap(f"{model_id}.md") for model_id in MODELS)

    def _is_found(self, held: Texts, model_id: str, text: str) -> bool:
        return any(key(version.text) == text for version in held.of(f"{model_id}.md", text))

    # Scenario

    def change_all(self, changes: Changes) -> None:
        for change in changes:
            self.change(*change)

    def change(self, what: str, model_id: str, text: str, which: int) -> None:
        """What people do between two runs."""
        if what in SCENARIO:
            self.served.sandbox.put(model_id, self.changed_text(what, model_id, which))
            return
        if what.startswith("take") and what.endswith("away"):
            for gone in (model_id, *MODELS[: which % 7 if "many" in what else 0]):
                self.write(gone, None)
        elif not what.startswith("take into git"):
            self.write(model_id, text.encode())
        elif key(self.remote[model_id]):
            self.write(model_id, self.remote[model_id].encode())
        if what.endswith("commit"):
            self.commit_if_dirty()

    def changed_text(self, what: str, model_id: str, which: int) -> str:
        held = self.remote[model_id]
        if what == "an edit":  # a text that git never held
            self.edits += 1
            return f"{held if which % 2 else ''}\nedit {self.edits} on Scenario"
        if what == "a held text":  # by git, once, for this model or another one
            ever = self.history.texts_ever(model_id if which % 3 else MODELS[which % len(MODELS)])
            return ever[which % len(ever)] if ever else held
        if what == "another form":
            return FORMS[which % len(FORMS)](canonical(held))
        return ("", " \n")[which % 2]

    @rule(changes=changes, model_id=ids, commits=st.booleans(), profile=st.sampled_from(["own", "own", "another"]))
    def acknowledge(self, changes: Changes, model_id: str, commits: bool, profile: str) -> None:
        """What Scenario holds is seen by somebody, for a profile, and most likely committed."""
        self.change_all(changes)
        text, is_held = (
            self.remote[model_id],
            key(self.remote[model_id]) in self.history.surely_held(model_id, self.head),
        )
        before = self.lines.get(model_id, frozenset())
        if profile == "another":
            acknowledged.update(self.descriptions, model_id, "another", digest(text), is_seen=True)
        else:
            options = run.Options(patterns=(model_id,))
            with suppress(UsageError), run.begin(run.new_id(), "acknowledge", self.config, options, untracked) as begun:
                report = use_case.acknowledge(begun, lambda seen: True).report
                after = self.lines.get(model_id, frozenset())
                assert after <= {digest(text)} if report.exit_code == 0 else after == before
                assert report.exit_code or (report.summary.applied == len(after - before))
                assert not is_held or after <= before
        if commits:
            self.commit_if_dirty()

    @rule(dirty=changes, changes=both_sides, select=selects, how=pulls, commits=st.booleans())
    def pull(self, dirty: Changes, changes: Changes, select: tuple[str, ...], how: run.Options, commits: bool) -> None:
        """Somebody adopts what was edited on Scenario, and may commit it; markers that nobody settles are undone."""
        self.commit_if_dirty()
        self.change_all([*changes, *(dirty if len(dirty) > 2 else ())])
        files, lines, world = self.files, self.lines, World(self.files, self.history, self.head, self.remote)
        options = replace(how, patterns=select, since=self.synced if how.since else None)
        report: Report | None = None
        with suppress(UsageError), run.begin(run.new_id(), "pull", self.config, options, untracked) as begun:
            report = pulling.pull(begun, takes_all=False, dry_run=False).report
        assert self.remote == world.remote
        applied = {item.model_id: item for item in report.items if item.status == "applied"} if report else {}
        for name in MODELS:
            if name not in applied:
                assert files.get(name) == self.files.get(name)
                assert self.lines.get(name, frozenset()) <= lines.get(name, frozenset()) | {digest(world.remote[name])}
                continue
            self._check_adopted(world, name, options)
            if applied[name].action == "conflict":
                self.write(name, files.get(name))
                acknowledged.write(self.descriptions, name, ())
        if commits:
            self.commit_if_dirty()

    def _check_adopted(self, world: World, name: str, options: run.Options) -> None:
        """That an edit was adopted, and nothing lost that git does not have."""
        edit, now = canonical(world.remote[name]), self.files[name].decode()
        is_held = key(edit) in self.history.surely_held(name, self.head)
        assert options.back or name not in world.files or not is_held, f"{name} went back"
        assert options.back or not world.is_acknowledged(name)
        assert world.files.get(name) in (None, self.history.commits[self.head].files.get(name)), f"{name} is lost"
        seen = self.lines.get(name, frozenset())  # a file that is new is its own record
        assert seen == {digest(edit)} or (name not in world.files and not seen)
        if not options.merge:
            assert now == f"{edit}\n"
        ever = {line for text in self.history.texts_ever(name) for line in canonical(text).split("\n")}
        assert set(edit.split("\n")) - ever <= set(now.split("\n"))

    # Runs

    @rule(changes=changes, wish=wishes, spoil=spoils)
    def sync(self, changes: Changes, wish: run.Options, spoil: tuple[str, bytes] | None) -> None:
        self.change_all(changes)
        options = self._options(wish)
        with ExitStack() as mending:
            self._spoil(spoil, mending)
            self._check_files(self._run("sync", options), options, wish.since)

    @rule(changes=changes, overwrite=st.booleans())
    def sync_everything(self, changes: Changes, overwrite: bool) -> None:
        self.change_all(changes)
        options = run.Options(prune=True, force=True, overwrite_remote_edits=overwrite)
        ran = self._run("sync", options)
        self._check_files(ran, options, None)
        if ran.report is None or ran.report.exit_code:
            return
        # Scenario holds what the working tree holds, and nothing is left to do.
        assert {id_: key(text) for id_, text in self.remote.items() if key(text)} == {
            id_: key(data.decode()) for id_, data in self.files.items()
        }
        again = self._run("sync", options)
        assert again.report is not None
        assert (again.report.exit_code, again.puts) == (0, {})
        self.synced = self.head

    @rule(changes=changes, wish=wishes, spoil=spoils)
    def make_a_plan(self, changes: Changes, wish: run.Options, spoil: tuple[str, bytes] | None) -> None:
        self.change_all(changes)
        options = replace(self._options(wish), keep_going=False)
        with ExitStack() as mending:
            self._spoil(spoil, mending)
            ran = self._run("diff", options)
        self._check_files(ran, options, wish.since)
        if ran.report is None:
            return
        self.plan = {
            item["model_id"]: PlanItem(
                item["action"], item["before_sha256"], item["after_sha256"], item["overwrites_remote_edit"]
            )
            for item in json.loads(self.plan_file.read_text())["items"]
        }
        assert {name: item.action for name, item in self.plan.items()} == {
            name: action for name, action in ran.actions.items() if action != "unchanged"
        }
        for name, item in self.plan.items():
            if item.action in WRITES:
                assert (item.before, item.after) == self._digests(ran.world, name)

    @precondition(lambda self: self.plan)
    @rule(keep_going=st.booleans(), force=st.booleans(), changes=changes)
    def apply_the_plan(self, changes: Changes, keep_going: bool, force: bool) -> None:
        self.change_all(changes)
        assert self.plan is not None
        options = run.Options(plan=self.plan_file, keep_going=keep_going, force=force)
        ran = self._run("sync", options)
        self._check(ran, expected_of_plan(self.plan, ran.world, keep_going=keep_going), options)
        for name in ran.puts:
            assert (self.plan[name].before, self.plan[name].after) == self._digests(ran.world, name)

    @rule(changes=changes, select=selects, between=st.one_of(st.just([]), changes, edits), keep_going=st.booleans())
    def plan_and_apply(self, changes: Changes, select: tuple[str, ...], between: Changes, keep_going: bool) -> None:
        """As a review and a merge do."""
        self.make_a_plan(changes, run.Options(patterns=select, prune=True), None)
        if self.plan:
            self.apply_the_plan(between, keep_going=keep_going, force=True)

    @precondition(lambda self: self.plan)
    @rule(
        member=st.sampled_from(["action", "before_sha256", "after_sha256", "model_id", "none"]), which=st.integers(0, 5)
    )
    def apply_a_plan_that_was_edited(self, member: str, which: int) -> None:
        whole = self.plan_file.read_text()
        edited: dict[str, Any] = json.loads(whole)
        items = edited["items"]
        if not items:
            return
        values = {
            "action": "create" if items[which % len(items)]["action"] != "create" else "delete",
            "before_sha256": digest(f"other {which}"),
            "after_sha256": digest(f"other {which}"),
            "model_id": "another",
        }
        if member == "none":
            del items[which % len(items)]
        else:
            items[which % len(items)][member] = values[member]
        self.plan_file.write_text(json.dumps(edited))
        ran = self._run("sync", run.Options(plan=self.plan_file, keep_going=True, force=True))
        self.plan_file.write_text(whole)
        assert ran.report is None
        assert ran.asked == 0

    @property
    def plan_file(self) -> Path:
        return self.folder / "plan.json"

    def _options(self, wish: run.Options) -> run.Options:
        return replace(wish, since=self.synced if wish.since == "synced" else wish.since)

    def _spoil(self, spoil: tuple[str, bytes] | None, mending: ExitStack) -> None:
        if spoil:
            model_id, data = spoil
            mending.callback(self.write, model_id, self.files.get(model_id))
            self.write(model_id, data)

    def _run(self, command: run.Command, options: run.Options) -> Ran:
        world = World(self.files, self.history, self.head, self.remote)
        self.served.asked.clear()
        report: Report | None = None
        try:
            reach: run.Reach = "write" if command == "sync" else "read"
            with run.begin(run.new_id(), command, self.config, options, untracked, reach) as begun:
                if command == "sync":
                    report = job.sync(begun, AGREEING).report
                else:
                    report = job.diff(begun).report
                    self.plan_file.write_text(saved_plan.save(to_save(report.items), self.config))
        except UsageError:
            pass
        asked = self.served.asked
        gets = Counter(_model_of(target) for method, target, _ in asked if _is_description("GET", method, target))
        puts = {_model_of(target): json.loads(body)["description"] for method, target, body in asked if method == "PUT"}
        assert len(puts) == self.served.counts["PUT"]  # one for each
        return Ran(report, gets, puts, len(asked), world)

    def _check_files(self, ran: Ran, options: run.Options, revision: str | None) -> None:
        base = self._base(options.since)
        is_astray = options.since is not None and base is None
        asked = Asked(
            base=base,
            is_old=base == self.head != self._resolved(options.since or ""),
            is_astray=is_astray,
            is_slip=is_astray and options.since != "0" * 40,
            select=options.patterns,
            prune=options.prune,
            keep_going=options.keep_going,
            overwrite=options.overwrite_remote_edits,
            will_write=ran.report is not None and ran.report.command == "sync",
        )
        scope = Scope(ran.world, asked)
        assert (ran.report is None) == scope.is_usage_error
        if ran.report is None:
            assert not ran.puts
            return
        self._check(ran, scope.expected(), options)
        for name in ran.puts:
            assert options.overwrite_remote_edits or self.may_go(ran.world, name), f"an edit of {name} is lost"
        if base and not asked.will_write:
            self._check_review(ran, options)
        assert ("since-unknown" in {problem.code for problem in ran.report.problems}) == asked.is_astray

    def may_go(self, world: World, name: str) -> bool:
        """Whether git held Scenario's text, or HEAD acknowledges it."""
        existing = key(world.remote[name])
        held = self.history.possibly_held(name, self.head)
        return not existing or existing in held or world.is_acknowledged(name)

    def _check_review(self, ran: Ran, options: run.Options) -> None:
        """That a squash of what is reviewed forgets no text without a word."""
        assert ran.report is not None
        tip = self._resolved(options.since or "") or ""
        for item in ran.report.items:
            name, existing = item.model_id, key(ran.world.remote.get(item.model_id, ""))
            # Under any name: a rename in the commits that are reviewed, which a squash keeps, may lead to it.
            is_known = any(existing in self.history.possibly_held(other, tip) for other in MODELS)
            is_known = is_known or ran.world.is_acknowledged(name)
            if item.action in ("update", "delete") and not (is_known or options.overwrite_remote_edits):
                assert "unacknowledged" in {problem.code for problem in item.problems}

    def _base(self, revision: str | None) -> str | None:
        """The commit that --since comes to."""
        tip = self._resolved(revision or "")
        if tip is None:
            return None
        bases = self.history.merge_bases(tip, self.head)
        return self.git("merge-base", tip, "HEAD") if len(bases) > 1 else next(iter(bases))

    def _resolved(self, revision: str) -> str | None:
        if revision == "side":
            return self.side or None
        if not revision.startswith("HEAD"):
            return revision if revision in self.history.commits else None
        commit: str | None = self.head
        for _ in range(int(revision[5:] or 0)):
            commit = next(iter(self.history.commits[commit].parents), None) if commit else None
        return commit

    def _check(self, ran: Ran, expected: Expected, options: run.Options) -> None:
        """That a run did what it had to, and said so."""
        report = ran.report
        assert report is not None
        assert ran.actions.keys() == expected.actions.keys()
        for name, action in ran.actions.items():
            assert action in expected.actions[name], (name, action, expected.actions[name])
        # Each description that the run is about is read once, and no other.
        assert ran.gets == Counter(expected.reads)
        assert expected.sends or ran.asked == 0
        # Nothing by halves.
        deletes = sum(action == "delete" for action in ran.actions.values())
        is_stopped = deletes > (MAX_DELETES if ran.world.files else 0) and not options.force
        is_stopped = is_stopped or expected.is_stopped
        is_blocked = any(action in BLOCKED for action in ran.actions.values())
        may_write = report.command == "sync" and not is_stopped and (options.keep_going or not is_blocked)
        writes = {name for name, action in ran.actions.items() if action in WRITES}
        assert ran.puts == {name: ran.world.text(name) or None for name in writes if may_write}
        assert report.exit_code == (1 if is_stopped or is_blocked else 0)
        # What was written is there, the rest is what it was, and the report says so.
        assert self.remote == {**ran.world.remote, **{name: text or "" for name, text in ran.puts.items()}}
        assert {item.model_id for item in report.items if item.status == "applied"} == ran.puts.keys()
        assert (report.summary.applied, report.requests.put) == (len(ran.puts), len(ran.puts))
        assert report.requests.total == ran.asked
        for item in report.items:
            if item.action in WRITES:
                assert (item.before_sha256, item.after_sha256) == self._digests(ran.world, item.model_id)
            if item.action == "conflict":
                assert item.status == "refused"
                assert {"remote-edited", "behind", "renamed", "stale-plan"} & {
                    problem.code for problem in item.problems
                }

    def _digests(self, world: World, name: str) -> tuple[str | None, str | None]:
        return digest(world.remote[name]), digest(world.text(name))


def _blob(data: bytes) -> str:
    return sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _is_description(wanted: str, method: str, target: str) -> bool:
    return method == wanted and target.endswith("/description")


def _model_of(target: str) -> str:
    return target.split("/")[-2]


def test_no_edit_is_lost_and_nothing_is_done_by_halves(tmp_path: Path) -> None:
    laws_hold(GitAndScenario, tmp_path, FOUND, examples=4, steps=12)


@pytest.mark.deep
@pytest.mark.parametrize("part", range(4))
def test_no_edit_is_lost_however_long_it_goes_on(tmp_path: Path, part: int) -> None:
    laws_hold(GitAndScenario, tmp_path, SHRUNK, examples=25, steps=30, part=part)
