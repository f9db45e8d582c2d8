"""The documents name only what there is."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.project.test_architecture import FLOORS, HOMES, PACKAGE

ROOT = PACKAGE.parent
PAGES = [
    *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY", "CHANGELOG")),
    *sorted((ROOT / "docs").glob("*.md")),
]


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_document_names_exists(page: Path) -> None:
    named = set(re.findall(r"`((?:tests|syncjob|bench|docs)/[\w./-]+\.\w+)`", page.read_text("utf-8")))
    assert {name for name in named if "NAME" not in name and not (ROOT / name).is_file()} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_within_the_repository_leads_to_a_file_and_its_heading(page: Path) -> None:
    for path, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text("utf-8")):
        linked = page.parent / path if path else page
        assert linked.exists(), path
        assert not anchor or anchor in anchors(linked), f"{path}#{anchor}"


def anchors(page: Path) -> set[str]:
    """The headings of a page as GitHub writes them in links."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_promise_of_safety_names_what_shows_it() -> None:
    rows = re.findall(r"^\| (?!promise|---)(.+) \| (.+) \|$", read("docs/safety.md"), re.MULTILINE)
    assert len(rows) > 20
    assert [promise for promise, shown in rows if not re.search(r"`tests/|^the same$", shown)] == []


def test_the_page_of_the_architecture_names_rooms_and_modules_that_exist() -> None:
    named = set(re.findall(r"`([a-z_]+(?:/[\w.]*)+|\w+\.py)`", read("docs/architecture.md")))
    paths = {name for name in named if not name.startswith("tests/")}
    assert len(paths) > 40
    assert {name for name in paths if not (PACKAGE / name).exists()} == set()


def test_the_page_of_the_architecture_has_the_floors_that_imports_keep() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)", read("docs/architecture.md"), re.MULTILINE)
    floors = {number: {room for floor, room in rows if floor == number} for number, _ in rows}
    assert tuple(floors.values()) == FLOORS
    assert [int(number) for number in floors] == list(range(len(FLOORS), 0, -1))


def test_the_page_of_the_architecture_has_the_homes_that_imports_keep() -> None:
    rows = re.findall(r"^\| ([A-Za-z][\w, -]+) \| (`.+`) \| .+ \|$", read("docs/architecture.md"), re.MULTILINE)
    told = {library: re.findall(r"`(.+?)`", homes) for names, homes in rows for library in names.split(", ")}
    imported = {"PyYAML": "yaml", "markdown-it-py": "markdown_it"}
    project = tomllib.loads(read("pyproject.toml"))["project"]
    needed = {re.split("[<>=]", requirement)[0] for requirement in project["dependencies"]}
    assert {library.lower() for library in told} == needed - {"msgspec"}
    for library, homes in told.items():
        modules = HOMES[imported.get(library, library)]
        assert {home for home in homes if not any(each.startswith(home) for each in modules)} == set()
        assert {each for each in modules if not each.startswith(tuple(homes))} == set()


def test_the_index_has_each_page_in_exactly_one_place_with_a_line_about_it() -> None:
    entries = re.findall(r"^- \[[^\]]+\]\(([^)/]+\.md)\): \S.+$", read("docs/README.md"), re.MULTILINE)
    pages = [page.name for page in (ROOT / "docs").glob("*.md") if page.name != "README.md"]
    assert sorted(entries) == sorted(pages)


def test_the_readme_shows_every_picture_in_words_too() -> None:
    page = read("README.md")
    shown = set(re.findall(r'(?:src|srcset)="([^"]+)"', page)) | set(re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page))
    made = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs" / "pictures").iterdir()}
    assert {name for name in shown if "pictures/" in name} == made
    assert all(len(words) > 40 for words in re.findall(r'<img src="[^"]+" alt="([^"]*)">', page))
    assert page.count("<img ") == page.count("<picture>") == page.count(' alt="')
