"""What the build of a release has and a clone has not: where it came from, and a README whose links lead there.

`python release.py OWNER/REPO COMMIT` writes both into the checkout that is to be built. PyPI shows the README beside
no repository, so that neither its pictures nor its links would be found. It imports nothing that is not Python's own.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent
_FENCED = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)
_ELSEWHERE = r"(?!https?:|mailto:|#)"
# The address of a picture or a link, after what makes it one.
_ADDRESS = re.compile(
    rf'(?P<before>(?P<picture>!?)\[[^\]]*\]\(|\b(?P<source>src|srcset)="){_ELSEWHERE}(?=[^)"\s]+[)"])'
)


def absolute(text: str, repository: str, commit: str) -> str:
    """A page at the root of the repository, with the addresses on GitHub of what its links and pictures name. Pure."""
    raw, page = (
        f"https://raw.githubusercontent.com/{repository}/{commit}/",
        f"https://github.com/{repository}/blob/{commit}/",
    )

    def addressed(found: re.Match[str]) -> str:
        return found["before"] + (raw if found["picture"] or found["source"] else page)

    parts = _FENCED.split(text)  # every other one is code
    return "".join(part if place % 2 else _ADDRESS.sub(addressed, part) for place, part in enumerate(parts))


def main(repository: str, commit: str) -> None:
    known = json.dumps({"repository": repository, "commit": commit})
    (ROOT / "syncjob" / "commands" / "init" / "release.json").write_text(f"{known}\n", "utf-8")
    readme = ROOT / "README.md"
    readme.write_text(absolute(readme.read_text("utf-8"), repository, commit), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
