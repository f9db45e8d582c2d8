"""The calls of a probe; what writes is sent once: nothing is repeated without another look."""

from collections.abc import Callable
from typing import Any

from syncjob.commands.run import Run
from syncjob.scenario.answers import Answer


def ask(run: Run, method: str, path: str, body: object = None, **query: str | int) -> Answer:
    """Any call that writes nothing, of the run's project."""
    return run.client.call(method, path, Answer, query={**query, "projectId": run.config.project_id}, body=body)


def path_of(model_id: str) -> str:
    """The path of a model's description."""
    return f"/models/{model_id}/description"


def put_once(run: Run, path: str, text: str | None, on_sent: Callable[[], None]) -> Any:
    """The response to one PUT of a description; `on_sent` is called just before the request."""
    query, body = {"projectId": run.config.project_id}, {"description": text}
    return run.client.call("PUT", path, dict[str, Any], query=query, body=body, attempts=1, before_send=on_sent)
