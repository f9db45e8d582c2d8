"""A model whose description may be changed for a while: each text is in the journal first, and its own comes back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from syncjob.credentials import redact
from syncjob.display import shorten
from syncjob.errors import NotFound, ScenarioError, Stopped, SyncjobError, UsageError
from syncjob.journal import Intent, Journal, Result
from syncjob.run import Run
from syncjob.scenario.answers import Answer, protocol_error
from syncjob.text import canonical, same, sha256

NOT_FOUND = object()  # in the place of a body, and equal to none


class NotRestored(SyncjobError):
    """The scratch model does not hold its own text again."""


class Scratch:
    """A scratch model, and the API that it is asked about.

    Every call raises ScenarioError where it is refused, and Stopped where the run is to end.
    """

    def __init__(self, run: Run, journal: Journal, model_id: str) -> None:
        self._run = run
        self._journal = journal
        self.model_id = model_id
        self._original = self._first_text()
        # Digests of the model's own text, of what was sent, and of what was then stored.
        self._ours = {sha256(canonical(self._original or ""))}
        self._is_known = True

    def shown(self, text: str) -> str:
        """What an answer's headers say, without a secret that they may echo."""
        return shorten(redact(text, self._run.config.credentials))

    def ask(self, method: str, path: str, body: object = None, **query: str | int) -> Answer:
        """Any call, of the run's project."""
        query = query if self._run.config.project_id is None else {**query, "projectId": self._run.config.project_id}
        return self._run.client.ask(method, path, query=query, body=body)

    def get(self) -> Any:
        """The body of the answer to GET, NOT_FOUND for a 404; raises NotRestored where somebody edited the model."""
        try:
            body: Any = parsed(self.ask("GET", self._path))
        except NotFound:
            body = NOT_FOUND
        if sha256(canonical(text_of(body))) not in self._ours:
            raise NotRestored("somebody edited the model meanwhile, and that text was left alone")
        self._is_known = True
        return body

    def put(self, text: str | None) -> Any:
        """The body of the answer to PUT; what is overwritten is read before, so that it is nobody else's."""
        if self._run.stop.requested:
            raise Stopped(self._run.stop.reason)
        if not self._is_known:
            self.get()
        return self._put(text)

    def restore(self) -> None:
        """Puts the model's own text back; raises NotRestored where it then is not there."""
        original = canonical(self._original or "")
        if same(canonical(_own_text(self.get()) or ""), original):
            return
        try:
            self._put(self._original)
        except OSError:  # the journal holds what is overwritten, by its first record, and need hold no more
            self.ask("PUT", self._path, {"description": self._original})
        if not same(canonical(_own_text(self.get()) or ""), original):
            raise NotRestored("Scenario does not hold the model's own text again")

    @property
    def _path(self) -> str:
        return f"/models/{self.model_id}/description"

    def _first_text(self) -> str | None:
        """The model's text, to the letter; raises UsageError where it cannot be told, and so not be put back."""
        try:
            body = parsed(self.ask("GET", self._path))
        except NotFound:
            self.ask("GET", f"/models/{self.model_id}")  # the 404 of a model that exists is that of no description
            return None
        if body == {"description": None}:  # it may be the answer for no text, and nothing has shown that yet
            raise UsageError(
                f"give {self.model_id} a description on Scenario first: what can be put back must be known"
            )
        try:
            return _own_text(body)
        except NotRestored as error:
            raise UsageError(f"{self.model_id} cannot be probed: {error}") from error

    def _put(self, text: str | None) -> Any:
        digest = sha256(canonical(text or ""))
        self._ours.add(digest)
        self._is_known = False
        self._journal.write(Intent(self.model_id, "", self._original, digest), is_durable=True)
        try:
            answer = parsed(self.ask("PUT", self._path, {"description": text}))
        except ScenarioError as error:
            self._journal.write(Result(self.model_id, "failed", error=error.code))
            raise
        stored = sha256(canonical(text_of(answer)))
        self._ours.add(stored)
        self._journal.write(Result(self.model_id, "applied", stored))
        return answer


@contextmanager
def borrowed(run: Run, model_id: str) -> Iterator[Scratch]:
    """A scratch model until the block ends, however it ends; raises NotRestored where it then is not as it was."""
    if run.journal is None:
        raise RuntimeError("a run that writes was begun without a journal")
    scratch = Scratch(run, run.journal, model_id)
    try:
        yield scratch
    finally:
        try:
            with run.stop.held_off():
                scratch.restore()
        except (ScenarioError, Stopped, OSError, NotRestored) as error:
            advice = f"put it back with: syncjob rollback {run.id} --force"
            raise NotRestored(f"the description of {model_id} was NOT put back: {error}; {advice}") from error


def parsed(answer: Answer) -> Any:
    """The JSON of an answer; raises ProtocolError where it is none."""
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise protocol_error("the body is not the JSON that the API promises", answer) from error


def _own_text(body: Any) -> str | None:
    """The text in an answer, None for none; raises NotRestored for an answer that is no description."""
    match body:
        case {"description": {"value": str() as text}}:
            return text or None
        case {"description": {"value": None}} | {"description": None}:
            return None
    if body is NOT_FOUND:
        return None
    raise NotRestored("what Scenario answers is no description")


def text_of(body: Any) -> str:
    """The text in the answer to a GET or PUT of a description, "" for none."""
    match body:
        case {"description": {"value": str() as text}}:
            return text
    return ""
