"""The runner of GitHub Actions, which reads stdout and stderr and obeys what looks like a command in them."""

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self, TextIO

from syncjob.display import inert

if TYPE_CHECKING:
    from syncjob.credentials import Credentials


def is_on(environment: Mapping[str, str]) -> bool:
    """Whether this is a step of GitHub Actions."""
    return environment.get("GITHUB_ACTIONS") == "true"


class Inert(io.TextIOWrapper):
    """A stream in which no line is a command to the runner, but for those that `obeyed` writes."""

    @classmethod
    def around(cls, stream: TextIO) -> Self:
        """The same stream, made inert; `stream` itself cannot be used any more."""
        is_line_buffered = getattr(stream, "line_buffering", False)
        assert isinstance(stream, io.TextIOWrapper)  # noqa: S101  stdout and stderr of a process
        return cls(stream.detach(), encoding="utf-8", errors="backslashreplace", line_buffering=is_line_buffered)

    def write(self, text: str) -> int:
        return super().write(inert(text))

    def obeyed(self, line: str) -> None:
        super().write(f"{line}\n")
        self.flush()


def obeyed(stream: TextIO, line: str) -> None:
    """Writes one command to the runner."""
    if isinstance(stream, Inert):
        stream.obeyed(line)
    else:
        stream.write(f"{line}\n")
        stream.flush()


@contextmanager
def unobeyed(stream: TextIO) -> Iterator[None]:
    """Within it the runner obeys nothing that the stream says, as GitHub advises for texts of others."""
    token = os.urandom(16).hex()  # `secrets` would take a tenth of the start of `--help`
    obeyed(stream, f"::stop-commands::{token}")
    try:
        yield
    finally:
        obeyed(stream, f"::{token}::")


def mask(credentials: "Credentials | None", stream: TextIO) -> None:
    """Has the runner hide what an `Authorization` header holds: it knows each secret alone, not the pair as base64."""
    if credentials and not credentials.is_bearer:
        obeyed(stream, f"::add-mask::{credentials.header.removeprefix('Basic ')}")
