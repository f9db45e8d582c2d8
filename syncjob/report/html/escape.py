"""Untrusted text -> HTML that shows it and does nothing else. Pure.

A page may be printed in a CI job, whose runner obeys `##[cmd]` anywhere in a line and `::cmd::` at
the start of one (docs.github.com, *Workflow commands*): neither is left in what is made here.
"""

import html
import re

from syncjob.text.sanitize import visible

# Characters that order or break what is read: kept in prose, as references that no terminal obeys.
_ORDERING = re.compile(r"[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def escape(text: str) -> str:
    """The text for an element or a quoted attribute, with control and bidi characters made visible."""
    return unheard(html.escape(visible(text)))


def quieted(markup: str) -> str:
    """Markup of ours that holds untrusted prose: control characters made visible, bidi characters kept."""
    return unheard(visible(_ORDERING.sub(lambda match: f"&#x{ord(match.group()):x};", markup)))


def unheard(markup: str) -> str:
    """The same markup to a browser, without what a CI runner would obey."""
    return markup.replace("##[", "#&#35;[").replace("::", "&#58;&#58;")
