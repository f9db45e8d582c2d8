"""What a run over git and Scenario must do, worked out from plain facts, without any code of syncjob. Pure."""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

NEAR_MISS = "{asset: near}"
MISSING = "{asset:missing}"
WRITES = frozenset({"create", "update", "delete"})
BLOCKED = frozenset({"conflict", "invalid"})

Files = Mapping[str, bytes]  # by model id
Lines = Mapping[str, frozenset[str]]  # acknowledged: digests of the run's profile, whole lines of others, by model id
Actions = Mapping[str, frozenset[str]]  # by model id; any one of them is right


def canonical(text: str) -> str:
    """No byte order mark, LF alone, nothing blank at the end."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while lines and not lines[-1].strip(" \t"):
        lines.pop()
    return "\n".join(lines)


def key(text: str) -> str:
    """What two texts have in common that count as equal."""
    return unicodedata.normalize("NFC", canonical(text))


def digest(text: str) -> str | None:
    return hashlib.sha256(canonical(text).encode()).hexdigest() if canonical(text) else None


def parsed(data: bytes) -> str | None:
    """The canonical text of a file; None if it is a bad one."""
    try:
        text = canonical(data.decode())
    except UnicodeDecodeError:
        return None
    return text if text and NEAR_MISS not in text else None


@dataclass(frozen=True)
class Commit:
    parents: tuple[str, ...]
    files: Files
    lines: Lines = field(default_factory=dict)


@dataclass
class History:
    """Every commit that was ever made, those that were thrown away too."""

    commits: dict[str, Commit] = field(default_factory=dict)
    _reachable: dict[str, set[str]] = field(default_factory=dict)

    def add(self, name: str, parents: tuple[str, ...], files: Files, lines: Lines) -> None:
        self.commits[name] = Commit(parents, files, lines)
        self._reachable[name] = {name}.union(*map(self.reachable, parents))

    def reachable(self, head: str) -> set[str]:
        """The commit and all its ancestors."""
        return self._reachable[head]

    def merge_bases(self, one: str, other: str) -> set[str]:
        """The common ancestors that no other common ancestor reaches."""
        common = self.reachable(one) & self.reachable(other)
        return common - {ancestor for commit in common for ancestor in self.reachable(commit) - {commit}}

    def texts_ever(self, model_id: str) -> list[str]:
        """Every text that any commit held for a model, in the order of the commits."""
        held = (commit.files.get(model_id) for commit in self.commits.values())
        return list(dict.fromkeys(data.decode() for data in held if data is not None))

    def touched(self, base: str, head: str) -> set[str]:
        """Names that commits since the base left other than each of their parents had them."""
        between = [self.commits[commit] for commit in self.reachable(head) - self.reachable(base)]
        return {
            name
            for commit in between
            for name in _touched(commit.files, [self.commits[parent].files for parent in commit.parents])
        }

    def touched_lines(self, base: str, head: str) -> set[str]:
        """Models whose lines differ between two commits, or that commits since the base left so."""
        between = [self.commits[commit] for commit in self.reachable(head) - self.reachable(base)]
        return set(_touched(self.commits[head].lines, [self.commits[base].lines])) | {
            name
            for commit in between
            for name in _touched(commit.lines, [self.commits[parent].lines for parent in commit.parents])
        }

    def had(self, model_id: str, head: str) -> bool:
        return any(model_id in self.commits[commit].files for commit in self.reachable(head))

    def surely_held(self, model_id: str, head: str) -> set[str]:
        """Keys of the texts of a file, and of what it was renamed from if no rule of git could miss that."""
        renames = {rename for commit in self.reachable(head) for rename in self._sure_renames(commit)}
        return self._held(model_id, head, renames)

    def possibly_held(self, model_id: str, head: str) -> set[str]:
        """Keys of the texts of a file, and of every file that went in a commit that brought this one."""
        return self._held(model_id, head, {move for commit in self.reachable(head) for move in self._moves(commit)})

    def _held(self, model_id: str, head: str, renames: Collection[tuple[str, str]]) -> set[str]:
        """Keys of the texts that any commit holds for a file, or for what it comes from by (old, new) names."""
        names = {model_id}
        while more := {old for old, new in renames if new in names} - names:
            names |= more
        return {key_ for commit in self.reachable(head) for name in names for key_ in self._keys(commit, name)}

    def _keys(self, commit: str, name: str) -> set[str]:
        data = self.commits[commit].files.get(name)
        return set() if data is None else {key(data.decode())}

    def _moves(self, commit: str) -> Iterator[tuple[str, str]]:
        after = self.commits[commit].files
        for parent in self.commits[commit].parents:
            before = self.commits[parent].files
            yield from ((old, new) for old in before.keys() - after.keys() for new in after.keys() - before.keys())

    def _sure_renames(self, commit: str) -> Iterator[tuple[str, str]]:
        """The old and the new name, if one file went, one came that no parent has, and they are much the same."""
        after = self.commits[commit].files
        befores = [self.commits[parent].files for parent in self.commits[commit].parents]
        for before in befores:
            gone, come = before.keys() - after.keys(), after.keys() - before.keys()
            if len(gone) != 1 or len(come) != 1 or any(come <= other.keys() for other in befores):
                continue
            (old,), (new,) = gone, come
            lines, others = (Counter(data.splitlines(keepends=True)) for data in (before[old], after[new]))
            alike = sum(len(line) * number for line, number in (lines & others).items())  # in bytes, as git counts
            if alike >= 0.8 * max(len(before[old]), len(after[new])):
                yield old, new


def _touched(after: Mapping[str, object], befores: Collection[Mapping[str, object]]) -> Iterator[str]:
    """What a commit left other than each of its parents had it."""
    for name in set(after).union(*befores):
        if all(before.get(name) != after.get(name) for before in befores):
            yield name


@dataclass(frozen=True)
class World:
    """Everything that a run can see: the working tree, what HEAD reaches, and Scenario, by model id."""

    files: Files
    history: History
    head: str
    remote: Mapping[str, str]

    def changed_since(self, base: str) -> set[str]:
        """Names of files that differ from a commit, differed in between, or are not tracked."""
        held = self.history.commits[base].files
        differing = {name for name in {*held, *self.files} if held.get(name) != self.files.get(name)}
        untracked = self.files.keys() - self.history.commits[self.head].files.keys()
        lines = self.history.touched_lines(base, self.head)
        return differing | untracked | lines | self.history.touched(base, self.head)

    def deleted_since(self, base: str) -> set[str]:
        ever = self.history.commits[base].files.keys() | self.history.touched(base, self.head)
        lines = {name for name in self.history.touched_lines(base, self.head) if self.history.had(name, self.head)}
        return set((ever | lines) - self.files.keys())

    def is_acknowledged(self, model_id: str) -> bool:
        """Whether HEAD says that what Scenario holds may be replaced."""
        return digest(self.remote.get(model_id, "")) in self.history.commits[self.head].lines.get(model_id, ())

    def action(self, model_id: str, *, may_overwrite: bool) -> frozenset[str]:
        """What is to become of a description whose file is a good one, or is gone."""
        desired = self.text(model_id)
        if key(desired) == key(self.remote.get(model_id, "")):
            return frozenset({"unchanged"})
        ways = self.ways(model_id, may_overwrite=may_overwrite)
        if MISSING in desired or model_id not in self.remote:
            ways = {"invalid" if way in WRITES else way for way in ways}
        return frozenset(ways)

    def text(self, model_id: str) -> str:
        """The canonical text of a file; "" if it is gone or a bad one."""
        return parsed(self.files.get(model_id, b"")) or ""

    def is_bad(self, model_id: str) -> bool:
        return model_id in self.files and parsed(self.files[model_id]) is None

    def ways(self, model_id: str, *, may_overwrite: bool) -> set[str]:
        """What may become of a text on Scenario that is not the file's."""
        existing = key(self.remote.get(model_id, ""))
        if not existing:
            return {"create"}
        write = "update" if model_id in self.files else "delete"
        if may_overwrite or self.is_acknowledged(model_id) or existing in self.history.surely_held(model_id, self.head):
            return {write}
        if existing not in self.history.possibly_held(model_id, self.head):
            return {"conflict"}
        return {write, "conflict"}


@dataclass(frozen=True)
class Asked:
    """What a run is asked. `base` is the commit that --since comes to, None for everything.

    It is also None if --since leads nowhere, and then `is_astray`; `is_slip` if that is a typing error.
    """

    base: str | None = None
    is_old: bool = False
    is_astray: bool = False
    is_slip: bool = False
    select: tuple[str, ...] = ()
    prune: bool = False
    keep_going: bool = False
    overwrite: bool = False
    will_write: bool = True


@dataclass(frozen=True)
class Expected:
    """`reads` are the models whose description is asked for, each once; without `sends` there is no request at all.

    `is_stopped`: the run as a whole is refused.
    """

    actions: Actions
    reads: Collection[str]
    sends: bool = True
    is_stopped: bool = False


@dataclass(frozen=True)
class Scope:
    """The models that a run of files is about."""

    world: World
    asked: Asked

    @cached_property
    def changed(self) -> set[str] | None:
        return None if self.asked.base is None else self.world.changed_since(self.asked.base)

    @property
    def deleted(self) -> set[str]:
        return set() if self.asked.base is None else self.world.deleted_since(self.asked.base)

    @property
    def is_usage_error(self) -> bool:
        """No file at all, SELECT names what there is not, or what is gone is asked of a revision that leads nowhere."""
        if self.asked.is_slip or (self.asked.is_astray and self.asked.prune):
            return True
        if not self.world.files and not self.changed:
            return True
        known = set(self.world.files) | self.deleted
        if self.asked.prune and self.changed is None:
            known |= set(self.world.remote)
        return not known.issuperset(self.asked.select)

    def _chosen(self, names: Collection[str]) -> set[str]:
        return {name for name in names if not self.asked.select or name in self.asked.select}

    @property
    def filed(self) -> set[str]:
        return self._chosen(
            self.world.files.keys() & (self.world.files.keys() if self.changed is None else self.changed)
        )

    @property
    def gone(self) -> set[str]:
        """Models that lost their file; without a revision, those that have a description and no file."""
        if self.changed is not None:
            return self._chosen(self.deleted)
        return self._chosen(self.world.remote.keys() - self.world.files.keys()) if self.asked.prune else set()

    def _may_stay(self, name: str, actions: Actions) -> frozenset[str]:
        """Why a description may stay though its file is gone: its text is in a file that is refused, or it went long ago."""
        existing = key(self.world.remote.get(name, ""))
        refused = {key(self.world.text(other)) for other, ways in actions.items() if ways & set(BLOCKED)}
        base = self.asked.base
        went_before = base is not None and name not in self.world.history.commits[base].files
        return frozenset({"conflict"} if existing in refused - {""} else ()) | frozenset(
            {"unchanged"} if went_before else ()
        )

    def expected(self) -> Expected:
        world, asked = self.world, self.asked
        bad = {model_id for model_id in self.filed if world.is_bad(model_id)}
        if asked.is_old:
            return Expected(dict.fromkeys(self.filed, frozenset({"invalid"})), (), sends=False, is_stopped=True)
        if bad and asked.will_write and not asked.keep_going:
            return Expected(dict.fromkeys(self.filed, frozenset({"invalid"})), (), sends=False)
        reads = (self.filed - bad) | (self.gone if asked.prune else set())
        actions = {name: world.action(name, may_overwrite=asked.overwrite) for name in reads}
        if self.changed is None:  # a model without file and description is nobody's matter
            actions = {name: ways for name, ways in actions.items() if name in self.filed or key(world.remote[name])}
        actions |= {name: actions[name] | self._may_stay(name, actions) for name in self.gone & actions.keys()}
        left = {} if asked.prune else dict.fromkeys(self.gone, frozenset({"unchanged"}))
        return Expected({**actions, **dict.fromkeys(bad, frozenset({"invalid"})), **left}, reads)


@dataclass(frozen=True)
class PlanItem:
    action: str
    before: str | None
    after: str | None
    overwrites: bool = False


def expected_of_plan(plan: Mapping[str, PlanItem], world: World, *, keep_going: bool) -> Expected:
    """What a saved plan still does: what was refused then, or has changed since, is refused."""
    refused = {name: frozenset({item.action}) for name, item in plan.items() if item.action in BLOCKED}
    writes = plan.keys() - refused.keys()
    stale = {name for name in writes if world.is_bad(name) or digest(world.text(name)) != plan[name].after}
    if not keep_going and (refused or stale):
        return Expected({**refused, **dict.fromkeys(writes, frozenset({"invalid"}))}, (), sends=False)
    actions: dict[str, frozenset[str]] = dict.fromkeys(stale, frozenset({"invalid"}))
    for name in writes - stale:
        existing = world.remote[name]
        if key(existing) == key(world.text(name)):
            actions[name] = frozenset({"unchanged"})
        elif digest(existing) != plan[name].before:
            actions[name] = frozenset({"conflict"})
        else:
            actions[name] = frozenset(world.ways(name, may_overwrite=plan[name].overwrites))
    return Expected({**refused, **actions}, writes - stale)
