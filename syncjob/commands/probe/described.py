"""What a response to a GET or PUT of a description holds, read without a client's types. Pure."""

from typing import Any

import msgspec

from syncjob.errors import ProtocolError
from syncjob.scenario.answers import Answer, protocol_error
from syncjob.text.canonical import canonical, normalized, sha256

NOT_FOUND = object()  # in the place of a body, and equal to none


def parsed(answer: Answer) -> Any:
    """The JSON of a response; raises ProtocolError if it is none."""
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise protocol_error("the body is not the JSON that the API promises", answer) from error


def own_text(body: Any) -> str | None:
    """The text in a response, None for none; raises ProtocolError for a response that is no description."""
    match body:
        case {"description": {"value": str() as text}}:
            return text or None
        case {"description": {"value": None}} | {"description": None}:
            return None
    if body is NOT_FOUND:
        return None
    raise ProtocolError("the response is not a description", ambiguous=True)


def mark(text: str | None) -> str | None:
    """What tells texts apart that are not the same."""
    return sha256(normalized(canonical(text or ""), "NFC"))
