"""What a change of a pull becomes when both sides' changes are merged. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from syncjob.git.merge import Merged
from syncjob.local.unfinished import own_markers
from syncjob.plan.compare import Action, Change
from syncjob.plan.pull.base import MergeBase
from syncjob.problems import Problem, note, warning
from syncjob.text.canonical import same, sha256


def with_both(change: Change, base: MergeBase, merged: Merged) -> Change:
    """The change that writes what was merged; with errors if somebody has to look at it.

    It is `unchanged` if the file has all of Scenario's changes already.
    """
    if not merged.text:
        return not_merged(change, "the merged text would be empty")
    problems = (*change.problems, *_problems(change, base, merged))
    if not same(merged.text, change.before):
        return replace(change, after=merged.text, after_sha256=sha256(merged.text), problems=problems)
    return _in_the_file(change, base, problems)


def _in_the_file(change: Change, base: MergeBase, problems: tuple[Problem, ...]) -> Change:
    action: Action = "unchanged"
    if base.is_guess:
        message = f"the file has all that Scenario changed since {_guessed(base)}"
        advice = f"if that is right, run `syncjob acknowledge {change.model_id}`"
        action, problems = "conflict", (*change.problems, Problem("merge-guess", f"{message}; {advice}"))
    return replace(change, action=action, before="", after="", after_sha256=change.before_sha256, problems=problems)


def not_merged(change: Change, why: str) -> Change:
    advice = f"`syncjob pull {change.model_id}` takes Scenario's text as it is"
    problem = Problem("merge-base", f"nothing was merged: {why}; {advice}")
    return replace(change, action="conflict", problems=(*change.problems, problem))


def _problems(change: Change, base: MergeBase, merged: Merged) -> Iterator[Problem]:
    since = _label(base)
    if base.is_guess:
        advice = "look for what Scenario deleted, or name the last sync with --since"
        yield Problem("merge-guess", f"Scenario's text was merged as if it was made from {_guessed(base)}: {advice}")
    elif base.is_sent and same(base.version.text, change.after):
        advice = f"to take it in place of the file, run `syncjob pull {change.model_id}`"
        yield note("merged", f"a sync here wrote Scenario's text, from which the file has moved on; {advice}")
    elif same(base.version.text, change.before):
        yield note("adopted", f"the file is unchanged since {since}, so Scenario's text replaces it")
    else:
        yield note("merged", f"Scenario's changes since {since} were merged with those of the file")
    if base.nearer and not base.is_guess:
        commits = f"commit {base.nearer.commit[:10]} than to commit {base.version.commit[:10]}, the base of this merge"
        advice = "look for changes that the file has lost, or name the last sync with --since"
        yield warning("own-changes", f"Scenario's text is closer to {commits}: {advice}")
    if merged.conflicts:
        for line in own_markers(merged.text):
            message = "both sides changed this: keep what is right, and remove the markers"
            yield Problem("merge-marker", message, line, 1)


def _label(base: MergeBase) -> str:
    return "the last sync here" if base.is_sent else f"commit {base.version.commit[:10]}"


def _guessed(base: MergeBase) -> str:
    return f"{_label(base)}, which is a guess"
