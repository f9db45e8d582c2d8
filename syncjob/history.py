"""What git knows of the descriptions: which files changed, and every text it held; the only module that runs git."""

import os
import re
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from syncjob.display import one_line, shorten
from syncjob.edits import Version
from syncjob.text import canonical

_NO_COMMIT = re.compile(r"0{40}(?:0{24})?")
_ADVICE = "in GitHub Actions check out with fetch-depth: 0"
# Settings of a user's own that change what git prints, or run a program.
_PLAIN = (
    "-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "-c", "diff.relative=false",
    "-c", "log.follow=false", "-c", "log.showRoot=true", "-c", "log.showSignature=false", "-c", "color.ui=false",
)  # fmt: skip
# Every commit that HEAD reaches, children before parents; a merge is listed with what is in none of its parents.
# All Markdown of the repository, because a rename may lead from another folder.
_LOG = (
    "log", "--topo-order", "--full-history", "--diff-merges=combined",
    "-z", "--raw", "--no-abbrev", "--find-renames", "--format=%H", "HEAD", "--", "*.md",
)  # fmt: skip


class _GitFailed(Exception):
    """git is missing, or ended with an error; the text says which."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Names of the files that differ from a revision; `names` is None, with the reason, where that is not known."""

    names: frozenset[str] | None
    reason: str = ""


class Texts:
    """Every text that git held for some files; read from git no earlier than it is asked for."""

    def __init__(
        self, gap: str | None, blobs: Mapping[str, Sequence[tuple[str, str]]], read: Callable[[str], bytes | None]
    ) -> None:
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


class History:
    """The git repository around a folder of descriptions, which need not exist any more.

    Without a repository, or without git, everything is answered with "not known" and why.
    """

    def __init__(self, folder: Path) -> None:
        self._missing = ""
        try:
            self._root, self._prefix = _locate(folder)
        except _GitFailed as error:
            self._missing = str(error)

    def changed_since(self, revision: str) -> Changed:
        """The names in the folder that differ from the merge base of `revision` and HEAD.

        The working tree counts, untracked files too; a renamed file counts under both names.
        """
        shown = one_line(revision)
        if self._missing:
            return Changed(None, f"--since {shown}: {self._missing}")
        if _NO_COMMIT.fullmatch(revision):
            return Changed(None, f"--since {shown} names no commit (a new branch)")
        try:
            commit = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").strip()
        except _GitFailed:
            return Changed(None, f"--since {shown}: git knows no such commit here; {_ADVICE}")
        try:
            base = self._git("merge-base", commit.decode(), "HEAD").strip().decode()
        except _GitFailed:
            return Changed(None, f"--since {shown} has no commit in common with HEAD; {_ADVICE}")
        try:
            return Changed(frozenset(self._names_since(base)))
        except _GitFailed as error:
            return Changed(None, f"--since {shown}: {error}")

    @contextmanager
    def texts(self, names: Sequence[str]) -> Iterator[Texts]:
        """Every text of these files in all commits that HEAD reaches: one `git log`, one `git cat-file`."""
        try:
            gap, blobs = self._gap(), self._blobs(names)
        except _GitFailed as error:
            gap, blobs = f"{error}; {_ADVICE}", {}
        if not blobs:
            yield Texts(gap, blobs, lambda blob: None)
            return
        with self._start("cat-file", "--batch") as batch:
            yield Texts(gap, blobs, partial(_read_blob, batch))

    def _names_since(self, base: str) -> Iterator[str]:
        folder = f":(top,literal){self._prefix}"
        differing = self._git("diff", "-z", "--name-only", "--no-renames", "--no-ext-diff", base, "--", folder)
        untracked = self._git("ls-files", "-z", "--others", "--exclude-standard", "--full-name", "--", folder)
        for path in (differing + untracked).split(b"\0"):
            name = os.fsdecode(path).removeprefix(self._prefix)
            if name and "/" not in name:
                yield name

    def _gap(self) -> str | None:
        """Why the history may hold less than there was; raises _GitFailed where there is none."""
        if self._missing:
            raise _GitFailed(self._missing)
        if self._git("rev-parse", "--is-shallow-repository").strip() == b"true":
            return f"the clone is shallow; fetch the whole history (git fetch --unshallow), {_ADVICE}"
        return None

    def _blobs(self, names: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
        """(commit, blob) of each version of each name, newest first."""
        try:
            self._git("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        except _GitFailed:
            return {}  # no commit yet: a history, and an empty one
        found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        wanted = {self._prefix + name: {name} for name in names}
        with self._start(*_LOG) as log:
            for commit, blob, old, new in _entries(_tokens(log)):
                for name in wanted.get(new, ()):
                    found[name].append((commit, blob))
                if old and new in wanted:
                    wanted.setdefault(old, set()).update(wanted[new])
            log.wait()
        if log.returncode:
            raise _GitFailed(f"git log ended with status {log.returncode}")
        return found

    def _git(self, *arguments: str) -> bytes:
        return _run(self._root, *arguments)

    def _start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: S603  fixed arguments, no shell
            ["git", "-C", self._root, *_PLAIN, *arguments],  # noqa: S607  the user's own git
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            process_group=0,  # Ctrl-C is for syncjob, which ends in order
        )


def _locate(folder: Path) -> tuple[str, str]:
    """The repository's root, and the folder within it as a prefix of paths: "" or with a final slash."""
    resolved = folder.resolve()
    there = next(path for path in (resolved, *resolved.parents) if path.is_dir())
    root = os.fsdecode(_run(str(there), "rev-parse", "--show-toplevel").removesuffix(b"\n"))
    if not root:
        raise _GitFailed("no git working tree here")
    prefix = resolved.relative_to(Path(root).resolve()).as_posix()
    return root, "" if prefix == "." else f"{prefix}/"


def _read_blob(batch: "subprocess.Popen[bytes]", blob: str) -> bytes | None:
    """A blob's bytes; None where git does not have it. One at a time: two full pipes would wait for each other."""
    assert batch.stdin  # noqa: S101  a pipe, by the call that made it
    assert batch.stdout  # noqa: S101
    try:
        batch.stdin.write(f"{blob}\n".encode())
        batch.stdin.flush()
        header = batch.stdout.readline().split()
        return batch.stdout.read(int(header[2]) + 1)[:-1] if len(header) == 3 else None
    except OSError:
        return None


def _tokens(log: "subprocess.Popen[bytes]") -> Iterator[str]:
    """What stands between the NUL bytes of git's output."""
    assert log.stdout  # noqa: S101  a pipe
    rest = b""
    while chunk := log.stdout.read(1 << 16):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from map(os.fsdecode, whole)


def _entries(tokens: Iterator[str]) -> Iterator[tuple[str, str, str | None, str]]:
    """(commit, blob, path before a rename or None, path) of each file that a commit left, newest first."""
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


def _run(folder: str, *arguments: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603  fixed arguments, no shell
            ["git", "-C", folder, *_PLAIN, *arguments],  # noqa: S607  the user's own git
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=_environment(),
            process_group=0,
            check=False,
        )
    except OSError as error:
        raise _GitFailed("git is not installed, or cannot be run") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        raise _GitFailed(f"git: {shorten(said) or f'status {done.returncode}'}")
    return done.stdout


def _environment() -> dict[str, str]:
    """The environment without credentials, which no git hook or filter needs, and without odd path rules."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("SCENARIO_") and "PATHSPECS" not in name
    }
    return {**kept, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
