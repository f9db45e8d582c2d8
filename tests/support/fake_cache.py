"""GitHub's cache, as its own action fills and reads it: keys are immutable, and restored is the exact key or the newest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class FakeCache:
    """The caches of a branch, oldest first: by key, and the string that named the paths, which is part of its version."""

    saved: dict[tuple[str, str], dict[str, bytes]] = field(default_factory=dict)
    workspace: Path = Path()

    def restore(self, inputs: Mapping[str, str]) -> None:
        prefixes = [inputs["key"], *inputs.get("restore-keys", "").splitlines()]
        for prefix in prefixes:
            for (key, path), files in reversed(self.saved.items()):
                if key.startswith(prefix) and path == inputs["path"]:
                    for name, data in files.items():
                        to = self.workspace / name
                        to.parent.mkdir(parents=True, exist_ok=True)
                        to.write_bytes(data)
                    return

    def save(self, inputs: Mapping[str, str]) -> None:
        found = [path for path in sorted(self.workspace.glob(inputs["path"])) if path.is_file()]
        assert found, "the action would warn: there is nothing to save"
        files = {str(path.relative_to(self.workspace)): path.read_bytes() for path in found}
        assert (inputs["key"], inputs["path"]) not in self.saved, "the action would warn: the key is taken"
        self.saved[inputs["key"], inputs["path"]] = files

    @property
    def newest(self) -> dict[str, bytes]:
        return list(self.saved.values())[-1]
