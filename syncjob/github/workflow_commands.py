"""The runner of GitHub Actions, which reads stdout and stderr and obeys what looks like a command in them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from syncjob.credentials import Credentials
from syncjob.output.gate import own


def obeyed(stream: TextIO, line: str) -> None:
    """Writes one command to the runner."""
    own(stream, f"{line}\n")


@contextmanager
def unobeyed(stream: TextIO) -> Iterator[None]:
    """Within it the runner obeys nothing that the stream says, as GitHub advises for texts of others."""
    token = os.urandom(16).hex()  # `secrets` would take a tenth of the start of `--help`
    obeyed(stream, f"::stop-commands::{token}")
    try:
        yield
    finally:
        obeyed(stream, f"::{token}::")


def mask(credentials: Credentials | None, stream: TextIO) -> None:
    """Has the runner hide what an `Authorization` header holds: it knows each secret alone, not the pair as base64."""
    if credentials and not credentials.is_bearer:
        obeyed(stream, f"::add-mask::{credentials.header.removeprefix('Basic ')}")
