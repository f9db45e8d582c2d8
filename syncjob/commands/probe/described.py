"""What an answer to a GET or PUT of a description holds, read without a client's types. Pure."""

from typing import Any

import msgspec

from syncjob.errors import ProtocolError
from syncjob.scenario.answers import Answer, protocol_error
from syncjob.text.canonical import canonical, normalized, sha256

NOT_FOUND = object()  # in the place of a body, and equal to none


def parsed(answer: Answer) -> Any:
    """The JSON of an answer; raises ProtocolError where it is none."""
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise protocol_error("the body is not the JSON that the API promises", answer) from error


def own_text(body: Any) -> str | None:
    """The text in an answer, None for none; raises ProtocolError for an answer that is no description."""
    match body:
        case {"description": {"value": str() as text}}:
            return text or None
        case {"description": {"value": None}} | {"description": None}:
            return None
    if body is NOT_FOUND:
        return None
    raise ProtocolError("what Scenario answers is no description", ambiguous=True)


def text_of(body: Any) -> str:
    """The text in the answer to a GET or PUT of a description, "" for none."""
    return "" if body is NOT_FOUND else own_text(body) or ""


def mark(text: str | None) -> str | None:
    """What tells texts apart that are not the same."""
    return sha256(normalized(canonical(text or ""), "NFC"))
