"""Whether the credentials of a run see the models that its files describe: one problem for all if they see none."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from syncjob.commands.run import Run
from syncjob.config.config import Config
from syncjob.credentials import JWT, KEY
from syncjob.plan.compare import Change
from syncjob.plan.references import Key, model_unknown
from syncjob.problems import Problem

_CODE = model_unknown().code
FEW = 5  # below that each file's own message is as short
_NAMED = 3


def unseen_problem(config: Config, unknown: Sequence[str], asked: int) -> tuple[Problem, ...]:
    """The problem of the run if all that were `asked` for, and more than a few, are `unknown`; else none."""
    return (Problem(_CODE, unseen_message(config, unknown)),) if len(unknown) == asked >= FEW else ()


def unseen_problem_of(config: Config, changes: Iterable[Change]) -> tuple[Problem, ...]:
    """The same for the changes of files; those that were not compared tell nothing."""
    asked = [change for change in changes if change.is_compared]
    return unseen_problem(config, [change.model_id for change in asked if _is_unknown(change)], len(asked))


def unseen_message(config: Config, unknown: Sequence[str]) -> str:
    """That none of some models is visible, and what to check."""
    more = f" and {len(unknown) - _NAMED:,} more" if unknown[_NAMED:] else ""
    models = f"none of these {len(unknown):,} models", f"({', '.join(unknown[:_NAMED])}{more})"
    if config.is_sandbox:
        return f"the stand-in has {' '.join(models)}: choose the profile of your account with --profile"
    is_bearer = config.credentials is not None and config.credentials.is_bearer
    what, variable = ("token", JWT) if is_bearer else ("key", KEY)
    why = f"{models[0]} is visible with this {what} {models[1]}: is it the {what} of another project?"
    return f"{why} Check {variable}, `project_id` of the profile {config.profile!r}, and the files' names"


def sees_none_of(run: Run, ids: Iterable[str]) -> bool:
    """Whether Scenario knows none of these models, by a look-up; False if it cannot tell."""
    keys: set[Key] = {("model", id_) for id_ in ids}
    catalogue = run.look_up(keys)
    return not (catalogue.entries or catalogue.failures)


def marked_if_unseen(
    run: Run, changes: list[Change], asked: Sequence[Change], is_absent: Callable[[Change], bool]
) -> list[Change]:
    """The changes; if all that were `asked` for are absent and not one of their models is visible, each with that problem.

    That a description is absent does not tell whether its model is there. The look-up is made only if it matters.
    """
    if run.stop.requested or not asked or any(change.failure or not is_absent(change) for change in asked):
        return changes
    ids = {change.model_id for change in asked}
    if not sees_none_of(run, ids):
        return changes
    return [_unseen(change) if change.model_id in ids else change for change in changes]


def _unseen(change: Change) -> Change:
    problems = (*change.problems, model_unknown())
    return replace(change, action="invalid", before="", after="", tags=(), problems=problems)


def _is_unknown(change: Change) -> bool:
    codes = {problem.code for problem in change.problems if problem.is_error}
    return _CODE in codes or (change.failure is not None and change.failure.code == _CODE)
