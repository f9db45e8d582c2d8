"""Three-way merges of texts, by `git merge-file`."""

from pathlib import Path
from typing import NamedTuple

from syncjob.files import whole
from syncjob.git import call
from syncjob.git.call import GitFailed
from syncjob.git.git import Git
from syncjob.text.canonical import canonical

_MOST = 127  # conflicts that git counts, in its exit status
_STYLE = (("merge.conflictStyle", "merge"),)  # the one setting that it knows; it reads no attributes


class Merged(NamedTuple):
    """A canonical text with the changes of two others since their base; `conflicts` is how many of them overlap."""

    text: str
    conflicts: int


def merge(base: str, ours: str, theirs: str, labels: tuple[str, str], git: Git) -> Merged:
    """Both sides' changes; those that overlap are between markers with the two labels. Raises GitFailed and Stopped."""
    contents = [f"{text}\n".encode() for text in (ours, base, theirs)]
    named = [part for label in (labels[0], "before", labels[1]) for part in ("-L", label)]
    try:
        with whole.scratch(*contents) as files:
            # At the root of the file system: in the folder of temporary files anybody may have put a `.git`.
            command = ("merge-file", "-p", "-q", *named, "--", *map(str, files))
            merged, conflicts = call.completed(
                Path(files[0].anchor), command, git.watch, settings=_STYLE, max_status=_MOST
            )
    except OSError as error:
        raise GitFailed(f"cannot write temporary files: {error.strerror}") from error
    return Merged(canonical(merged.decode()), conflicts)
