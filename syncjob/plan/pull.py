"""What a description file becomes when Scenario's text is taken over. Pure."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
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
    """The change of a file: `before` is what it says, `after` what Scenario holds.

    The document of a file that is not there has no text. `may_overwrite` says that git has what the
    file says, or that it may be lost; `must_exist` that nothing but its name says that there is such a model.
    `encoding` is the one in which git takes the file to be, None where that is UTF-8.
    """
    base = Change(document.model_id, document.path, "invalid", before_sha256=sha256(document.text))
    if isinstance(existing, Failure):
        return replace(base, failure=existing)
    if isinstance(existing, Absent):
        message = "Scenario has no description, or no such model that these credentials see"
        if must_exist:
            return replace(base, problems=(Problem("model-unknown", message),))
        return replace(base, action="unchanged", problems=(warning("model-unknown", message),))
    text = existing.text
    if not text:
        return replace(base, action="unchanged")
    base = replace(base, after_sha256=sha256(text))
    if document.text and same(document.text, text):
        return replace(base, action="unchanged")
    action: Action = "update" if document.text or document.problems else "create"
    change = replace(base, action=action, before=document.text, after=text)
    problems = (
        *_unfit(document, text, max_file_bytes), *_too_long(document, max_name_bytes), *_encoded_otherwise(text, encoding)
    )  # fmt: skip
    if problems:
        return replace(change, action="invalid", problems=problems)
    change = replace(change, problems=tuple(_unresolved(text)))
    if action == "update" and not may_overwrite:
        message = "holds changes that git does not have; commit them first, or use --force"
        uncommitted = Problem("file-uncommitted", message)
        return replace(change, action="conflict", problems=(*change.problems, uncommitted))
    return change


def with_collisions(changes: Iterable[Change], names: Iterable[str]) -> list[Change]:
    """The changes, those refused that would be one file with another where case or Unicode form is ignored.

    `names` are those of the files that are there.
    """
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


def _unfit(document: Document, text: str, max_file_bytes: int) -> Iterable[Problem]:
    yield from (problem for problem in document.problems if problem.code == "file-special")
    if left := left_by_a_probe(text, document.model_id):
        yield Problem("probe-text", left)
    data = file_bytes(text)
    if len(data) > max_file_bytes:
        message = f"would hold {len(data):,} bytes; safety.max_file_bytes allows {max_file_bytes:,}"
        yield Problem("file-too-large", message)
        return  # what else may be wrong takes long to find
    if is_pointer(text):
        yield Problem(
            "file-special", "Scenario holds a pointer of Git LFS in place of a text; write the text there first"
        )
    again = parse(document.model_id, document.path, data)
    yield from (problem for problem in again.problems if problem.is_error and problem.code in _UNFIT)


def _unresolved(text: str) -> Iterable[Problem]:
    """Warnings: whoever wants to resolve a conflict that was published needs the text."""
    for found in conflicts(text):
        message = "Scenario's text holds the markers of a merge conflict: resolve it in the file, then sync"
        yield warning(found.code, message if found.is_error else found.message, found.line, found.column)


def _encoded_otherwise(text: str, encoding: str | None) -> Iterable[Problem]:
    """git would read the file as another text, or not at all."""
    if encoding and encoded(file_bytes(text), encoding) != file_bytes(text):
        message = f"git takes this file for {shorten(encoding)} (working-tree-encoding in gitattributes)"
        yield Problem("file-encoding", f"{message}; a description is UTF-8, so drop that attribute")


def _too_long(document: Document, max_name_bytes: int) -> Iterable[Problem]:
    size = len(name_of(document.model_id).encode())
    if size > max_name_bytes:
        message = f"its file's name would hold {size} bytes; this folder allows {max_name_bytes}"
        yield Problem("file-name", message)


def file_bytes(text: str) -> bytes:
    """A pulled file: the canonical text and one newline."""
    return f"{text}\n".encode()
