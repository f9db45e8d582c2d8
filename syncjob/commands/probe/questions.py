"""How the API behaves, beyond its documentation, as a scratch model shows it."""

from collections.abc import Iterator, Mapping
from typing import Any

from syncjob.commands.probe.described import NOT_FOUND, own_text, parsed
from syncjob.commands.probe.scratch import Scratch
from syncjob.errors import Forbidden, NotFound, ScenarioError, UsageError
from syncjob.scenario.answers import limit_headers
from syncjob.state.probe_results import Finding
from syncjob.text.probe_texts import ODD, SIZES, UNKNOWN_ASSET, is_of_a_probe, tagged

_TOO_LARGE = (400, 413, 422)  # any other refusal is of something else
# What may be returned for no description -> its name in Learnt.
_NO_DESCRIPTION = {
    '"value": ""': "empty",
    '"value": null': "null-value",
    '"description": null': "null",
    "HTTP 404": "404",
}
_BULK = "a bulk call"
_UNKNOWN_MODEL = "model_" + "0" * 24

# A finding, and what it says of the fields of Learnt.
Answers = Iterator[tuple[Finding, Mapping[str, Any]]]


def questions(model: Scratch) -> Answers:
    """Every question, asked one after the other; raises what the calls of Scratch raise.

    Raises UsageError for a model that holds a text of a probe: its own is elsewhere.
    """
    if is_of_a_probe(model.original or "", model.model_id):
        raise UsageError(
            f"{model.model_id} holds a text of a probe that did not put its own back. Find that probe with `syncjob "
            "runs` and restore the model with `syncjob rollback RUN --force`, or give it a new description"
        )
    before = _updated_at(model)
    yield from _about_headers(model)
    yield from _about_no_text(model)
    yield from _about_changes(model)
    yield from _about_updates(model, before)
    yield from _about_tags(model)
    yield from _about_sizes(model)
    yield from _about_unknown_ids(model)
    yield from _about_foreign_models(model)
    answer, meaning = "shows it", "a reading is current"
    if model.lag:
        answer, meaning = f"shows an earlier text for up to {model.lag:g} s", "what was written lately is read again"
    yield Finding("a GET right after a PUT", answer, meaning), {}


def _about_headers(model: Scratch) -> Answers:
    headers = model.ask("GET", "/models", pageSize=1).headers
    limits = limit_headers(headers)
    answer = limits or ", ".join(sorted(headers))
    meaning = "they speak of limits" if limits else "none speaks of limits; http.requests_per_minute holds"
    yield Finding("headers of a 200", answer, meaning), {}


def _about_no_text(model: Scratch) -> Answers:
    model.put(None)
    without, again = _shape(model.get()), _shape(model.get())
    answer = without if without == again else f"{without}, and then {again}"
    is_null = answer == '"description": null'
    meaning = "read as no description from now on" if is_null else "read as no description"
    facts = {"null_is_no_description": is_null, "no_description": _NO_DESCRIPTION.get(answer)}
    yield Finding("GET of a model without a description", answer, meaning), facts
    try:
        model.put("")
        answer, meaning = _shape(model.get()), "null is what is sent"
        answer = f"accepted, then {answer}{'' if answer == without else ', unlike after null'}"
    except ScenarioError as error:
        answer, meaning = _refused(error), "null is what is sent to delete"
    yield Finding('PUT of ""', answer, meaning), {}


def _about_changes(model: Scratch) -> Answers:
    model.put(ODD)
    stored = own_text(model.get()) or ""
    for question, part, other in (
        ("CRLF", "probes.\r\n", "LF"),
        ("spaces at the end of a line", "spaces  \n", "removed"),
        ("decomposed characters", "Cafe\u0301", "composed (NFC)"),
    ):
        yield Finding(question, "kept" if part in stored else other, "compared all the same"), {}
    end = "kept" if stored.endswith(" \n\n") else "removed"
    yield Finding("white space at the end", end, "compared all the same"), {}


def _about_updates(model: Scratch, before: Mapping[str, str | None]) -> Answers:
    after = _updated_at(model)
    in_bulk = after.pop(_BULK)
    moved = {place: bool(before[place] and at) and at != before[place] for place, at in after.items()}
    shown = [f"{'moves' if moved[place] else 'stays'} in {place}" for place, at in after.items() if at]
    answer = ", ".join([*shown, *(f"not shown in {place}" for place, at in after.items() if not at)])
    is_used = all(moved.values())
    meaning = "what has not moved need not be read again" if is_used else "every description is read each time"
    yield Finding("updatedAt at an edit", f"{answer} ({after['the model']})", meaning), {"updated_at_moves": is_used}
    is_moved = bool(in_bulk and before[_BULK]) and in_bulk != before[_BULK]
    answer = f"{'moves' if is_moved else 'stays' if in_bulk else 'not shown'} in {_BULK}"
    is_used = is_used and is_moved
    meaning = "it tells which texts to read again before a write" if is_used else "old texts are read before each write"
    yield Finding("updatedAt in bulk at an edit", answer, meaning), {"bulk_updated_at_moves": is_used}


def _about_tags(model: Scratch) -> Answers:
    plain, in_code, unknown = tagged(model.model_id)
    is_listed = _lists(model.put(plain), model.model_id)
    answer = f"{'' if is_listed else 'not '}listed in the response"
    yield Finding("a tag", answer, "references are checked"), {}
    is_listed = _lists(model.put(in_code), model.model_id)
    yield Finding("a tag inside code", "listed" if is_listed else "not listed", "a missing id in code is a warning"), {}
    try:
        model.put(unknown)
        answer = "accepted"
    except ScenarioError as error:
        answer = _refused(error)
    yield Finding("a tag with an unknown id", answer, "refused here before it is sent"), {}


def _about_sizes(model: Scratch) -> Answers:
    """The largest first: without a limit that is one request."""
    refused: tuple[int, str] | None = None
    for size in SIZES:
        try:
            stored = len(own_text(model.put("x" * size)) or "")
        except ScenarioError as error:
            if error.http_status not in _TOO_LARGE:
                raise
            refused = size, _refused(error)
            continue
        if stored == size:
            break
        refused = size, f"cut to {stored:,}"
    if refused is None:
        yield Finding("size", f"{SIZES[0]:,} bytes are stored", "safety.max_file_bytes holds"), {}
        return
    size, why = refused
    meaning = f"files of {size:,} bytes or more are refused here"
    yield Finding("size", f"{size:,} bytes: {why}", meaning), {"refused_bytes": size}


def _about_unknown_ids(model: Scratch) -> Answers:
    for kind, ids in (("model", [model.model_id, _UNKNOWN_MODEL]), ("asset", [UNKNOWN_ASSET])):
        try:
            model.ask("POST", f"/{kind}s/get-bulk", {f"{kind}Ids": ids})
            answer, meaning = "left out", "one call settles many ids"
        except ScenarioError as error:
            answer, meaning = _refused(error), "a call with an unknown id is halved until it is found"
        yield Finding(f"an unknown {kind} in a bulk call", answer, meaning), {}
    try:
        answer = _shape(parsed(model.ask("GET", f"/models/{_UNKNOWN_MODEL}/description")))
    except ScenarioError as error:
        answer = _refused(error)
    yield Finding("the description of an unknown model", answer, "such models are looked up before a write"), {}


def _about_foreign_models(model: Scratch) -> Answers:
    match parsed(model.ask("GET", "/models", pageSize=1, privacy="public")):
        case {"models": [{"id": str() as id_}, *_]}:
            pass
        case _:
            return
    try:
        model.ask("GET", f"/models/{id_}/description")
        answer = "readable"
    except Forbidden as error:
        answer = _refused(error)
    except NotFound:
        answer = "HTTP 404: it has none, or cannot be seen"
    yield Finding("the description of a public model", answer, "it can be referred to either way"), {}


def _updated_at(model: Scratch) -> dict[str, str | None]:
    """`updatedAt` of the model itself, in the first page of a listing by it, and in bulk; None if it is not shown."""
    own = parsed(model.ask("GET", f"/models/{model.model_id}"))
    page = parsed(model.ask("GET", "/models", pageSize=500, sortBy="updatedAt", sortDirection="desc"))
    bulk = parsed(model.ask("POST", "/models/get-bulk", {"modelIds": [model.model_id]}))
    shown = {"the model": _member(own, "model"), "the listing": _row(page, model), _BULK: _row(bulk, model)}
    at = {place: _member(record, "updatedAt") for place, record in shown.items()}
    return {place: each if isinstance(each, str) else None for place, each in at.items()}


def _row(body: Any, model: Scratch) -> Any:
    """That of the model among the models of a response."""
    rows = _member(body, "models")
    return next((row for row in rows if _member(row, "id") == model.model_id), None) if isinstance(rows, list) else None


def _member(value: Any, name: str) -> Any:
    """None if the value is no object, or has no such member."""
    return value.get(name) if isinstance(value, dict) else None


def _shape(body: Any) -> str:
    if body is NOT_FOUND:
        return "HTTP 404"
    match body:
        case {"description": None}:
            return '"description": null'
        case {"description": {"value": None}}:
            return '"value": null'
        case {"description": {"value": ""}}:
            return '"value": ""'
        case {"description": {"value": str()}}:
            return "a text"
    return "something else"


def _lists(body: Any, model_id: str) -> bool:
    models = _member(_member(body, "description"), "models")
    return isinstance(models, list) and any(_member(model, "id") == model_id for model in models)


def _refused(error: ScenarioError) -> str:
    return f"refused: {error.message}"
