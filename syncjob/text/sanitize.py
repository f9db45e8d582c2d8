"""What untrusted text looks like on a terminal or in a log: nothing in it acts. Pure."""

import re

# C0 but tab and newline, DEL, C1, the bidi controls, U+2028/2029, and lone surrogates.
_ACTIVE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
# The colours that we print ourselves: reset, bold, dim, reversed, red, green, yellow, blue, magenta, cyan.
_COLOR = re.compile(r"(\x1b\[(?:[0-27]|3[1-6])m)")
# What is blank is not given back: no `::` is in it.
_COMMAND_LINE = re.compile(r"(?:^|(?<=[\r\n]))(?=(?:[^\S\r\n]|\ufeff)*+::)")
_REASON_CHARACTERS = 300


def visible(text: str) -> str:
    r"""The text with every control and bidi character as an escape such as `\x1b` or `\u202e`."""
    return text if _is_plain(text) else _ACTIVE.sub(_escape, text)


def printable(text: str, *, is_colored: bool) -> str:
    """`visible`, but for our own colours if `is_colored`."""
    if not is_colored or "\x1b" not in text:
        return visible(text)
    return "".join(part if place % 2 else visible(part) for place, part in enumerate(_COLOR.split(text)))


def one_line(text: str) -> str:
    """`visible`, on one line: white space runs, newlines included, become one space."""
    return visible(" ".join(text.split()))


def unbroken(text: str) -> str:
    r"""`visible`, on one line and otherwise unchanged: a newline or a tab is an escape too."""
    return visible(text.replace("\n", r"\n").replace("\t", r"\t"))


def shorten(text: str, limit: int = _REASON_CHARACTERS) -> str:
    """`one_line`, at most `limit` characters long."""
    line = one_line(text[: 4 * limit])
    is_whole = len(text) <= 4 * limit and len(line) <= limit
    return line if is_whole else line[: limit - 1] + "…"


def json_safe(encoded: str) -> str:
    r"""JSON text with such characters as `\u` escapes: the same value, and nothing acts on a terminal or a runner."""
    if not _is_plain(encoded):
        encoded = _ACTIVE.sub(lambda match: f"\\u{ord(match.group()):04x}", encoded)
    return encoded.replace("##[", r"#\u0023[")


def inert(text: str) -> str:
    """The text with a zero-width space in whatever the runner of GitHub Actions would obey.

    It obeys `::command::` as the first word of a line and `##[command]` anywhere (actions/runner, ActionCommand.cs).
    """
    return _COMMAND_LINE.sub("\u200b", text).replace("##[", "#\u200b#[")


def _is_plain(text: str) -> bool:
    """Whether nothing in a text can be active, in a tenth of the time that it takes to search it; False proves nothing."""
    return text.replace("\n", "").replace("\t", "").isprintable()


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
