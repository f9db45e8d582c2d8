"""The name of a description's file, made of its model's id and back. Pure."""

from syncjob.problems import Problem
from syncjob.text.sanitize import shorten, unbroken
from syncjob.text.tags import is_id


def name_of(model_id: str) -> str:
    """The name of a model's file."""
    return f"{model_id}.md"


def model_id_of(name: str) -> str:
    """The model that a file is named for."""
    return shown_name(name[:-3])


def is_name(name: str) -> bool:
    """Whether a file of that name can describe a model."""
    return name.endswith(".md") and is_id(name[:-3])


def shown_name(name: str) -> str:
    r"""A file name as text that can be printed and encoded and the file be found by: undecodable bytes as `\xff`."""
    if is_id(name):  # as nearly all are
        return name
    return unbroken(name.encode("utf-8", "surrogateescape").replace(b"\\", rb"\\").decode("utf-8", "backslashreplace"))


def problem_of(name: str) -> Problem | None:
    """Why a file of that name cannot be a description; None if it can."""
    if not name.endswith(".md"):
        return Problem("file-name", "a description's name ends in .md, in lower case; rename the file")
    if not is_id(name[:-3]):
        rules = "letters, digits, `_`, `-`, and `.` but not first; 1 to 256"
        return Problem(
            "file-name", f'"{shorten(model_id_of(name), 100)}" is not a valid model id ({rules}); rename the file'
        )
    return None
