"""A Report as JSON, and the schema of that JSON."""

import inspect
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import structs

from syncjob.report.model import Report
from syncjob.text.sanitize import json_safe


def parts(report: Report) -> Iterator[str]:
    """The report as one indented JSON object with a final newline; in parts, so that it is never in memory as a whole."""
    bare = indented(structs.replace(report, items=()))
    if not len(report.items):
        yield bare + "\n"
        return
    head, tail = bare.split('"items": []', 1)
    yield f'{head}"items": ['
    for number, item in enumerate(report.items):
        inner = indented(item).replace("\n", "\n    ")
        yield f"{',' if number else ''}\n    {inner}"
    yield f"\n  ]{tail}\n"


def indented(value: object) -> str:
    """A value as JSON that is safe to print."""
    return json_safe(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def schema() -> dict[str, Any]:
    """The JSON schema (2020-12) of a report, as docs/report.schema.json holds it."""
    made = msgspec.json.schema(Report)
    for definition in made["$defs"].values():  # Python before 3.13 keeps the indentation of docstrings
        definition["description"] = inspect.cleandoc(definition.get("description", ""))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "syncjob report, version 1", **made}
