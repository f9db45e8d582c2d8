"""What git writes into the working tree of what it holds: idents and encodings, which are its own. Pure.

Line ends are left out: in canonical text there is one kind.
"""

import re
from collections.abc import Iterator

# What `ident` replaces, by git's convert.c: `$Id$`, and `$Id: x $` without white space inside, which others write.
_IDENT = re.compile(rb"\$Id(?::(?:[^$\n][^$\n ]* ?)?)?\$")
# The same as git reads it in a stream, which begins to look again behind what was no ident.
_STREAMED = re.compile(rb"(\$Id\$|\$Id:(?! [^$\n]*\s[^$])[^$\n]*\$)|\$Id:[^$\n]*[$\n]|\$(?:Id?)?.", re.DOTALL)
# What git and Python both know, and both write in a time that grows with the text alone: of Python's own some do not.
_ENCODINGS = re.compile(
    r"utf(8|(16|32)([lb]e)?)|(us)?ascii|(latin|iso8859|cp|windows)[0-9]+|koi8[ru]|macintosh|s(hift)?jis"
    r"|euc(jp|kr|cn)|gb(k|2312|18030)|big5(hkscs)?",
    re.IGNORECASE,
)


def checked_out(data: bytes, blob: str, encoding: str | None) -> Iterator[bytes]:
    """The forms in which a blob of that hash may have been checked out, each once; first as it is.

    With the ident and without: its attribute may have come or gone. `encoding` is that of the attributes, None for none.
    """
    forms = [data]
    if b"$Id" in data:
        ident = f"$Id: {blob} $".encode()
        forms.append(_IDENT.sub(ident, data))
        forms.append(_STREAMED.sub(lambda found: ident if found[1] else found[0], data))
    if encoding:
        forms += [form for each in forms if (form := encoded(each, encoding)) is not None]
    yield from dict.fromkeys(forms)


def encoded(data: bytes, encoding: str) -> bytes | None:
    """UTF-8 in another encoding, as git writes it; None if it cannot, or if this is not known."""
    if not _ENCODINGS.fullmatch(re.sub("[-_]", "", encoding)):
        return None
    try:
        return data.decode("utf-8").encode(encoding)
    except (ValueError, LookupError):
        return None
