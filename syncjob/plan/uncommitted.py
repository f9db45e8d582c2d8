"""The warning that git does not have what is to be written. Pure."""

from collections.abc import Sequence

from syncjob.problems import Problem, warning
from syncjob.text.sanitize import shorten

_NAMED = 10  # of very many


def uncommitted_texts(model_ids: Sequence[str]) -> Problem:
    """Said of a plan that writes texts which git never held: the next sync elsewhere would find them on Scenario."""
    number = len(model_ids)
    what = "1 of these files is" if number == 1 else f"{number:,} of these files are"
    advice = "commit first, or a later sync takes the text for an edit on Scenario"
    names = ", ".join([*model_ids[:_NAMED], *(["…"] if number > _NAMED else [])])
    return warning("file-uncommitted", f"{what} not committed: {advice} ({shorten(names, 1000)})")
