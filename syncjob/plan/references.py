"""What is known of the assets and models that texts refer to, and what follows for the texts. Pure."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from syncjob.problems import Failure, Problem, warning
from syncjob.scenario.media import Media, media_of
from syncjob.scenario.types import Description
from syncjob.text.tags import Kind, Tag, find

Key = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of an asset or a model that exists; None is what the API did not say.

    `media` is kept of an asset if its picture may be wanted, and makes no two entries differ.
    """

    kind: Kind
    id: str
    name: str | None
    privacy: str | None
    media: Media | None = field(default=None, compare=False, repr=False)

    @property
    def key(self) -> Key:
        return self.kind, self.id


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The result of a look-up: what exists, and what could not be looked up. The rest is missing."""

    entries: Mapping[Key, Entry] = field(default_factory=dict)
    failures: Mapping[Key, Failure] = field(default_factory=dict)

    def entry(self, kind: Kind, id_: str) -> Entry | None:
        return self.entries.get((kind, id_))

    def failure(self, kind: Kind, id_: str) -> Failure | None:
        return self.failures.get((kind, id_))

    def with_known(self, known: Sequence[Entry]) -> "Catalogue":
        """This catalogue, and what other responses of the API said."""
        if not known:
            return self
        return Catalogue({**{entry.key: entry for entry in known}, **self.entries}, self.failures)


def entries_of(description: Description, *, with_media: bool = False) -> tuple[Entry, ...]:
    """What the response with a description says of the things that it refers to."""
    if not (description.assets or description.models):
        return ()
    assets = (
        Entry("asset", asset.id, None, asset.privacy, media_of(asset) if with_media else None)
        for asset in description.assets
    )
    models = (Entry("model", model.id, model.name, model.privacy) for model in description.models)
    return (*assets, *models)


def assets_in(text: str, known: Container[Key]) -> list[str]:
    """The ids of the assets that a text shows, each once, in its order; what is not known does not count in code."""
    tags = [tag for tag in find(text)[0] if tag.kind == "asset"]
    outside = set(outside_code(text, [tag for tag in tags if (tag.kind, tag.id) not in known]))
    return list(dict.fromkeys(tag.id for tag in tags if (tag.kind, tag.id) in known or tag in outside))


def problems_of(
    text: str, tags: Sequence[Tag], referrer: Entry | None, catalogue: Catalogue
) -> tuple[tuple[Problem, ...], Failure | None]:
    """The problems of a text's references, and the first failure that kept one from being looked up.

    A missing id inside code is a warning: whether Scenario resolves tags there is not documented.
    `referrer` is the model that the text describes.
    """
    missing = [tag for tag in tags if (tag.kind, tag.id) not in catalogue.entries]
    failures = (catalogue.failure(tag.kind, tag.id) for tag in missing)
    failure = next((failure for failure in failures if failure), None)
    problems = [*_missing_problems(text, [tag for tag in missing if not catalogue.failure(tag.kind, tag.id)])]
    if referrer and referrer.privacy in ("public", "unlisted"):
        problems.extend(_private_problems(tags, referrer.privacy, catalogue))
    return tuple(sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0))), failure


def _missing_problems(text: str, missing: Sequence[Tag]) -> Iterator[Problem]:
    outside = set(outside_code(text, missing))
    for tag in missing:
        message = f"{tag}: no such {tag.kind}, or not visible to these credentials"
        if tag in outside:
            yield Problem(f"{tag.kind}-missing", message, tag.line, tag.column)
        else:
            yield warning(f"{tag.kind}-missing", f"{message} (in code, so it may be text)", tag.line, tag.column)


def outside_code(text: str, tags: Sequence[Tag]) -> list[Tag]:
    """Those of a text's tags that are in no code span or block."""
    if not tags:
        return []
    # Imported late: few runs have to know, and the Markdown parser is slow to load.
    from syncjob.text.code_spans import code_spans, is_code

    spans = code_spans(text)
    return [tag for tag in tags if not is_code(spans, tag.line, tag.column)]


def _private_problems(tags: Sequence[Tag], privacy: str, catalogue: Catalogue) -> Iterator[Problem]:
    for tag in tags:
        entry = catalogue.entry(tag.kind, tag.id)
        if entry and entry.privacy == "private":
            message = f"{tag}: private {tag.kind} in this {privacy} model: other users will not see it"
            yield warning("reference-private", message, tag.line, tag.column)


def model_unknown() -> Problem:
    """The problem of a description whose model does not exist."""
    return Problem(
        "model-unknown", "no such model, or not visible to these credentials; the file's name is the model's id"
    )
