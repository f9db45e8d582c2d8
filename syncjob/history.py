"""What git knows of the descriptions: which files changed since a revision, and every text that it held."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from syncjob.display import shorten
from syncjob.edits import Version
from syncjob.git import GitFailed, Repository
from syncjob.text import canonical

_NO_COMMIT = re.compile(r"0{40}(?:0{24})?")
_ADVICE = "in GitHub Actions check out with fetch-depth: 0"
# Every commit that HEAD reaches, children before parents; a merge is listed with what is in none of its parents.
# All Markdown of the repository, because a rename may lead from another folder.
_LOG = (
    "log", "--topo-order", "--full-history", "--diff-merges=combined",
    "-z", "--raw", "--no-abbrev", "--find-renames", "--format=%H", "HEAD", "--", "*.md",
)  # fmt: skip
_Blobs = Mapping[str, Sequence[tuple[str, str]]]  # file name -> (commit, blob) of each version, newest first


@dataclass(frozen=True, slots=True)
class Changed:
    """Names of the files that differ from a revision; `names` is None, with the reason, where that is not known."""

    names: frozenset[str] | None
    reason: str = ""


class Texts:
    """Every text that git held for some files; read from git no earlier than it is asked for."""

    def __init__(self, gap: str | None, blobs: _Blobs, read: Callable[[str], bytes | None]) -> None:
        self._gap = gap
        self._blobs = blobs
        self._read = read

    def gap(self) -> str | None:
        """Why there may be more texts than those that were read; None where there are not."""
        return self._gap

    def of(self, name: str) -> Iterator[Version]:
        """A file's texts, newest first, canonical; those of the files that it was renamed from too."""
        commits: dict[str, str] = {}
        for commit, blob in self._blobs.get(name, ()):
            commits.setdefault(blob, commit)
        for blob, commit in commits.items():
            data = self._read(blob)
            if data is None:
                self._gap = self._gap or f"git lacks objects of its own history; {_ADVICE}"
                continue
            with suppress(UnicodeDecodeError):  # no text, so it never was a description
                yield Version(commit, canonical(data.decode("utf-8")))


def changed_since(folder: Path, revision: str) -> Changed:
    """The names in a folder that differ from the merge base of `revision` and HEAD.

    The working tree counts, untracked files too; a renamed file counts under both names.
    """
    shown = f"--since {shorten(revision, 100)}"
    if _NO_COMMIT.fullmatch(revision):
        return Changed(None, f"{shown} names no commit (a new branch)")
    try:
        repository = Repository(folder)
        base = _merge_base(repository, revision)
        return Changed(frozenset(_names_since(repository, base)))
    except GitFailed as error:
        return Changed(None, f"{shown}: {error}")


@contextmanager
def texts(folder: Path, names: Sequence[str]) -> Iterator[Texts]:
    """Every text of these files in all commits that HEAD reaches: one `git log`, one `git cat-file`.

    Where git cannot tell, the gap says why.
    """
    try:
        repository = Repository(folder)
        gap, blobs = _gap(repository), _blobs(repository, names)
    except GitFailed as error:
        gap, blobs = f"{error}; {_ADVICE}", {}
    if not blobs:
        yield Texts(gap, {}, lambda blob: None)
        return
    with repository.blobs() as contents:
        yield Texts(gap, blobs, contents.read)


def _merge_base(repository: Repository, revision: str) -> str:
    try:
        wanted = f"{revision}^{{commit}}"
        commit = repository.run("rev-parse", "--verify", "--quiet", "--end-of-options", wanted).decode().strip()
    except GitFailed as error:
        raise GitFailed(f"git knows no such commit here; {_ADVICE}") from error
    try:
        return repository.run("merge-base", commit, "HEAD").decode().strip()
    except GitFailed as error:
        raise GitFailed(f"it has no commit in common with HEAD; {_ADVICE}") from error


def _names_since(repository: Repository, base: str) -> Iterator[str]:
    folder = f":(top,literal){repository.prefix}"
    yield from _names(repository, "diff", "-z", "--name-only", "--no-renames", "--no-ext-diff", base, "--", folder)
    yield from _names(repository, "ls-files", "-z", "--others", "--exclude-standard", "--full-name", "--", folder)


def _names(repository: Repository, *command: str) -> Iterator[str]:
    for path in repository.tokens(*command):
        name = path.removeprefix(repository.prefix)
        if name and "/" not in name:
            yield name


def _gap(repository: Repository) -> str | None:
    """Why the history may hold less than there was."""
    if repository.run("rev-parse", "--is-shallow-repository").strip() == b"true":
        return f"the clone is shallow; fetch the whole history (git fetch --unshallow), {_ADVICE}"
    return None


def _blobs(repository: Repository, names: Sequence[str]) -> _Blobs:
    try:
        repository.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    except GitFailed:
        return {}  # no commit yet: a history, and an empty one
    found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    wanted = {repository.prefix + name: {name} for name in names}
    for commit, blob, old, new in _entries(repository.tokens(*_LOG)):
        for name in wanted.get(new, ()):
            found[name].append((commit, blob))
        if old and new in wanted:
            wanted.setdefault(old, set()).update(wanted[new])
    return found


def _entries(tokens: Iterator[str]) -> Iterator[tuple[str, str, str | None, str]]:
    """(commit, blob, path before a rename or None, path) of each file that a commit left, newest first.

    The form is that of `git diff-tree --raw -z`: one colon a parent, then modes, blobs, status and paths.
    """
    commit = ""
    for token in tokens:
        entry = token.lstrip("\n")
        if not entry.startswith(":"):
            commit = entry or commit
            continue
        parents = len(entry) - len(entry.lstrip(":"))
        fields = entry.split(" ")
        blob, status = fields[2 * parents + 1], fields[-1]
        is_rename = parents == 1 and status[0] in "RC"
        old = next(tokens) if is_rename else None
        path = next(tokens)
        if blob.strip("0"):  # else it was deleted
            yield commit, blob, old, path
