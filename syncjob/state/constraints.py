"""What the files that runs leave to later ones may hold; anybody may have written them. Pure."""

import re
from datetime import datetime
from typing import Annotated

from msgspec import Meta

from syncjob.text.tags import ID_PATTERN

# \Z, because $ is true before a last newline too.
ModelId = Annotated[str, Meta(pattern=rf"^{ID_PATTERN}\Z")]
RunId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Time = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z")]
Count = Annotated[int, Meta(ge=1)]
Moment = Annotated[datetime, Meta(tz=True)]
Code = Annotated[str, Meta(pattern=r"^[a-z-]{1,40}\Z")]
# A line that acts on no terminal: no control, no bidi mark, no line end of any kind.
_ACTIVE = r"\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
Line = Annotated[str, Meta(pattern=rf"^[^{_ACTIVE}]{{0,4096}}\Z")]


def plain(error: Exception) -> str:
    """msgspec's sentence, less a pattern that nobody wants to read."""
    return re.sub(r"Expected `str` matching regex '.*'", "a text of another form", str(error))
