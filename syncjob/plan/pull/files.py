"""What a description file becomes when Scenario's text is taken over. Pure."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from syncjob.git.conversions import encoded
from syncjob.local.document import Document, parse
from syncjob.local.names import name_of
from syncjob.local.unfinished import is_pointer
from syncjob.plan.compare import Action, Change
from syncjob.plan.existing import Absent, Existing
from syncjob.problems import Failure, Problem, note, warning
from syncjob.text.canonical import same, sha256
from syncjob.text.closest import hint
from syncjob.text.probe_texts import left_by_a_probe
from syncjob.text.sanitize import shorten

LINES_DROPPED = "lines-dropped"
# What makes a text no description at all; a near miss of a tag is one that Scenario holds already.
_UNFIT = frozenset({"file-encoding", "file-empty", "file-too-large"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pulled text goes. `may_overwrite`: git has what the file says, or it may be lost.

    `encoding` is the one in which git reads the file, None for UTF-8.
    """

    max_file_bytes: int
    max_name_bytes: int = 255
    may_overwrite: bool = True
    encoding: str | None = None


def compared(document: Document, existing: Existing, *, must_exist: bool = False, filed: Iterable[str] = ()) -> Change:
    """The change of a file, whose document has no text if there is none: `before` is the file's, `after` Scenario's.

    `must_exist`: only a pattern names the model; `filed` are the models that have a file.
    """
    bare = Change(document.model_id, document.path, "invalid", before_sha256=sha256(document.text))
    if isinstance(existing, Failure):
        return replace(bare, failure=existing)
    if isinstance(existing, Absent):
        message = "Scenario has no description, or no such model that these credentials see"
        message += hint(document.model_id, filed) if must_exist else ""
        problems = (Problem("model-unknown", message),) if must_exist else ()
        return replace(bare, action="invalid" if must_exist else "unchanged", problems=problems)
    text = existing.text
    if not text or (document.text and same(document.text, text)):
        return replace(bare, action="unchanged", after_sha256=sha256(text))
    action: Action = "update" if document.text or document.problems else "create"
    return replace(bare, action=action, before=document.text, after=text, after_sha256=sha256(text))


def fitting(document: Document, change: Change, place: Place) -> Change:
    """The write of a file, `invalid` if its text cannot be one, a `conflict` if the file must not be overwritten."""
    if unfit := tuple(_unfit(document, change.after, place)):
        return replace(change, action="invalid", problems=unfit)
    told = {(problem.code, problem.line) for problem in change.problems}
    warnings = (problem for problem in _unresolved(document, change.after) if (problem.code, problem.line) not in told)
    change = replace(change, problems=(*change.problems, *warnings))
    if change.action == "create" or place.may_overwrite:
        return change
    message = "holds changes that git does not have; commit them first, or use --force"
    return replace(change, action="conflict", problems=(*change.problems, Problem("file-uncommitted", message)))


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


def _unfit(document: Document, text: str, place: Place) -> Iterator[Problem]:
    yield from (problem for problem in document.problems if problem.code == "file-special")
    if left := left_by_a_probe(text, document.model_id):
        yield Problem("probe-text", left)
    data = file_bytes(text)
    if len(data) > place.max_file_bytes:
        message = f"would hold {len(data):,} bytes; safety.max_file_bytes allows {place.max_file_bytes:,}"
        yield Problem("file-too-large", message)
    else:  # what else may be wrong takes long to find in a large text
        yield from _no_description(document, text)
    if (size := len(name_of(document.model_id).encode())) > place.max_name_bytes:
        message = f"its file's name would hold {size} bytes; this folder allows {place.max_name_bytes}"
        yield Problem("file-name", message)
    if place.encoding and encoded(data, place.encoding) != data:  # git would read it as another text, or not at all
        message = f"git takes this file for {shorten(place.encoding)} (working-tree-encoding in gitattributes)"
        yield Problem("file-encoding", f"{message}; a description is UTF-8, so drop that attribute")


def _no_description(document: Document, text: str) -> Iterator[Problem]:
    if is_pointer(text):
        message = "Scenario holds a pointer of Git LFS in place of a text; write the text there first"
        yield Problem("file-special", message)
    again = _read_again(document, text)
    yield from (problem for problem in again.problems if problem.is_error and problem.code in _UNFIT)


def _unresolved(document: Document, text: str) -> Iterator[Problem]:
    """Warnings only: a published conflict or near miss of a tag is mended in its file."""
    for found in _read_again(document, text).problems:
        if found.code == "merge-marker":
            message = "Scenario's text holds the markers of a merge conflict: resolve it in the file, then sync"
            yield warning(found.code, message if found.is_error else found.message, found.line, found.column)
        elif found.code == "tag-malformed":
            yield warning(found.code, found.message, found.line, found.column)


def _read_again(document: Document, text: str) -> Document:
    return parse(document.model_id, document.path, file_bytes(text))


def lines_dropped(number: int) -> Iterator[Problem]:
    """The note of acknowledged lines that a pull takes away, if there are any."""
    if number:
        lines = "1 acknowledged line" if number == 1 else f"{number:,} acknowledged lines"
        yield note(LINES_DROPPED, f"dropped {lines} that nothing needs any more")


def file_bytes(text: str) -> bytes:
    """A pulled file: the canonical text and one newline."""
    return f"{text}\n".encode()
