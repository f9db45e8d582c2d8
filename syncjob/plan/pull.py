"""What a description file becomes when Scenario's text is taken over. Pure."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from syncjob.git.conversions import encoded
from syncjob.local.document import Document, name_of, parse
from syncjob.local.unfinished import conflicts, is_pointer
from syncjob.plan.compare import Action, Change
from syncjob.plan.existing import Absent, Existing
from syncjob.problems import Failure, Problem, warning
from syncjob.text.canonical import same, sha256
from syncjob.text.probe_texts import left_by_a_probe
from syncjob.text.sanitize import shorten

# What makes a text no description at all; a near miss of a tag is one that Scenario holds already.
_UNFIT = frozenset({"file-encoding", "file-empty", "file-too-large"})


def pulled(
    document: Document,
    existing: Existing,
    *,
    max_file_bytes: int,
    max_name_bytes: int = 255,
    may_overwrite: bool,
    must_exist: bool = False,
    encoding: str | None = None,
) -> Change:
    """The change of a file, whose document has no text if there is none: `before` is the file's, `after` Scenario's.

    `may_overwrite`: git has what the file says, or it may be lost. `must_exist`: only a pattern names the model.
    `encoding` is the one in which git reads the file, None for UTF-8.
    """
    change = _compared(document, existing, must_exist=must_exist)
    if not change.is_write:
        return change
    if unfit := tuple(_unfit(document, change.after, max_file_bytes, max_name_bytes, encoding)):
        return replace(change, action="invalid", problems=unfit)
    problems = tuple(_unresolved(change.after))
    if change.action == "create" or may_overwrite:
        return replace(change, problems=problems)
    message = "holds changes that git does not have; commit them first, or use --force"
    return replace(change, action="conflict", problems=(*problems, Problem("file-uncommitted", message)))


def _compared(document: Document, existing: Existing, *, must_exist: bool) -> Change:
    bare = Change(document.model_id, document.path, "invalid", before_sha256=sha256(document.text))
    if isinstance(existing, Failure):
        return replace(bare, failure=existing)
    if isinstance(existing, Absent):
        message = "Scenario has no description, or no such model that these credentials see"
        if must_exist:
            return replace(bare, problems=(Problem("model-unknown", message),))
        return replace(bare, action="unchanged", problems=(warning("model-unknown", message),))
    text = existing.text
    if not text or (document.text and same(document.text, text)):
        return replace(bare, action="unchanged", after_sha256=sha256(text))
    action: Action = "update" if document.text or document.problems else "create"
    return replace(bare, action=action, before=document.text, after=text, after_sha256=sha256(text))


def with_collisions(changes: Iterable[Change], names: Iterable[str]) -> list[Change]:
    """The changes; a new file that some systems take for another, or for one of `names`, the existing, is `invalid`."""
    ordered = list(changes)
    new = {name_of(change.model_id) for change in ordered if change.action == "create"}
    taken = Counter(_folded(name) for name in {*names, *new})
    return [_collision(change, taken) if change.action == "create" else change for change in ordered]


def _collision(change: Change, taken: Mapping[str, int]) -> Change:
    if taken[_folded(name_of(change.model_id))] == 1:
        return change
    message = "differs from another description only in case or Unicode form; one folder cannot hold both everywhere"
    return replace(change, action="invalid", problems=(Problem("file-collision", message),))


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _unfit(
    document: Document, text: str, max_file_bytes: int, max_name_bytes: int, encoding: str | None
) -> Iterator[Problem]:
    yield from (problem for problem in document.problems if problem.code == "file-special")
    if left := left_by_a_probe(text, document.model_id):
        yield Problem("probe-text", left)
    data = file_bytes(text)
    if len(data) > max_file_bytes:
        message = f"would hold {len(data):,} bytes; safety.max_file_bytes allows {max_file_bytes:,}"
        yield Problem("file-too-large", message)
    else:  # what else may be wrong takes long to find in a large text
        yield from _no_description(document, text)
    if (size := len(name_of(document.model_id).encode())) > max_name_bytes:
        message = f"its file's name would hold {size} bytes; this folder allows {max_name_bytes}"
        yield Problem("file-name", message)
    if encoding and encoded(data, encoding) != data:  # git would read the file as another text, or not at all
        message = f"git takes this file for {shorten(encoding)} (working-tree-encoding in gitattributes)"
        yield Problem("file-encoding", f"{message}; a description is UTF-8, so drop that attribute")


def _no_description(document: Document, text: str) -> Iterator[Problem]:
    if is_pointer(text):
        message = "Scenario holds a pointer of Git LFS in place of a text; write the text there first"
        yield Problem("file-special", message)
    again = parse(document.model_id, document.path, file_bytes(text))
    yield from (problem for problem in again.problems if problem.is_error and problem.code in _UNFIT)


def _unresolved(text: str) -> Iterator[Problem]:
    """Warnings only: a published conflict is resolved in its text."""
    for found in conflicts(text):
        message = "Scenario's text holds the markers of a merge conflict: resolve it in the file, then sync"
        yield warning(found.code, message if found.is_error else found.message, found.line, found.column)


def file_bytes(text: str) -> bytes:
    """A pulled file: the canonical text and one newline."""
    return f"{text}\n".encode()
