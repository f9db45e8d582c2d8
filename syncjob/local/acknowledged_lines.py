"""Lines `<profile> <SHA-256>` of the texts on Scenario that the team has seen and that may be replaced. Pure."""

import re
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from syncjob.problems import Problem
from syncjob.text.sanitize import shorten

FOLDER = ".acknowledged"
CODE = "acknowledged-line"
MAX_BYTES = 100_000  # a file holds a line a profile, so this is a thousand of them
_MOST_WRONG = 10
_DIGEST = re.compile("[0-9a-f]{64}")
_MARKERS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")


class Line(NamedTuple):
    """The text with this digest, its canonical form's, may be replaced on Scenario by a run of this profile."""

    profile: str
    sha256: str


class Read(NamedTuple):
    """The lines of a model, and what is wrong with its file."""

    lines: frozenset[Line] = frozenset()
    problems: tuple[Problem, ...] = ()

    def allows(self, profile: str, digest: str | None) -> bool:
        """Whether a run may replace the text with this digest."""
        return Line(profile, digest or "") in self.counted

    @property
    def counted(self) -> frozenset[Line]:
        """The lines that decide anything: a file of which anything is wrong counts for nothing."""
        return frozenset() if self.problems else self.lines


def parse(data: bytes) -> Read:
    """The lines of a file, and a problem for each of the first that are none."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return Read(problems=(Problem(CODE, "is not UTF-8; delete the file, and acknowledge again"),))
    found = [_line(line.removesuffix("\r")) for line in text.removesuffix("\n").split("\n")]
    wrong = (Problem(CODE, each, number, 1) for number, each in enumerate(found, 1) if isinstance(each, str))
    return Read(frozenset(each for each in found if isinstance(each, Line)), tuple(islice(wrong, _MOST_WRONG)))


def _line(line: str) -> Line | str:
    """What a line says, or why it says nothing."""
    profile, _, digest = line.rpartition(" ")
    if profile and profile.isprintable() and _DIGEST.fullmatch(digest):
        return Line(profile, digest)
    if line.startswith(_MARKERS):
        return "a conflict marker: keep the lines of both sides, and remove it"
    what = f'"{shorten(line, 100)}" is not' if line else "an empty line is not"
    return f"{what} `PROFILE SHA-256`; remove it, and run `syncjob acknowledge` for its model"


def render(lines: Iterable[Line]) -> bytes:
    """The file that holds these lines."""
    return "".join(f"{profile} {digest}\n" for profile, digest in sorted(set(lines))).encode()


def updated(lines: Iterable[Line], profile: str, digest: str | None, *, is_seen: bool) -> frozenset[Line]:
    """The lines without those of a profile but that of the text that it holds now; with that one if it `is_seen`.

    `digest` is of that text, None for none.
    """
    kept = frozenset(line for line in lines if line.profile != profile or line.sha256 == digest)
    return kept | {Line(profile, digest)} if is_seen and digest else kept
