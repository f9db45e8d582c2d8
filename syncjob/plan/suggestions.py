"""What an id that does not exist may have been meant to be, among those that a run knows. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from syncjob.local.names import model_id_of
from syncjob.local.pages import ADVICE, is_page
from syncjob.plan.references import Catalogue, Key
from syncjob.problems import Problem
from syncjob.text.closest import closest
from syncjob.text.tags import Kind, Tag

_ASKED = 20  # ids of a run that are looked for, however many are wrong
_MISSING: dict[str, Kind] = {"asset-missing": "asset", "model-missing": "model"}


class Suggestions:
    """Adds to problems which id may be meant. `filed` are the names of all files, `listed` those of more models' files."""

    def __init__(self, filed: Iterable[str] = (), listed: Iterable[str] = ()) -> None:
        self._filed = filed
        self._listed = listed
        self._found: dict[Key, str | None] = {}

    def to(
        self, problems: Sequence[Problem], tags: Sequence[Tag], model_id: str, catalogue: Catalogue
    ) -> tuple[Problem, ...]:
        """The problems of one description; what exists is in the catalogue."""
        tag_at = {(tag.line, tag.column): tag for tag in tags}
        hints = (
            self._hint(problem, tag_at.get((problem.line or 0, problem.column or 0)), model_id, catalogue)
            for problem in problems
        )
        return tuple(
            replace(problem, message=f"{problem.message}; {hint}") if hint else problem
            for problem, hint in zip(problems, hints, strict=True)
        )

    def _hint(self, problem: Problem, tag: Tag | None, model_id: str, catalogue: Catalogue) -> str | None:
        if problem.code == "model-unknown" and is_page(model_id):
            return ADVICE
        if problem.code == "model-unknown":
            near = self._near(("model", model_id), chain(_existing("model", catalogue), map(model_id_of, self._listed)))
            return f"did you mean {near}.md?" if near else None
        if not (tag and problem.is_error and problem.code in _MISSING):
            return None
        names = chain(self._filed, self._listed) if tag.kind == "model" else ()
        near = self._near((tag.kind, tag.id), chain(_existing(tag.kind, catalogue), map(model_id_of, names)))
        return f"did you mean {{{tag.kind}:{near}}}?" if near else None

    def _near(self, key: Key, known: Iterable[str]) -> str | None:
        if key not in self._found and len(self._found) < _ASKED:
            self._found[key] = closest(key[1], known)
        return self._found.get(key)


def _existing(kind: Kind, catalogue: Catalogue) -> Iterator[str]:
    return (id_ for known, id_ in catalogue.entries if known == kind)
