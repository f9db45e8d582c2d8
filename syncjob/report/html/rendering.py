"""Templates -> HTML in which every value is escaped by `escape`. Pure; the one home of jinja2.

No filter gives markup, so that none keeps a value from being escaped: jinja2's own, `safe` among them, are not here.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup as Markup  # for the modules beside this one too

from syncjob.report.html.escape import escape
from syncjob.report.model import Item
from syncjob.report.summary import counted, replaces_edit, was_emptied
from syncjob.text.sanitize import one_line


@pass_eval_context  # which also keeps jinja2 from rendering constants without it
def _finalized(_: EvalContext, value: object) -> Markup:
    return value if isinstance(value, Markup) else trusted(escape(str(value)))


def _digest(text: str) -> str:
    """A source of a Content-Security-Policy (w3.org/TR/CSP3)."""
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _place(parts: Iterable[object]) -> str:
    return ":".join(str(part) for part in parts if part)


def _problem_count(item: Item) -> int:
    return len(item.problems) + bool(item.error)


_ENVIRONMENT = Environment(
    loader=PackageLoader(__package__),
    autoescape=True,
    finalize=_finalized,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters = {
    "counted": counted,
    "digest": _digest,
    "length": len,
    "one_line": one_line,
    "place": _place,
    "problem_count": _problem_count,
    "replace": str.replace,
    "replaces_edit": replaces_edit,
    "was_emptied": was_emptied,
}


def render(template: str, **values: Any) -> Markup:
    """The template with those values, as a value of another one."""
    return trusted(_ENVIRONMENT.get_template(template).render(values))


def stream(template: str, **values: Any) -> Iterator[str]:
    """The same in parts, each made when it is asked for."""
    return _ENVIRONMENT.get_template(template).generate(values)


def trusted(markup: str) -> Markup:
    """What goes into a template as it is: what was escaped or rendered, and our style and script."""
    return Markup(markup)  # noqa: S704  # the only one
