"""A remote that responds late, loses, refuses, and obeys what it refused; it notes everything that really happened.

Time is its own: requests and waits pass it, and nobody sleeps.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import inf

import msgspec

from syncjob.scenario.answers import Answer
from tests.support.loopback import Loopback, json_answer

PEOPLE = ""  # the author of an edit on Scenario
# What becomes of a request. `late` is refused and obeyed later; after `blind` ones nobody can look for a while.
FAULTS = (
    "busy", "limited", "conflict", "refused", "denied", "stray", "absent", "lost", "dropped", "late", "blind lost", "blind dropped"
)  # fmt: skip
_STRAY = (b"404 page not found", b'{"message":"Not Found"}', b"", b"{}", b'{"reason": null}', b"<html>404</html>")
_REFUSED = {
    "busy": json_answer(503, b'{"reason": "busy"}', retry_after_ms="1"),
    "limited": json_answer(429, b'{"reason": "too many"}', retry_after_ms="1"),
    "conflict": json_answer(409, b'{"reason": "somebody else writes"}'),
    "refused": json_answer(403, b'{"reason": "not you"}'),
    "denied": json_answer(401, b'{"reason": "who are you?"}'),
    "late": json_answer(504, b'{"reason": "gateway timeout"}'),
}
_BLIND = 6  # looks that fail
_LANDS_AFTER = 3.0
_BEGINNING = datetime(2026, 3, 1, tzinfo=UTC)  # when time is 0
_LONG_AGO = -86_400.0


@dataclass(frozen=True)
class Version:
    """A text that a model held from some time on, who wrote it, and since when readings show it.

    One that `landed` was obeyed after it was refused: whoever had sent the same text takes it for his own.
    """

    text: str
    at: float
    author: str
    seen_at: float
    landed: bool = False
    moves: bool = True  # the `updatedAt` of the model


@dataclass(frozen=True)
class _Sent:
    """A write on its way; `found` is what the model held as it was sent, None if no reading could know that."""

    due: float
    run: str
    model_id: str
    target: str
    body: bytes
    found: Version | None


@dataclass
class LateRemote:
    """The script of a stand-in, and what it did. One request at a time."""

    served: Loopback
    now: float = 0.0
    slowness: float = 0.05  # seconds of each request
    lag: float = 0.0  # seconds until a reading shows what was written
    listing_lag: float = 0.0  # and until `updatedAt` does, if it is of this remote's own time
    has_own_time: bool = False
    run: str = ""  # that is under way
    faults: list[str] = field(default_factory=list)  # of the next requests
    on_writes: list[str] = field(default_factory=list)  # of the next writes
    versions: defaultdict[str, list[Version]] = field(default_factory=lambda: defaultdict(_nothing))
    effects: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # models by run
    sure: set[tuple[str, str]] = field(default_factory=set)  # runs and models of which a run knew its effect
    overwritten: set[tuple[str, str]] = field(default_factory=set)  # what had to be in a journal
    began_at: float = 0.0
    puts: int = 0  # of the run
    unseen: list[str] = field(default_factory=list)  # writes that the run repeated without a look
    last_read: dict[str, float] = field(default_factory=dict)  # when any run last saw a model
    _read_at: dict[str, float] = field(default_factory=dict)  # when the run last saw a model
    _written: dict[str, str] = field(default_factory=dict)  # how its write since then was answered
    _blind: dict[str, int] = field(default_factory=dict)
    _landing: list[_Sent] = field(default_factory=list)

    # Between runs

    def begin(self, run: str, faults: Sequence[str] = (), on_writes: Sequence[str] = ()) -> None:
        self.run, self.faults, self.on_writes, self.puts = run, list(faults), list(on_writes), 0
        self.began_at = self.now
        self._read_at, self._written, self._blind = {}, {}, {}

    def calm(self) -> None:
        """All that was under way is over."""
        self.lag, self.slowness = 0, 0.05
        self.wait(400)
        self.begin("")

    def wait(self, seconds: float) -> None:
        until = self.now + seconds
        while self._landing and self._landing[0].due <= until:  # each waits as long as the others
            self.now = max(self.now, self._landing[0].due)
            self._land(self._landing.pop(0))
        self.now = until

    def edit(self, model_id: str, text: str, *, moves: bool = True) -> None:
        """Somebody edits on Scenario, which moves the model's `updatedAt` or not."""
        self.served.sandbox.put(model_id, text)
        self._note(model_id, PEOPLE, moves=moves)

    def date(self) -> datetime:
        """The time by Scenario's clock."""
        return _BEGINNING + timedelta(seconds=self.now)

    def was_read(self, model_id: str) -> bool:
        """Whether the run has read a model."""
        return model_id in self._read_at

    def is_told(self, model_id: str) -> bool:
        """Whether `updatedAt` tells all that has become of a model since any run saw it."""
        last_read, latest = self.last_read.get(model_id, -inf), self.versions[model_id][-1]
        unseen = [version for version in self.versions[model_id] if version.seen_at > last_read]
        return all(version.moves for version in unseen) and latest.at + self.listing_lag <= self.began_at

    def text(self, model_id: str) -> str:
        return self.served.sandbox.description(model_id)

    def seen_at(self, model_id: str) -> float:
        """Since when readings show what the model holds."""
        return self.versions[model_id][-1].seen_at

    def is_hidden(self, model_id: str) -> bool:
        """Whether a lag hid what the model holds, and its author did not know that it was written."""
        latest = self.versions[model_id][-1]
        return latest.seen_at > latest.at and (latest.author, model_id) not in self.sure

    def author(self, model_id: str) -> str:
        return self.versions[model_id][-1].author

    def has_landed(self, model_id: str) -> bool:
        """Whether what the model holds came after it was refused."""
        return self.versions[model_id][-1].landed

    def could_know(self, model_id: str) -> bool:
        """Whether the run could know what the model holds: by its readings, or by journals of writes that were answered."""
        latest, read_at = self.versions[model_id][-1], self._read_at.get(model_id, -inf)
        if latest.author == self.run:
            return True
        # If a reading shows an edit that a lag had hidden from our write over it, it passes for a later one.
        shown = [version for version in self.versions[model_id] if version.seen_at <= read_at]
        is_edit = bool(shown) and shown[-1].author == PEOPLE and shown[-1].at > -inf
        is_ours = (latest.author, model_id) in self.sure and not is_edit
        return latest.at <= read_at and (latest.seen_at <= read_at or is_ours)

    # Within a run

    def script(self, method: str, target: str) -> Answer | None:
        self.wait(self.slowness)
        model_id = target.split("/")[3] if target.partition("?")[0].endswith("/description") else ""
        body = next(body for how, where, body in reversed(self.served.asked) if (how, where) == (method, target))
        if method == "PUT":
            return self._write(model_id, target, body)
        if model_id and self._blind.get(model_id, 0):
            self._blind[model_id] -= 1
            raise ConnectionAbortedError
        return self._read(method, model_id, target, body, self.faults.pop(0) if self.faults else "none")

    def _listed(self, method: str, target: str, body: bytes) -> Answer:
        """Models with the `updatedAt` of this remote's own time."""
        answer = self.served.sandbox.handle(method, target, _ANYBODY, body)
        if answer.status != 200:
            return answer
        page = msgspec.json.decode(answer.body)
        for row in page.get("models", ()):
            row["updatedAt"] = self._moved_at(row["id"])
        return Answer(200, answer.headers, msgspec.json.encode(page))

    def _moved_at(self, model_id: str) -> str:
        listed = [each for each in self.versions[model_id] if each.moves and each.at + self.listing_lag <= self.now]
        at = _BEGINNING + timedelta(seconds=max(listed[-1].at, _LONG_AGO))
        return at.isoformat(timespec="microseconds")

    def _read(self, method: str, model_id: str, target: str, body: bytes, fault: str) -> Answer | None:
        if fault == "stray":
            return json_answer(404, _STRAY[int(self.now * 100) % len(_STRAY)])
        if fault == "absent" and model_id and model_id not in self._read_at:
            self._read_at[model_id] = -inf  # one that has seen nothing; the next one counts
            return json_answer(404, b'{"reason": "Model not found"}')
        if fault in ("lost", "dropped"):
            raise ConnectionAbortedError
        if fault in _REFUSED and fault != "conflict":
            return _REFUSED[fault]
        if not model_id:
            return self._listed(method, target, body) if self.has_own_time else None
        self._read_at[model_id] = self.last_read[model_id] = self.now
        self._written.pop(model_id, None)
        return self._late_answer(model_id, target)

    def _late_answer(self, model_id: str, target: str) -> Answer | None:
        held = self.versions[model_id]
        seen = [version for version in held if version.seen_at <= self.now][-1]
        if seen is held[-1]:
            return None
        self.served.sandbox.put(model_id, seen.text)
        answer = self.served.sandbox.handle("GET", target, _ANYBODY, b"")
        self.served.sandbox.put(model_id, held[-1].text)
        return answer

    def _write(self, model_id: str, target: str, body: bytes) -> Answer | None:
        fault = self.on_writes.pop(0) if self.on_writes else self.faults.pop(0) if self.faults else "none"
        self.puts += 1
        if self._written.get(model_id, "limited") != "limited":
            self.unseen.append(model_id)
        self._written[model_id] = fault
        if fault == "stray":
            return json_answer(404, _STRAY[0])
        if fault == "late":
            found = self.versions[model_id][-1] if self.could_know(model_id) else None
            self._landing.append(_Sent(self.now + _LANDS_AFTER, self.run, model_id, target, body, found))
        if fault.startswith("blind"):
            self._blind[model_id] = _BLIND
        if fault in _REFUSED:
            return _REFUSED[fault]
        answer = None if fault.endswith("dropped") else self._carry_out(model_id, target, body)
        if fault.endswith(("lost", "dropped")):
            raise ConnectionAbortedError
        return answer

    def _carry_out(self, model_id: str, target: str, body: bytes) -> Answer:
        before, could_know = self.text(model_id), self.could_know(model_id)
        answer = self.served.sandbox.handle("PUT", target, _ANYBODY, body)
        if answer.status == 200:
            self._took(self.run, model_id, before, must_be_journaled=could_know)
        return answer

    def _land(self, sent: _Sent) -> None:
        before, found = self.text(sent.model_id), self.versions[sent.model_id][-1]
        assert self.served.sandbox.handle("PUT", sent.target, _ANYBODY, sent.body).status == 200
        self._took(sent.run, sent.model_id, before, must_be_journaled=found is sent.found, landed=True)

    def _took(self, run: str, model_id: str, before: str, *, must_be_journaled: bool, landed: bool = False) -> None:
        """Takes a write into the book, as of a run."""
        self.effects[run].add(model_id)
        if before == self.text(model_id):
            return
        if before and must_be_journaled:
            self.overwritten.add((model_id, before))
        self._note(model_id, run, landed=landed)

    def _note(self, model_id: str, author: str, *, landed: bool = False, moves: bool = True) -> None:
        text, seen_at = self.text(model_id), self.now + self.lag
        self.versions[model_id].append(Version(text, self.now, author, seen_at, landed, moves))


_ANYBODY = {"authorization": "Bearer any"}


def _nothing() -> list[Version]:
    return [Version("", -inf, PEOPLE, -inf)]
