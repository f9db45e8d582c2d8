"""A function of this process in the place of the network."""

from collections.abc import Callable, Mapping

import httpx

from syncjob.scenario.answers import Answer

# Responds to (method, path with query, headers, body) without any network.
Handler = Callable[[str, str, Mapping[str, str], bytes], Answer]


class InProcess(httpx.BaseTransport):
    """Wears a Handler as a connection."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        target = request.extensions["target"].decode("ascii")
        answer = self._handler(request.method, target, request.headers, request.read())
        return httpx.Response(answer.status, headers=dict(answer.headers), stream=httpx.ByteStream(answer.body))

    def abort(self) -> None:
        """Nothing waits for a network here."""

    def end(self) -> None:
        """Nor then."""
