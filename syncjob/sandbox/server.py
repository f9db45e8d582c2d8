"""The stand-in over HTTP, on loopback alone."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from syncjob.errors import UsageError
from syncjob.output import loopback
from syncjob.sandbox.behaviours import Plays
from syncjob.sandbox.store import Sandbox
from syncjob.scenario.answers import Answer, Handler


@contextmanager
def serving(handler: Handler, port: int = 0, tell: Callable[[str], None] = lambda _: None) -> Iterator[str]:
    """Serves a handler from a thread until the block ends; gives its base URL. `tell` gets why it cannot respond."""
    with loopback.serving(loopback.listening(_spoken(handler, tell), port)) as address:
        yield f"{address}/v1"


def _spoken(handler: Handler, tell: Callable[[str], None]) -> Handler:
    """The handler's response; a 500 if it has none, which is said once."""
    said: set[str] = set()

    def respond(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            return handler(method, target, headers, body)
        except UsageError as error:
            if (reason := str(error)) not in said:
                said.add(reason)
                tell(reason)
            return Answer(500, {"content-type": "application/json"}, json.dumps({"reason": reason}).encode())

    return respond


def serve(path: Path, port: int, plays: Plays, announce: Callable[[str], None], tell: Callable[[str], None]) -> None:
    """Serves the stand-in over a file until the process is interrupted; `tell` gets why it cannot respond."""
    with Sandbox(path, plays=plays) as sandbox, serving(sandbox.handle, port, tell) as url:
        announce(url)
        while True:  # in steps: a signal that another thread receives does not wake this one
            time.sleep(0.25)
