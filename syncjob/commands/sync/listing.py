"""The listing of the project's own models: which of them have no file, and what need not be read again."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from syncjob.commands.run import Run
from syncjob.local import scope
from syncjob.local.acknowledged import has_lines
from syncjob.local.names import model_id_of
from syncjob.local.select import select
from syncjob.problems import Problem
from syncjob.remote.models import own_models
from syncjob.scenario.resources import PAGE_SIZE
from syncjob.state.memory.cache import Memory


@contextmanager
def opened_memory(run: Run, found: scope.Scope) -> Iterator[Memory]:
    """What earlier runs read, for a run that lists all models, if `updatedAt` is known to tell what has changed."""
    options = run.options
    if not run.learnt.updated_at_moves or not found.is_whole or (options.patterns and not options.unfiled):
        yield Memory()
        return
    run.memory.open()
    yield run.memory
    run.memory.save()


def without_file(run: Run, found: scope.Scope, memory: Memory) -> tuple[Mapping[str, str], tuple[Problem, ...]]:
    """Models without a file: the file name each would have -> the model's name; a problem if they cannot be listed.

    Listed only if the run is about them, or if the memory needs it.
    """
    options = run.options
    is_asked_for = (options.prune or options.unfiled) and found.is_whole
    # A listing of more pages than there are files saves nothing.
    is_worth_it = memory.is_on and len(found.asked) * PAGE_SIZE > memory.models
    if not (is_asked_for or is_worth_it):
        return {}, ()
    listed, problems = own_models(run.client, run.config.project_id, memory, run.stop, run.breaker, run.track_pages)
    if run.stop.requested and not problems:
        problems = (Problem("interrupted", "the run ended before the project's models were listed"),)
    if problems:
        return {}, problems if is_asked_for else ()
    filed = set(map(model_id_of, found.names))  # a file whose name is a bad one is still its model's
    unfiled = frozenset(name for name in listed if model_id_of(name) not in filed)
    folder = run.config.folder
    chosen = select((*found.names, *unfiled), options.patterns, folder, has_lines=partial(has_lines, folder))
    return {name: listed[name] for name in scope.in_order(unfiled & chosen, options.shard)}, ()
