"""A Report's problems as annotations on files, lines and columns of a pull request. Pure.

The form is that of GitHub's workflow commands. Of one type, GitHub shows ten a step.
"""

import posixpath
from collections.abc import Iterator
from functools import partial

from syncjob.github import edits
from syncjob.report.model import Item, Report
from syncjob.text.sanitize import shorten

_SHOWN = 10
_cut = partial(shorten, limit=1000)  # GitHub's own limit is 4,096
_IN_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY = _IN_DATA | str.maketrans({":": "%3A", ",": "%2C"})


def render(report: Report, folder: str) -> list[str]:
    """One line each, errors first; of more than ten of a type, nine and how many more there are.

    `folder` leads from the root of the repository to the folder of the config; "" if they are one.
    An item outside of the repository has no file there to be annotated.
    """
    found = sorted(_annotations(report, folder))
    return [*_first(found, "error"), *_first(found, "warning")]


def command(name: str, message: str, **properties: str | int | None) -> str:
    """A workflow command; what is None is left out."""
    given = {key: str(value) for key, value in properties.items() if value is not None}
    listed = ",".join(f"{key}={value.translate(_IN_PROPERTY)}" for key, value in given.items())
    return f"::{name}{' ' if listed else ''}{listed}::{message.translate(_IN_DATA)}"


_Annotation = tuple[str, str, int, int, str, str]  # severity, file, line, column, title, message


def _first(found: list[_Annotation], severity: str) -> Iterator[str]:
    own = [annotation for annotation in found if annotation[0] == severity]
    shown = own if len(own) <= _SHOWN else own[: _SHOWN - 1]
    yield from map(_line, shown)
    if len(own) > len(shown):
        rest = f"{len(own) - len(shown):,} more {severity}s, in the log and the report"
        yield command(severity, rest, title="syncjob")


def _line(annotation: _Annotation) -> str:
    severity, file, line, column, title, message = annotation
    return command(severity, message, file=file or None, line=line or None, col=column or None, title=title)


def _annotations(report: Report, folder: str) -> Iterator[_Annotation]:
    for item in report.items:
        yield from _of_item(item, _file(folder, item.path) if item.path else "")
    for problem in report.problems:
        file = _file(folder, problem.path) if problem.path else ""
        yield (problem.severity, file, problem.line or 0, problem.column or 0, problem.code, _cut(problem.message))
    if message := edits.names_too_few(report):
        yield ("warning", "", 0, 0, "edited", message)


def _file(folder: str, path: str) -> str:
    file = posixpath.normpath(posixpath.join(folder, path))
    return "" if file.startswith("../") else file


def _of_item(item: Item, file: str) -> Iterator[_Annotation]:
    for problem in item.problems:
        title = f"{problem.code} ({item.model_id})"
        yield (problem.severity, file, problem.line or 0, problem.column or 0, title, _cut(problem.message))
    if item.error:
        yield ("error", file, 0, 0, f"{item.error.code} ({item.model_id})", _cut(item.error.message))
