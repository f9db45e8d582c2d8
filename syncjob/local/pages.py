"""Files that a folder usually has and that describe no model, such as a README. Pure."""

from syncjob.problems import Problem

ADVICE = "if it is a page about this folder, move it out of the folder"
_USUAL = frozenset(
    {
        "changelog",
        "code_of_conduct",
        "contributing",
        "index",
        "licence",
        "license",
        "readme",
        "security",
        "template",
        "todo",
    }
)


def is_page(model_id: str) -> bool:
    """Whether a file of that name is more likely one about the folder; `README.de` is a README too."""
    return model_id.casefold().lstrip("_").split(".")[0].replace("-", "_") in _USUAL


def page(model_id: str) -> Problem:
    """Said of such a file as long as nobody knows whether there is a model of that name: if not, a sync refuses it."""
    what = f"{model_id}.md would describe a model called {model_id}, and sync refuses it if there is none"
    return Problem("file-name", f"{what}; {ADVICE}, else run `syncjob check --remote`")
