"""What a browser and a pager do not get of the environment: credentials."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from syncjob.credentials import JWT, KEY, SECRET


@contextmanager
def without_credentials() -> Iterator[None]:
    """Within it a program that starts gets none: it is another one, and may outlast this one."""
    held = {name: os.environ.pop(name) for name in (KEY, SECRET, JWT) if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(held)
