"""Report and Changes -> the page. Pure; its style and script are files beside this one."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING

from syncjob.report.html.article import article
from syncjob.report.html.labels import anchors, is_listed
from syncjob.report.html.masthead import contents, heading, masthead
from syncjob.report.model import Report

if TYPE_CHECKING:
    from syncjob.plan.compare import Change

_HEAD = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>syncjob: {heading}</title>
<style>{style}</style>
</head>
<body>
<a class="skip" href="#models">Skip to the models</a>
{masthead}<div class="columns">
{contents}<main id="models" tabindex="-1">
"""
_TAIL = """\
{rest}</main>
</div>
<script>{script}</script>
</body>
</html>
"""


def render(report: Report, changes: "Sequence[Change]") -> str:
    """The whole page, the same for the same run; `changes` are those of the items that are to be looked at.

    It loads nothing from anywhere, and runs no script but its own.
    """
    return "".join(parts(report, changes))


def parts(report: Report, changes: "Sequence[Change]") -> Iterator[str]:
    """The same in parts, one a model."""
    known = {(change.model_id, change.path): change for change in changes}
    items = [item for item in report.items if is_listed(item) and (item.model_id, item.path) in known]
    listed = [
        (item, known[item.model_id, item.path], anchor) for item, anchor in zip(items, anchors(items), strict=True)
    ]
    unchanged = sum(not is_listed(item) for item in report.items)
    left_out = len(report.items) - unchanged - len(items)
    style, script = _resource("page.css"), _resource("page.js")
    yield _HEAD.format(
        policy=_policy(style, script),
        heading=heading(report),
        style=style,
        masthead=masthead(report),
        contents=contents([(item, anchor) for item, _, anchor in listed], unchanged, left_out),
    )
    yield from (article(*row) for row in listed)
    yield _TAIL.format(rest="" if listed else '<p class="rest">Nothing to look at.</p>\n', script=script)


def _policy(style: str, script: str) -> str:
    """A Content-Security-Policy (w3.org/TR/CSP3) that knows the two by their digests and nothing else."""
    return (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _resource(name: str) -> str:
    return "\n" + (files(__package__) / name).read_text("utf-8")
