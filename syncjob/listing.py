"""The project's own models: which of them have no file, and what need not be read of them again."""

from collections.abc import Iterator
from contextlib import contextmanager

from syncjob import memory, scope, workers
from syncjob.documents import model_id_of
from syncjob.errors import ScenarioError
from syncjob.memory import Memory
from syncjob.problems import Failure, Problem
from syncjob.run import Run
from syncjob.scenario.resources import PAGE_SIZE, Page
from syncjob.selection import select
from syncjob.tags import is_id


@contextmanager
def remembered(run: Run, found: scope.Scope) -> Iterator[Memory]:
    """What earlier runs read, for a run over everything, where `updatedAt` is known to tell what has changed."""
    config = run.config
    if not run.learnt.updated_at_moves or not found.is_whole or run.options.patterns:
        yield Memory(None)
        return
    target = f"{config.base_url} {config.project_id or ''}"
    with memory.opened(config.state_dir, config.profile, target) as opened:
        yield opened


def removed(run: Run, found: scope.Scope, remembered: Memory) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """The names of what is gone here; a problem where that cannot be told.

    Without a revision these are the project's own models that have no file. Their listing is what
    the memory needs, too.
    """
    is_asked_for = run.options.prune and found.is_whole
    # A listing of more pages than there are files saves nothing.
    is_worth_it = remembered.is_on and len(found.asked) * PAGE_SIZE > remembered.models
    if not (is_asked_for or is_worth_it):
        return found.gone, ()
    listed, problems = own_models(run, remembered)
    if run.stop.requested and not problems:
        problems = (Problem("interrupted", "the run ended before the project's models were listed"),)
    if not is_asked_for or problems:
        return found.gone, problems if is_asked_for else ()
    filed = set(map(model_id_of, found.names))  # a file whose name is a bad one is still its model's
    unfiled = frozenset(name for name in listed if model_id_of(name) not in filed)
    chosen = select((*found.names, *unfiled), run.options.patterns, run.config.folder)
    return scope.in_order(unfiled & chosen, run.options.shard), ()


def own_models(run: Run, remembered: Memory) -> tuple[frozenset[str], tuple[Problem, ...]]:
    """What the files of the project's own models are called; a problem where they could not be listed.

    None are after a stop, because the listing then is not whole.
    """
    failed: list[ScenarioError] = []

    def pages() -> Iterator[Page]:
        try:
            yield from run.client.models.pages(project_id=run.config.project_id)
        except ScenarioError as error:
            failed.append(error)

    # Pages are taken by a worker, so that one which does not come holds no stop back.
    listed = (page for page, _ in workers.run(pages(), lambda page: None, 1, run.stop))
    names = frozenset(f"{model.id}.md" for model in remembered.listing(listed) if is_id(model.id))
    for error in failed:
        run.breaker.note(Failure.of(error))
        return frozenset(), (Problem(error.code, f"cannot list the project's models: {error.message}"),)
    return (frozenset() if run.stop.requested else names), ()
