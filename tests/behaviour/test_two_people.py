"""Two people, one description: edits in git, edits on Scenario, and every way in which they meet. None is lost."""

import json
import shutil
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import msgspec
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from syncjob.commands import acknowledge as use_case
from syncjob.commands import run
from syncjob.commands.pull import job as pulling
from syncjob.commands.sync import job
from syncjob.config.config import Config
from syncjob.credentials import basic
from syncjob.errors import UsageError
from syncjob.local import acknowledged
from syncjob.report.model import Item, Report
from tests.behaviour.test_laws import config
from tests.support.machines import FOUND, SHRUNK, InRepository, laws_hold
from tests.support.oracle import BLOCKED, WRITES, Asked, Scope, World, canonical, digest, key
from tests.support.repository import Objects
from tests.support.sides import sides
from tests.support.workspace import AGREEING, untracked

MODELS = ("one", "two")
BRANCHES = ("main", "ada", "ben")
LINES = {
    name: [f"{name} {number}: a line of a description that is unlike any other" for number in range(7)]
    for name in MODELS
}

ids = st.sampled_from(MODELS)
branches = st.sampled_from(BRANCHES)
# What becomes of a text: a line more, another one, one less, or all of an earlier text; the number says where, or which.
edits = st.tuples(
    ids, st.sampled_from(["add", "add", "change", "drop", "drop", "earlier", "clear"]), st.integers(0, 11)
)
file_edits = st.tuples(
    ids, st.sampled_from(["add", "add", "change", "drop", "earlier", "take away"]), st.integers(0, 11)
)
joins = st.sampled_from(["merge", "merge", "squash", "squash", "rebase", "cherry-pick"])
favours = st.sampled_from(["ours", "theirs"])
revisions = st.sampled_from([None, None, "synced", "synced", "main", "ada", "origin", "HEAD~1"])
selects = st.sampled_from([(), (), (), ("one",), ("two",)])
wishes = st.builds(
    lambda since, select, prune, keep_going, overwrite: run.Options(
        since=since, patterns=select, prune=prune, keep_going=keep_going, overwrite_remote_edits=overwrite, force=True
    ),
    revisions,
    selects,
    st.booleans(),
    st.booleans(),
    st.sampled_from([False] * 7 + [True]),
)
pulls = st.sampled_from(
    [
        run.Options(),
        run.Options(back=True),
        run.Options(merge=True),
        run.Options(merge=True),
        run.Options(merge=True, since="synced"),
        run.Options(merge=True, since="synced"),
    ]
)
Edit = tuple[str, str, int]


class TwoPeople(InRepository):
    """One works in git, one on Scenario; the models are the same, and every run is held to the law."""

    models = MODELS

    def __init__(self) -> None:
        super().__init__()
        self.config = self._config()
        self.branch: str | None = "main"
        self.numbered = 0
        self.commands = 0
        self.left: dict[str, str] = {}

    def teardown(self) -> None:
        if "objects" in self.__dict__:
            self.objects.close()
        super().teardown()

    def _config(self) -> Config:
        credentials = basic("key-of-the-tests", "secret-of-the-tests")
        return msgspec.structs.replace(config(self.repository, self.served.url), credentials=credentials)

    @cached_property
    def objects(self) -> Objects:
        return Objects(self.repository)

    @initialize(first=edits)
    def begin(self, first: Edit) -> None:
        """In step, with a commit before the last."""
        template = self.root / "template"
        if not template.exists():
            self._make(template)
        shutil.copytree(template, self.repository)
        self.synced = self.head
        self.left = {name: canonical(data.decode()) for name, data in self.files.items()}
        self.served.add(*MODELS, texts=self.left)
        self.edit_on_scenario(first)

    def _make(self, template: Path) -> None:
        self.repository.mkdir()
        self.git("init", "--quiet", "--object-format=sha1", "--initial-branch=main", "--template=")
        for number in (6, 7):
            for name, lines in LINES.items():
                self.write(name, "\n".join(lines[:number]))
            self.commit()
        self.repository.rename(template)

    # git

    def git(self, *arguments: str) -> bool:
        """Whether git did it."""
        self.commands += 1
        done = self.run_git(1_700_000_000 + self.commands, *arguments)
        return done.returncode == 0

    def ref(self, name: str) -> str | None:
        path = self.repository / ".git" / "refs" / name
        return path.read_text().strip() if path.exists() else None

    @property
    def head(self) -> str:
        said = (self.repository / ".git" / "HEAD").read_text().strip()
        found = self.ref(said.removeprefix("ref: refs/")) if said.startswith("ref: ") else said
        assert found
        self._learn(found)
        return found

    def _learn(self, commit: str) -> None:
        """Takes a commit and its ancestors in."""
        if commit not in self.history.commits:
            parents, files, lines = self.objects.commit(commit, f"{self.config.profile} ")
            for parent in parents:
                self._learn(parent)
            self.history.add(commit, parents, files, lines)

    @property
    def files(self) -> dict[str, bytes]:
        found = {name: self.path(name) for name in MODELS}
        return {name: path.read_bytes() for name, path in found.items() if path.exists()}

    @property
    def lines(self) -> dict[str, frozenset[str]]:
        """The digests that the working tree acknowledges for the profile of the runs."""
        found = {name: acknowledged.path_of(self.descriptions, name) for name in MODELS}
        own = f"{self.config.profile} "
        return {
            name: frozenset(line.removeprefix(own) for line in path.read_text().splitlines() if line.startswith(own))
            for name, path in found.items()
            if path.exists()
        }

    @property
    def others(self) -> list[str]:
        """The lines of other profiles."""
        found = [acknowledged.path_of(self.descriptions, name) for name in MODELS]
        lines = [line for path in found if path.exists() for line in path.read_text().splitlines()]
        return [line for line in lines if not line.startswith(f"{self.config.profile} ")]

    def write(self, name: str, text: str | None) -> None:
        self.descriptions.mkdir(exist_ok=True)
        if text is None:
            self.path(name).unlink(missing_ok=True)
        else:
            self.path(name).write_text(f"{text}\n")

    def commit(self) -> None:
        assert self.git("add", "--all")
        assert self.git("commit", "--quiet", "--allow-empty", "-m", "a commit")

    def commit_if_dirty(self) -> None:
        commit = self.history.commits[self.head]
        own = {name: frozenset(line for line in lines if " " not in line) for name, lines in commit.lines.items()}
        if self.files != commit.files or self.lines != own:
            self.commit()

    def edited(self, text: str, edit: Edit) -> str:
        """A text after an edit, whose lines are nobody else's."""
        name, what, where = edit
        lines = text.split("\n") if text else []
        if what == "clear":
            return ""
        if what == "earlier":
            ever = self.history.texts_ever(name)
            return canonical(ever[where % len(ever)]) if ever else text
        place = where % (len(lines) or 1)
        self.numbered += 1
        new = f"{name} line {self.numbered}, {what}ed by somebody who has more to say"
        if what == "add" or len(lines) < 3:
            lines.insert(place, new)
        elif what == "change":
            lines[place] = new
        elif what == "drop":
            del lines[place]
        return "\n".join(lines)

    def edit_file(self, edit: Edit) -> None:
        name, what, _ = edit
        data = self.files.get(name)
        self.write(name, None if what == "take away" else self.edited(canonical((data or b"").decode()), edit))

    @rule(changes=st.lists(file_edits, min_size=1, max_size=2), commits=st.sampled_from([True, True, True, False]))
    def edit_in_git(self, changes: list[Edit], commits: bool) -> None:
        for change in changes:
            self.edit_file(change)
        if commits:
            self.commit_if_dirty()

    @rule(name=branches, is_new=st.booleans())
    def switch(self, name: str, is_new: bool) -> None:
        self.commit_if_dirty()
        is_there = self.ref(f"heads/{name}") is not None
        fresh = not is_there or (is_new and name != "main")
        assert self.git("switch", "--quiet", *(["-C"] if fresh else []), name)

    @rule(other=branches, how=joins, favour=favours)
    def join(self, other: str, how: str, favour: str) -> None:
        """Brings another branch's commits here, in one way or another; what git cannot do is left."""
        tip = self.ref(f"heads/{other}")
        self.commit_if_dirty()
        if tip is None or tip == self.head:
            return
        commands = {
            "merge": ("merge", "--quiet", "--no-ff", "--no-edit", "-X", favour, tip),
            "squash": ("merge", "--quiet", "--squash", "-X", favour, tip),
            "rebase": ("rebase", "--quiet", "-X", favour, tip),
            "cherry-pick": ("cherry-pick", "--allow-empty", "--keep-redundant-commits", "-X", favour, tip),
        }
        if not self.git(*commands[how]):
            self._undo("rebase" if how == "rebase" else None)
        elif how == "squash":
            self.commit()

    def _undo(self, what: str | None) -> None:
        if what:
            self.git(what, "--abort")
        self.git("reset", "--quiet", "--hard", "HEAD")
        for name in ("CHERRY_PICK_HEAD", "REVERT_HEAD", "MERGE_HEAD"):
            assert not (self.repository / ".git" / name).exists()

    @rule(how=st.sampled_from(["revert", "reset", "reset to the last sync"]))
    def go_back(self, how: str) -> None:
        self.commit_if_dirty()
        parents = self.history.commits[self.head].parents
        if how == "revert" and parents:
            main_line = ("-m", "1") if len(parents) > 1 else ()
            if not self.git("revert", "--no-edit", *main_line, "HEAD"):
                self._undo(None)
        elif how == "reset" and parents:
            assert self.git("reset", "--quiet", "--hard", "HEAD~1")
        elif how.startswith("reset "):
            assert self.git("reset", "--quiet", "--hard", self.synced)

    def fetch(self) -> None:
        """What a colleague pushed: `origin/main` is main as it is now."""
        remotes = self.repository / ".git" / "refs" / "remotes" / "origin"
        remotes.mkdir(parents=True, exist_ok=True)
        (remotes / "main").write_text(f"{self.ref('heads/main')}\n")
        (remotes / "HEAD").write_text("ref: refs/remotes/origin/main\n")

    # Scenario

    @rule(edit=edits)
    def edit_on_scenario(self, edit: Edit) -> None:
        self.served.sandbox.put(edit[0], self.edited(canonical(self.remote[edit[0]]), edit))

    # What brings both together

    @rule(
        theirs=edits,
        mine=st.none() | file_edits,
        how=st.sampled_from(["commit", "commit", "leave", "for another profile"]),
        since=revisions,
        more=st.none() | edits,
    )
    def discard(self, theirs: Edit, mine: Edit | None, how: str, since: str | None, more: Edit | None) -> None:
        """Somebody acknowledges an edit, and may commit that; a sync follows, perhaps after another edit."""
        name = theirs[0]
        self.edit_on_scenario(theirs)
        if mine:
            self.edit_in_git([(name, *mine[1:])], commits=True)
        if how == "for another profile":
            acknowledged.update(self.descriptions, name, "another", digest(self.remote[name]), is_seen=True)
            self.commit()
        else:
            self.acknowledge(name, how == "commit", since)
        if more:
            self.edit_on_scenario((name, *more[1:]))
        self._checked_run("sync", run.Options(keep_going=True, force=True))

    def acknowledge(self, name: str, commits: bool, since: str | None) -> None:
        text, before, world = self.remote[name], self.lines.get(name, frozenset()), self._world()
        others = self.others
        options = run.Options(patterns=(name,), since=self._named(since))
        with suppress(UsageError), run.begin(run.new_id(), "acknowledge", self.config, options, untracked) as begun:
            report = use_case.acknowledge(begun, lambda seen: True).report
            after = self.lines.get(name, frozenset())
            assert after <= {digest(text)} if report.exit_code == 0 else after == before
            if self._is_elsewhere(world, name, options.since) and not self._is_held(world, name):
                assert after <= before
        assert self.others == others
        if commits:
            self.commit_if_dirty()

    @rule(
        how=pulls,
        select=selects,
        force=st.sampled_from([False, False, True]),
        then=st.sampled_from(["commit", "commit", "leave", "undo"]),
    )
    def pull(self, how: run.Options, select: tuple[str, ...], force: bool, then: str) -> None:
        since = self.synced if how.since else None
        options = replace(how, patterns=select, since=since, force=force)
        world, lines, others = self._world(), self.lines, self.others
        report: Report | None = None
        with suppress(UsageError), run.begin(run.new_id(), "pull", self.config, options, untracked) as begun:
            report = pulling.pull(begun, takes_all=False, dry_run=False).report
        assert (self.remote, self.others) == (world.remote, others)
        items = {item.model_id: item for item in report.items} if report else {}
        for name in MODELS:
            self._check_pulled(world, name, items.get(name), options, lines.get(name, frozenset()))
        self._settle(world, items, then)

    def _settle(self, world: World, items: dict[str, Item], then: str) -> None:
        """What somebody does after a pull: settles what overlaps, commits, or drops all of it."""
        for name, item in items.items():
            if item.action == "conflict" and item.status == "applied":
                if then == "undo" or "merge-guess" in codes(item):  # a guess may lose something: that is what it says
                    self.write(name, canonical(world.files[name].decode()))
                    acknowledged.write(self.descriptions, name, ())
                else:
                    ours, theirs = sides(canonical(self.files[name].decode()))
                    self.write(name, "\n".join(dict.fromkeys([*ours, *theirs])))
        if then != "leave":
            self.commit_if_dirty()

    def _check_pulled(
        self, world: World, name: str, item: Item | None, options: run.Options, lines: frozenset[str]
    ) -> None:
        before, after = world.files.get(name), self.files.get(name)
        text, seen = world.remote[name], self.lines.get(name, frozenset())
        if before != after:
            is_saved = before is None or before == self.history.commits[world.head].files.get(name)
            assert is_saved or options.force, f"{name} had changes that git does not have"
            assert options.back or not self._is_known(world, name, options), f"{name} went back"
        is_left = not options.back and digest(text) in lines  # acknowledged, though not committed yet
        if self._is_to_be_adopted(world, name, options) and not (self._is_blocked(world, options) or is_left):
            assert item
            assert item.action in ("create", "update") or options.merge, (name, item)
            if not options.merge:
                assert after == f"{canonical(text)}\n".encode()
                assert seen == {digest(text)} or (before is None and not seen)  # a new file is its own record
        assert seen <= lines | {digest(text)}
        if digest(text) in seen - lines or before != after:
            self._check_merged(world, name, item, options)

    def _check_merged(self, world: World, name: str, item: Item | None, options: run.Options) -> None:
        """That what Scenario has is in the file, or within a marker; and that the file has kept its own."""
        assert item
        ours, theirs = sides(canonical(self.files[name].decode()))
        text, file = canonical(world.remote[name]).split("\n"), self._lines_of(world, name)
        of_git = self._held(world, name) | (self._held(world, name, options.since) if options.since else set())
        ever = {line for each in of_git for line in each.split("\n")}
        added = [line for line in text if line not in ever]
        assert [line for line in theirs if line in added] == added, f"{name} lost what Scenario added"
        base = self.left[name].split("\n")
        if not options.merge or "merge-guess" in codes(item) or not self._is_base_known(world, name, options):
            return
        assert not [line for line in base if line not in text and line in theirs], f"{name} lost a deletion on Scenario"
        assert not [line for line in base if line not in file and line in ours], f"{name} lost a deletion in git"
        own = [line for line in file if line not in base]
        assert [line for line in ours if line in own] == own, f"{name} lost what git added"
        assert {line for line in text if line not in base} <= set(theirs), f"{name} lost what Scenario added"

    def _lines_of(self, world: World, name: str) -> list[str]:
        return canonical(world.files.get(name, b"").decode()).split("\n")

    def _is_base_known(self, world: World, name: str, options: run.Options) -> bool:
        """Whether both sides were made from what the last sync left, and a pull can know that."""
        left, commit = self.left[name], self.history.commits[world.head]
        if options.since:
            named = self.history.commits[options.since].files.get(name, b"").decode()
            if key(named) != key(left):
                return False
        own = frozenset(line for line in commit.lines.get(name, ()) if " " not in line)
        others = (own | self.lines.get(name, frozenset())) - {digest(world.remote[name])}
        return name in world.files and key(left) in self._held(world, name) and not others

    def _is_to_be_adopted(self, world: World, name: str, options: run.Options) -> bool:
        existing = key(world.remote[name])
        if options.patterns and name not in options.patterns:
            return False
        if not existing or existing == key(world.text(name)):
            return False
        if name not in world.files and not options.patterns:
            return False
        return options.back or not self._is_known(world, name, options)

    def _is_blocked(self, world: World, options: run.Options) -> bool:
        """Whether some file has changes that git does not have, for which a pull refuses all."""
        commit = self.history.commits[world.head]
        return not options.force and any(world.files.get(name) != commit.files.get(name) for name in world.files)

    def _is_known(self, world: World, name: str, options: run.Options) -> bool:
        """Whether git knows better than to take Scenario's text."""
        is_behind = self._is_elsewhere(world, name, options.since)
        return (self._is_held(world, name) and name in world.files) or world.is_acknowledged(name) or is_behind

    def _held(self, world: World, name: str, commit: str | None = None) -> set[str]:
        found = (self.history.commits[each].files.get(name) for each in self.history.reachable(commit or world.head))
        return {key(data.decode()) for data in found if data is not None}

    def _is_held(self, world: World, name: str) -> bool:
        return key(world.remote[name]) in self._held(world, name)

    def _is_elsewhere(self, world: World, name: str, since: str | None) -> bool:
        """Whether a branch that HEAD may be behind has Scenario's text, and HEAD has not."""
        tips = [tip for tip in (self._resolved(since), self._resolved("origin")) if tip]
        held = {text for tip in tips for text in self._held(world, name, tip)}
        return key(world.remote[name]) in held - self._held(world, name)

    def _is_behind(self, world: World, name: str, options: run.Options) -> bool:
        """Whether a branch is to be merged first: it has the text and HEAD has not, or it has replaced HEAD's with it."""
        return self._is_elsewhere(world, name, options.since) or self._is_put_back(world, name)

    def _is_put_back(self, world: World, name: str) -> bool:
        tip = self._resolved("origin")
        if not tip or tip == world.head or world.head not in self.history.reachable(tip):
            return False
        theirs, ours = (self.history.commits[commit].files.get(name) for commit in (tip, world.head))
        return theirs not in (None, ours) and key((theirs or b"").decode()) == key(world.remote[name]) != ""

    # Runs

    @rule(wish=wishes, command=st.sampled_from(["sync", "sync", "diff"]))
    def sync(self, wish: run.Options, command: run.Command) -> None:
        self._checked_run(command, wish)

    @rule(wish=wishes, which=st.integers(0, 9))
    def run_of_an_old_commit(self, wish: run.Options, which: int) -> None:
        self.commit_if_dirty()
        back_to = (self.repository / ".git" / "HEAD").read_text().strip().removeprefix("ref: refs/heads/")
        older = sorted(self.history.reachable(self.head), key=list(self.history.commits).index)
        assert self.git("checkout", "--quiet", "--detach", older[which % len(older)])
        self._checked_run("sync", wish)
        assert self.git("checkout", "--quiet", back_to)

    @rule(theirs=edits, mine=file_edits, more=file_edits, how=joins, favour=favours, merges=pulls)
    def pull_request(self, theirs: Edit, mine: Edit, more: Edit, how: str, favour: str, merges: run.Options) -> None:
        """Both sides change, one adopts it on a branch, and main takes that in and syncs."""
        self.switch("ada", is_new=True)
        self.edit_in_git([(theirs[0], *mine[1:])], commits=True)
        self.edit_on_scenario(theirs)
        self.pull(merges, (), force=False, then="commit")
        self.edit_in_git([more], commits=True)
        self._checked_run("diff", run.Options(since="main", force=True))
        self.switch("main", is_new=False)
        self.join("ada", how, favour)
        self._checked_run("sync", run.Options(since="synced", keep_going=True, force=True))

    @rule(
        theirs=file_edits,
        mine=file_edits,
        wish=wishes,
        is_known=st.sampled_from([True, True, False]),
        discards=st.booleans(),
    )
    def fall_behind(self, theirs: Edit, mine: Edit, wish: run.Options, is_known: bool, discards: bool) -> None:
        """A colleague's commit is synced from main, which a branch has not merged."""
        self.switch("ben", is_new=True)
        self.edit_in_git([(theirs[0], *mine[1:])], commits=True)
        self.switch("main", is_new=False)
        self.edit_in_git([theirs], commits=True)
        self._checked_run("sync", run.Options(keep_going=True, force=True))
        if is_known:
            self.fetch()
        self.switch("ben", is_new=False)
        if discards:
            self.acknowledge(theirs[0], commits=True, since=None)
        self._checked_run("sync", replace(wish, keep_going=True))
        self.pull(run.Options(), (), force=False, then="commit")

    @rule(name=ids, edit=st.none() | edits, since=st.sampled_from(["HEAD~1", "synced", None]), is_seen=st.booleans())
    def delete(self, name: str, edit: Edit | None, since: str | None, is_seen: bool) -> None:
        """A file goes, and its description with it, unless somebody has edited that."""
        self.commit_if_dirty()
        self.edit_file((name, "take away", 0))
        self.commit_if_dirty()
        if edit:
            self.edit_on_scenario((name, *edit[1:]))
        if is_seen:
            self.acknowledge(name, commits=True, since=None)
        self._checked_run("sync", run.Options(since=since, prune=True, keep_going=True, force=True))

    def _world(self) -> World:
        return World(self.files, self.history, self.head, self.remote)

    def _named(self, revision: str | None) -> str | None:
        """The revision as it is given to a run; None if it is not there."""
        resolved = self._resolved(revision)
        if resolved is None or revision == "synced":
            return resolved
        return "origin/main" if revision == "origin" else revision

    def _resolved(self, revision: str | None) -> str | None:
        head = self.head
        found = {
            "synced": self.synced,
            "origin": self.ref("remotes/origin/main"),
            "origin/main": self.ref("remotes/origin/main"),
            "HEAD~1": next(iter(self.history.commits[head].parents), None),
            **{name: self.ref(f"heads/{name}") for name in BRANCHES},
        }
        commit = found.get(revision or "", revision if revision in self.history.commits else None)
        if commit:
            self._learn(commit)
        return commit

    def _checked_run(self, command: run.Command, wish: run.Options) -> None:
        options = replace(wish, since=self._named(wish.since))
        world = self._world()
        self.served.asked.clear()
        report: Report | None = None
        reach: run.Reach = "write" if command == "sync" else "read"
        with suppress(UsageError), run.begin(run.new_id(), command, self.config, options, untracked, reach) as begun:
            report = job.sync(begun, AGREEING).report if command == "sync" else job.diff(begun).report
        puts = {
            target.split("/")[-2]: json.loads(body)["description"] or ""
            for method, target, body in self.served.asked
            if method == "PUT"
        }
        for name in puts:
            assert self._may_be_replaced(world, name, options), f"an edit of {name} is lost"
        assert self.remote == {**world.remote, **puts}
        asked = self._asked(world, options, will_write=command == "sync")
        scope = Scope(world, asked)
        assert (report is None) == scope.is_usage_error
        if report:
            self._check_report(world, scope, report, puts, options)
            self._note(world, report, puts, asked)

    def _may_be_replaced(self, world: World, name: str, options: run.Options) -> bool:
        """The law."""
        is_known = self._is_held(world, name) or world.is_acknowledged(name)
        return options.overwrite_remote_edits or not key(world.remote[name]) or is_known

    def _asked(self, world: World, options: run.Options, *, will_write: bool) -> Asked:
        tip = self._resolved(options.since)
        bases = self.history.merge_bases(tip, world.head) if tip else set()
        base = min(bases) if bases else None
        if len(bases) > 1:
            base = self.objects.merge_base(tip or "", world.head)
        return Asked(
            base=base,
            is_old=base == world.head != tip and self._resolved("origin") != world.head,
            select=options.patterns,
            prune=options.prune,
            keep_going=options.keep_going,
            overwrite=options.overwrite_remote_edits,
            will_write=will_write,
        )

    def _check_report(
        self, world: World, scope: Scope, report: Report, puts: dict[str, str], options: run.Options
    ) -> None:
        expected = scope.expected()
        actions = {item.model_id: item.action for item in report.items}
        assert actions.keys() == expected.actions.keys()
        for name, action in actions.items():
            may_be = expected.actions[name]
            if not options.overwrite_remote_edits and may_be & set(WRITES) and self._is_behind(world, name, options):
                may_be = frozenset({"conflict"})
            assert action in may_be, (name, action, may_be)
        is_blocked = expected.is_stopped or any(action in BLOCKED for action in actions.values())
        may_write = scope.asked.will_write and not expected.is_stopped and (options.keep_going or not is_blocked)
        assert puts == {name: world.text(name) for name, action in actions.items() if action in WRITES and may_write}
        assert report.exit_code == (1 if is_blocked else 0)
        for item in report.items:
            self._check_said(
                world, item, options, is_review=not scope.asked.will_write and scope.asked.base is not None
            )

    def _check_said(self, world: World, item: Item, options: run.Options, *, is_review: bool) -> None:
        name, said = item.model_id, codes(item)
        if item.action == "conflict":
            is_behind = self._is_behind(world, name, options)
            assert ("behind" in said, "remote-edited" in said) == (is_behind, not is_behind)
        if item.action in WRITES and key(world.remote[name]):
            is_seen = not options.overwrite_remote_edits and not self._is_held(world, name)
            assert ("edit-acknowledged" in said) == is_seen
        tip = self._resolved(options.since)
        if is_review and tip and item.action in ("update", "delete") and self._is_held(world, name):
            is_kept = key(world.remote[name]) in self._held(world, name, tip) or world.is_acknowledged(name)
            is_kept = is_kept or self._is_elsewhere(world, name, None)
            assert is_kept or "unacknowledged" in said, f"a squash forgets {name}"

    def _note(self, world: World, report: Report, puts: dict[str, str], asked: Asked) -> None:
        self.left |= {name: canonical(text) for name, text in puts.items()}
        is_committed = world.files == self.history.commits[world.head].files
        if asked.will_write and report.exit_code == 0 and is_committed and not asked.select:
            self._note_sync(world)

    def _note_sync(self, world: World) -> None:
        """The last commit that was synced, if all that there is was."""
        if {name: key(text) for name, text in self.remote.items() if text} == {
            name: key(data.decode()) for name, data in world.files.items()
        }:
            self.synced = world.head
            self.left = {name: canonical(text) for name, text in self.remote.items()}


def codes(item: Item) -> list[str]:
    return [problem.code for problem in item.problems]


def test_no_edit_of_either_is_lost(tmp_path: Path) -> None:
    laws_hold(TwoPeople, tmp_path, FOUND, examples=4, steps=6)


@pytest.mark.deep
@pytest.mark.parametrize("part", range(4))
def test_no_edit_of_either_is_lost_whatever_they_do(tmp_path: Path, part: int) -> None:
    laws_hold(TwoPeople, tmp_path, SHRUNK, examples=250, steps=6)
