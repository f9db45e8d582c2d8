"""The memory of earlier runs as a file: ids, digests and times, one JSON array a line, and never a text.

It may come from a cache that others can write, so it is parsed as strictly as a response, and one wrong line spoils
all of it.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Annotated, BinaryIO, Literal, TypeVar

import msgspec
from msgspec import Meta

from syncjob.config.config import Target
from syncjob.files import regular, whole
from syncjob.state.constraints import ModelId, Sha256, plain
from syncjob.state.folder import state_folder
from syncjob.text.canonical import sha256

_LAST_ROUND = 1_000_000_000
_VERSION: Literal[1] = 1
_MAX_BYTES = 100_000_000
_LONGEST_LINE = 1_000  # bytes; an id has 256 characters at most
# `updatedAt` as the API gives it: a time that is compared letter by letter.
STAMP = r"^[0-9A-Za-z:.+ -]{1,64}\Z"

Round = Annotated[int, Meta(ge=0, le=_LAST_ROUND)]
_T = TypeVar("_T")


class Header(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The first line: of which project, how many runs have used it, and how many models the last listing held."""

    version: Literal[1]
    target: Sha256
    round: Round
    models: Round


class Seen(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The digest of what a model held, null for no text, when the model had then changed, and in which run it was read."""

    model_id: ModelId
    updated_at: Annotated[str, Meta(pattern=STAMP)]
    sha256: Sha256 | None
    round: Round


class Damaged(Exception):
    """The file is not one that syncjob writes."""


_ENCODER = msgspec.json.Encoder()
_HEADER, _SEEN = msgspec.json.Decoder(Header), msgspec.json.Decoder(Seen)


class MemoryFile:
    """The file of one project; what another run saves in the meantime is not written over."""

    def __init__(self, path: Path, target: Target, state_dir: Path | None = None) -> None:
        self.path = path
        self._folders = [folder for folder in (state_dir, path.parent) if folder]
        self._target = sha256("\n".join((target.profile, target.base_url, target.project_id or ""))) or ""
        self._stamp: _Stamp = None

    def read(self) -> tuple[Header, Iterator[Seen]]:
        """What is remembered; nothing if the file is missing, or of another project.

        Both this and the rows raise OSError and Damaged.
        """
        self._stamp = _stamp(self.path)
        empty = Header(_VERSION, self._target, 0, 0)
        try:
            header = _header(self.path)
        except FileNotFoundError:
            return empty, iter(())
        return (header, _rows(self.path, header)) if header.target == self._target else (empty, iter(()))

    @property
    def is_as_it_was(self) -> bool:
        """Whether nobody has replaced the file since it was last read or written here."""
        return _stamp(self.path) == self._stamp

    def write(self, round_: int, models: int, rows: Iterable[Seen]) -> None:
        """Replaces the file as a whole; raises OSError, and UsageError if its folder cannot be made."""
        for folder in self._folders:
            state_folder(folder)
        lines: Iterable[Header | Seen] = chain((Header(_VERSION, self._target, round_, models),), rows)
        whole.save(self.path, (_ENCODER.encode(line) + b"\n" for line in lines))
        self._stamp = _stamp(self.path)

    def remove(self) -> None:
        """Removes the file; raises OSError."""
        with suppress(FileNotFoundError):
            regular.require(self.path)
            self.path.unlink()

    def remove_from(self, model_ids: Collection[str]) -> None:
        """Takes some models out of the file as it now is; raises OSError, UsageError and Damaged."""
        header, rows = self.read()
        self.write(header.round, header.models, (row for row in rows if row.model_id not in model_ids))


_Stamp = tuple[int, int, int] | None


def _stamp(path: Path) -> _Stamp:
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _header(path: Path) -> Header:
    file, size = regular.open_to_read(path)
    with file:
        if size > _MAX_BYTES:
            raise Damaged(f"it holds {size:,} bytes")
        header = _decoded(_HEADER, file.readline(_LONGEST_LINE))
    if header.round == _LAST_ROUND:
        raise Damaged("no run comes after its last")
    return header


def _rows(path: Path, header: Header) -> Iterator[Seen]:
    file, _ = regular.open_to_read(path)
    with file:
        file.readline(_LONGEST_LINE)
        for line in _lines(file):
            seen = _decoded(_SEEN, line)
            if seen.round > header.round:
                raise Damaged("a description was read in a run that has not been")
            yield seen


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(_LONGEST_LINE):
        yield line


def _decoded(decoder: "msgspec.json.Decoder[_T]", line: bytes) -> _T:
    if not line.endswith(b"\n"):
        raise Damaged("a line does not end, or is too long")
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Damaged(plain(error)) from error
