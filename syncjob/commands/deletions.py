"""Which models have no file any more, and what need not be read of them again."""

from collections.abc import Iterator
from contextlib import contextmanager

from syncjob.commands.run import Run
from syncjob.local import scope
from syncjob.local.document import model_id_of
from syncjob.local.select import select
from syncjob.problems import Problem
from syncjob.remote.models import own_models
from syncjob.scenario.resources import PAGE_SIZE
from syncjob.state.cache import Memory


@contextmanager
def remembered(run: Run, found: scope.Scope) -> Iterator[Memory]:
    """What earlier runs read, for a run over everything, if `updatedAt` is known to tell what has changed."""
    if not run.learnt.updated_at_moves or not found.is_whole or run.options.patterns:
        yield Memory()
        return
    run.memory.open()
    yield run.memory
    run.memory.save()


def removed(run: Run, found: scope.Scope, remembered: Memory) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """The names of what is gone here; a problem if that is not known.

    Without a revision these are the project's own models that have no file; the memory needs their listing too.
    """
    is_asked_for = run.options.prune and found.is_whole
    # A listing of more pages than there are files saves nothing.
    is_worth_it = remembered.is_on and len(found.asked) * PAGE_SIZE > remembered.models
    if not (is_asked_for or is_worth_it):
        return found.gone, ()
    listed, problems = own_models(run.client, run.config.project_id, remembered, run.stop, run.breaker)
    if run.stop.requested and not problems:
        problems = (Problem("interrupted", "the run ended before the project's models were listed"),)
    if not is_asked_for or problems:
        return found.gone, problems if is_asked_for else ()
    filed = set(map(model_id_of, found.names))  # a file whose name is a bad one is still its model's
    unfiled = frozenset(name for name in listed if model_id_of(name) not in filed)
    chosen = select((*found.names, *unfiled), run.options.patterns, run.config.folder)
    return scope.in_order(unfiled & chosen, run.options.shard), ()
