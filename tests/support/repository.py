"""A repository's objects, read as they are: what each commit holds, without any code of syncjob."""

import subprocess
from pathlib import Path

from tests.support.oracle import Files, Lines

FOLDER = ".acknowledged"


class Objects:
    """Reads objects through one `git cat-file`, which sees those that come later too."""

    def __init__(self, repository: Path) -> None:
        self._repository = repository
        self._git = subprocess.Popen(
            ["git", "-C", str(repository), "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def close(self) -> None:
        self._git.communicate()

    def commit(self, name: str, own: str) -> tuple[tuple[str, ...], Files, Lines]:
        """A commit's parents, its descriptions, and its acknowledged lines, those that begin with `own` without that."""
        head = self._read(name).split(b"\n\n")[0].decode().split("\n")
        parents = tuple(line.removeprefix("parent ") for line in head if line.startswith("parent "))
        top = self._tree(head[0].removeprefix("tree "))
        folder = self._tree(top["descriptions"]) if "descriptions" in top else {}
        files = {name.removesuffix(".md"): self._read(id_) for name, id_ in folder.items() if name.endswith(".md")}
        lines = {
            name: frozenset(line.removeprefix(own) for line in text.splitlines())
            for name, id_ in (self._tree(folder[FOLDER]) if FOLDER in folder else {}).items()
            for text in [self._read(id_).decode()]
        }
        return parents, files, lines

    def merge_base(self, one: str, other: str) -> str:
        """The one that git takes of several."""
        done = subprocess.run(
            ["git", "-C", str(self._repository), "merge-base", one, other], capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    def _tree(self, id_: str) -> dict[str, str]:
        """The names in a tree, and the objects that they are for."""
        data, found = self._read(id_), {}
        while data:
            about, _, rest = data.partition(b"\0")
            found[about.split(b" ", 1)[1].decode()] = rest[:20].hex()
            data = rest[20:]
        return found

    def _read(self, id_: str) -> bytes:
        assert self._git.stdin
        assert self._git.stdout
        self._git.stdin.write(f"{id_}\n".encode())
        self._git.stdin.flush()
        size = int(self._git.stdout.readline().split()[2])
        return self._git.stdout.read(size + 1)[:-1]
