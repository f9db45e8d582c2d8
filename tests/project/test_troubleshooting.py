"""Each problem code has an entry in the page of troubleshooting, and a test that provokes it."""

import re

import pytest

from tests.project.test_architecture import PACKAGE
from tests.project.test_docs import ROOT, anchors

TABLE = (ROOT / "docs/interface.md").read_text("utf-8").split("| code | meaning |")[2].split("\n\n")[0]
ROWS = re.findall(r"^\| ((?:`[a-z-]+` ?)+)\|", TABLE, re.MULTILINE)
CODES = sorted({code for row in ROWS for code in re.findall("`([a-z-]+)`", row)})
MADE = re.compile(r"""(?:(?:Problem|Failure|warning|note)\(\s*|\bcode=)"([a-z-]+)["]""")
# What people meet most often.
FREQUENT = (
    "file-name", "file-encoding", "file-uncommitted", "merge-marker", "tag-malformed", "asset-missing", "model-missing",
    "model-unknown", "reference-private", "remote-edited", "behind", "unacknowledged", "too-many-changes", "unauthorized",
    "unavailable",
)  # fmt: skip
TESTS = {
    str(path.relative_to(ROOT)): path.read_text("utf-8")
    for path in (ROOT / "tests").rglob("test_*.py")
    if path.parent.name not in ("project", "report")
}


def test_the_contract_lists_every_code_that_the_package_makes() -> None:
    made = {code for path in PACKAGE.rglob("*.py") for code in MADE.findall(path.read_text("utf-8"))}
    assert len(made) > 40
    assert made - set(CODES) == set()


def test_every_code_has_its_heading_and_no_heading_is_of_another() -> None:
    page = (ROOT / "docs/troubleshooting.md").read_text("utf-8")
    headings = re.findall(r"^### (.+)$", page, re.MULTILINE)
    assert sorted(headings) == CODES
    assert set(CODES) <= anchors(ROOT / "docs/troubleshooting.md")
    entries = re.split(r"^##+ .+$", page, flags=re.MULTILINE)
    assert sum("**What to do:**" in " ".join(entry.split()) for entry in entries) == len(CODES)


@pytest.mark.parametrize("code", FREQUENT)
def test_a_frequent_code_has_an_example(code: str) -> None:
    page = (ROOT / "docs/troubleshooting.md").read_text("utf-8")
    _, _, entry = page.partition(f"### {code}\n")
    assert "Example: " in " ".join(re.split("^#", entry, flags=re.MULTILINE)[0].split())


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_provoked_by_a_test(code: str) -> None:
    quoted = re.compile(rf"""["' ]{code}["': ]""")
    assert [name for name, text in TESTS.items() if quoted.search(text)] != []
