"""`check`: the files, and with `--remote` what they refer to, without writing."""

from collections.abc import Iterable
from itertools import takewhile

from syncjob.commands.planning import unasked_plan
from syncjob.commands.result import report_of
from syncjob.commands.run import Run
from syncjob.commands.visibility import unseen_problem
from syncjob.errors import Stopped
from syncjob.local import scope
from syncjob.local.acknowledged import problems_of as problems_of_lines
from syncjob.local.document import Document
from syncjob.local.pages import is_page, page
from syncjob.plan.compare import Plan, not_compared
from syncjob.plan.references import Catalogue, Key, model_unknown, problems_of
from syncjob.plan.suggestions import Suggestions
from syncjob.problems import Problem
from syncjob.report import build
from syncjob.report.model import Item, Report


def check(run: Run, *, is_remote: bool) -> Report:
    """Checks the files, and with `is_remote` that every model and every referenced id exists."""
    options = run.options
    try:
        found = scope.find(run.config, options.patterns, options.since, is_check=True, git=run.git, stop=run.stop)
    except Stopped:
        plan = unasked_plan(run)
        return report_of(run, build.plan_items(plan), plan.problems, dry_run=True)
    documents = tuple(takewhile(lambda _: not run.stop.requested, found.documents(run.stop)))
    catalogue = None
    if is_remote:
        valid = [document for document in documents if document.is_valid]
        keys: set[Key] = {("model", document.model_id) for document in valid}
        catalogue = run.look_up(keys | {(tag.kind, tag.id) for document in valid for tag in document.tags})
    suggestions = Suggestions(found.names)
    checked = (_item(document, catalogue, suggestions) for document in documents)
    unread = map(found.files.unread, found.asked[len(documents) :])
    items = (*checked, *build.plan_items(Plan(tuple(map(not_compared, unread)))))
    config = run.config
    of_lines = problems_of_lines(config.folder, config.shown_folder, config.profiles)
    lines = takewhile(lambda _: not run.stop.requested, of_lines)
    unseen = _unseen(run, documents, catalogue) if catalogue else ()
    return report_of(run, items, (*found.problems, *unseen, *lines), dry_run=True)


def _unseen(run: Run, documents: Iterable[Document], catalogue: Catalogue) -> tuple[Problem, ...]:
    """The problem of the run if none of the documents' models is visible."""
    asked = [document.model_id for document in documents if document.is_valid]
    unknown = (id_ for id_ in asked if not (catalogue.entry("model", id_) or catalogue.failure("model", id_)))
    return unseen_problem(run.config, list(unknown), len(asked))


def _item(document: Document, catalogue: Catalogue | None, suggestions: Suggestions) -> Item:
    """An item of the report; without a catalogue nothing was looked up."""
    model_id, path, problems = document.model_id, document.path, document.problems
    if catalogue is None or not document.is_valid:
        pages = (page(model_id),) if catalogue is None and is_page(model_id) else ()
        return build.checked_item(model_id, path, None, problems + pages, None)
    model = catalogue.entry("model", model_id)
    failure = catalogue.failure("model", model_id)
    if model is None and failure is None:
        problems += (model_unknown(),)
    found, failed = problems_of(document.text, document.tags, model, catalogue)
    problems = suggestions.to(problems + found, document.tags, model_id, catalogue)
    return build.checked_item(model_id, path, model.name if model else None, problems, failure or failed)
