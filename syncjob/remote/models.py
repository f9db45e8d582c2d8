"""The project's own models, as Scenario lists them."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from syncjob.control import workers
from syncjob.control.circuit_breaker import Breaker
from syncjob.control.workers import Stop
from syncjob.errors import ScenarioError
from syncjob.local.names import name_of
from syncjob.problems import Failure, Problem
from syncjob.scenario import Scenario
from syncjob.scenario.resources import Page
from syncjob.state.memory.cache import Memory
from syncjob.text.tags import is_id

Shown = Callable[[Iterable[Page]], Iterable[Page]]


def own_models(
    client: Scenario, project_id: str | None, remembered: Memory, stop: Stop, breaker: Breaker, shown: Shown
) -> tuple[Mapping[str, str], tuple[Problem, ...]]:
    """The names of the own models' files, with the models' own, "" for none; none after a stop. Or a problem."""
    failed: list[ScenarioError] = []

    def pages() -> Iterator[Page]:
        try:
            yield from client.models.pages(project_id=project_id)
        except ScenarioError as error:
            failed.append(error)

    # Pages are taken by a worker, so that a slow one holds no stop back.
    listed = shown(page for page, _ in workers.run(pages(), lambda page: None, 1, stop))
    own = (model for model in remembered.listing(listed) if is_id(model.id))
    names = {name_of(model.id): client.quoted(model.name or "") for model in own}
    for error in failed:
        breaker.note(Failure.of(error))
        what = "" if error.fatal else "cannot list the project's models: "
        return {}, (Problem(error.code, f"{what}{error.message}"),)
    if stop.requested:
        return {}, ()
    remembered.listed_all()
    return names, ()
