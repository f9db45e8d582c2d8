"""The body of a response as it comes from the wire: whole, not too large, and without any decompression. Pure."""

from collections.abc import Iterable, Mapping

from syncjob.credentials import quoted
from syncjob.scenario.answers import Answer, protocol_error

MAX_BODY_BYTES = 32 * 1024 * 1024


def read(head: Answer, chunks: Iterable[bytes], secrets: tuple[str, ...]) -> Answer:
    """The response with its body; raises ProtocolError for a 200 whose body cannot be read."""
    if (unread := _unreadable(head.headers, secrets)) is not None:
        if head.status != 200:
            return head  # what it says cannot be read, but its status counts
        raise protocol_error(unread, head)
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise protocol_error(f"the body holds more than {MAX_BODY_BYTES:,} bytes", head)
        parts.append(chunk)
    return Answer(head.status, head.headers, b"".join(parts))


def _unreadable(headers: Mapping[str, str], secrets: tuple[str, ...]) -> str | None:
    encoding = headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        named = quoted(encoding, secrets, 40)  # a header may echo anything
        return f"the body is {named}-encoded though identity was asked for"
    if "content-length" in headers and "transfer-encoding" in headers:  # RFC 9112, 6.3: an error
        return "the body has two ends: a length and chunks"
    return None
