"""Texts that are too large to work on: their bytes are compared, and report and page say that they are not shown."""

import tracemalloc
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from syncjob.git.history.texts import Version
from syncjob.local.document import Document, parse
from syncjob.plan.compare import Change
from syncjob.plan.drift import with_history
from syncjob.plan.existing import Held
from syncjob.plan.pull.files import Place, compared, fitting
from syncjob.text import canonical, code_spans, normalised
from tests.support.loopback import Loopback
from tests.support.workspace import Workspace

LARGE = "e\u0301 of many\n" * 250_000  # characters that NFC and NFKC change
DIFF = f"Too large to be shown: {len(LARGE) - 1:,} characters before, 4 after"
LAZY = ">" * 20 + "a\n" + "a\n" * 99_000 + "\n`{asset: x}`\n"


@pytest.fixture
def _large(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": LARGE})
    workspace.write("one", "file")
    workspace.commit()


@pytest.mark.usefixtures("_large")
def test_a_conflict_with_one_is_told_and_not_shown(workspace: Workspace) -> None:
    ended = workspace.json("diff")
    item = ended.item("one")
    assert (ended.status, item["action"]) == (1, "conflict")
    assert item["diff"].splitlines()[2:] == [DIFF]
    assert (item["lines_added"], item["lines_removed"]) == (0, 0)
    assert len(ended.out) < 5_000


@pytest.mark.usefixtures("_large")
@pytest.mark.parametrize("format", ["text", "markdown", "html"])
def test_every_format_says_so(workspace: Workspace, format: str) -> None:
    ended = workspace.run("diff", "--format", format)
    assert DIFF in ended.out
    assert len(ended.out) < 50_000


@contextmanager
def nothing_normalised(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The sizes of what is normalised meanwhile."""
    sizes: list[int] = []
    normalize = unicodedata.normalize

    def noted(form: str, unistr: str) -> str:
        sizes.append(len(unistr))
        return normalize(form, unistr)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(unicodedata, "normalize", noted)
        yield sizes


WORK: dict[str, Callable[[], object]] = {
    "same": lambda: canonical.same(LARGE, LARGE + "x"),
    "folded": lambda: normalised.folded(LARGE),
    "what_became": lambda: normalised.is_same_but_for_form(LARGE, LARGE + "x"),
}


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_it_is_not_normalised(work: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    with nothing_normalised(monkeypatch) as sizes:
        work()
    assert sizes == []


def test_its_words_are_not_counted() -> None:
    stored = "x y " * 1_000_000
    tracemalloc.start()
    normalised.what_became("a b", stored)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def test_one_that_is_the_same_byte_for_byte_is() -> None:
    assert canonical.same(LARGE, LARGE)
    assert canonical.unified_diff(LARGE, LARGE, before_name="a", after_name="b") == []


def test_what_scenario_holds_is_folded_once_however_many_versions_git_has(monkeypatch: pytest.MonkeyPatch) -> None:
    held = "what Scenario holds\u00e9"
    folded: list[str] = []
    fold = normalised.folded

    def noted(text: str) -> str:
        folded.append(text)
        return fold(text)

    monkeypatch.setattr(normalised, "folded", noted)
    change = Change("m", "m.md", "update", before=held, after="file")
    versions = [Version(str(number) * 40, f"version {number}") for number in range(9)]
    assert with_history(change, versions, lambda: None, may_overwrite=False).action == "conflict"
    assert folded.count(held) == 1


def test_the_closest_version_is_told_by_the_lines_of_both() -> None:
    versions = [Version("a" * 40, "one\ntwo"), Version("b" * 40, "one\nthree\nthree"), Version("c" * 40, "one")]
    change = Change("m", "m.md", "update", before="one\nthree", after="file")
    base = with_history(change, versions, lambda: None, may_overwrite=False).base
    assert base
    assert base.commit == "b" * 40


# Markdown


def test_what_takes_too_long_to_parse_holds_no_code_and_is_not_rendered() -> None:
    for bad in (LAZY, "`a` " * 60_000, "a\n" * 401_000):
        assert not code_spans.is_parsable(bad)
        assert code_spans.code_spans(bad) == ()
    for good in ("> `a`\n" * 20_000, ">" * 20 + "a\n" * 10_000, "words and more words\n" * 9_000, ""):
        assert code_spans.is_parsable(good)


def test_a_near_miss_in_it_is_an_error_and_nothing_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncjob.text.code_spans._PARSER.parse", lambda text: pytest.fail("it was parsed"))
    (problem,) = parse("m", "m.md", LAZY.encode()).problems
    assert (problem.code, problem.is_error) == ("tag-malformed", True)


def test_the_page_shows_the_source_of_what_it_does_not_render(workspace: Workspace, remote: Loopback) -> None:
    remote.add("one", texts={"one": "old"})
    workspace.held({"one": "old"})
    workspace.write("one", ">" * 20 + "a\n" + "a\n" * 40_000 + "the end")
    ended = workspace.run("diff", "--format", "html")
    assert "Too large to be rendered: see its source." in ended.out
    assert ">+the end" in ended.out


def test_a_text_that_no_file_may_hold_is_looked_at_no_closer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncjob.plan.pull.files.parse", lambda *_: pytest.fail("it was parsed"))
    document = Document("m", "m.md")
    change = fitting(document, compared(document, Held("{asset: x} " * 1_000, (), 0.0)), Place(10_000))
    assert [problem.code for problem in change.problems] == ["file-too-large"]
