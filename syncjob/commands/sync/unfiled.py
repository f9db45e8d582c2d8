"""What Scenario holds of the models that have no file."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice

from syncjob.commands.planning import ask_all
from syncjob.commands.run import Run
from syncjob.errors import Stopped
from syncjob.git.history.texts import Texts
from syncjob.local import nested, scope
from syncjob.local.document import Document
from syncjob.local.names import name_of
from syncjob.plan.compare import Change, Plan, failed, in_order, not_compared
from syncjob.plan.existing import Held
from syncjob.problems import Failure, warning
from syncjob.state.memory.cache import Memory
from syncjob.text.canonical import sha256
from syncjob.text.sanitize import shorten

_HANDFUL = 500  # models that are read before it is remembered what was read
_NAME = 100  # characters of a model's name


def plans(run: Run, found: scope.Scope, listed: Mapping[str, str], memory: Memory, texts: Texts) -> Iterator[Plan]:
    """Those of the models that hold a description, each with a warning; the memory saves the others' requests."""
    left = iter(listed)
    while handful := list(islice(left, _HANDFUL)):
        changes = _looked_at(run, [found.files.unread(name) for name in handful], memory)
        told = (_told(change, listed, found, texts) if change.action == "unchanged" else change for change in changes)
        yield Plan(in_order(told), is_partial=True)


def _looked_at(run: Run, documents: Sequence[Document], memory: Memory) -> Iterator[Change]:
    """Those that hold a description by what is remembered, or else by what Scenario says; and what could not be read."""
    unknown: list[Document] = []
    for document in documents:
        held = () if run.options.refresh else memory.held(document.model_id)
        if not held:
            unknown.append(document)
        elif held[0]:
            yield _of_digest(document, held[0])
    asked = ask_all(run, unknown, partial(_asked, run), not_compared, is_for_scenario=False)
    memory.remember((change.model_id, change.before_sha256) for change in asked if change.action == "unchanged")
    yield from (change for change in asked if change.action != "unchanged" or change.before_sha256)


def _asked(run: Run, document: Document) -> Change:
    existing = run.remote.read(document.model_id)
    if isinstance(existing, Failure):
        return failed(not_compared(document), existing)
    return _of_digest(document, sha256(existing.text) if isinstance(existing, Held) else None)


def _of_digest(document: Document, digest: str | None) -> Change:
    return Change(document.model_id, document.path, "unchanged", before_sha256=digest)


def _told(change: Change, listed: Mapping[str, str], found: scope.Scope, texts: Texts) -> Change:
    name = name_of(change.model_id)
    problem = warning("unfiled", _message(change.model_id, listed[name], found.files.below.get(name), texts))
    return replace(change, path="", model_name=listed[name] or None, problems=(problem,))  # there is no file


def _message(model_id: str, model_name: str, below: str | None, texts: Texts) -> str:
    what = f'Scenario describes "{shorten(model_name, _NAME)}"' if model_name else "Scenario describes this model"
    if below:
        return f"{what}; {nested.kept(below).message}"
    is_deleted = False
    with suppress(Stopped):
        is_deleted = any(True for _ in texts.of(name_of(model_id)))
    if is_deleted:
        return (
            f"{what}, whose file was deleted or renamed here; `syncjob sync --prune {model_id}` deletes the description"
        )
    return f"{what}, which has no file; `syncjob pull {model_id}` makes one"
