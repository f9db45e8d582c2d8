"""The cards of what a description shows: swapped ones side by side, none without a reason, no more than a page holds."""

import re
from collections.abc import Mapping

import pytest

from syncjob.pictures.fitting import FULL, MAX_BYTES, MAX_PAGE, Picture
from syncjob.plan.compare import Change
from syncjob.plan.references import Entry
from syncjob.problems import Problem
from syncjob.report.html.page import parts
from syncjob.scenario.media import Media
from tests.report.test_html import Read, change, report
from tests.support.image_files import image

PICTURE = Picture("png", image(), 40, 30)
HOSTILE = '"><script>alert(1)</script>\u202e::error::'


def entry(id_: str, kind: str = "image", name: str | None = None, mime_type: str = "image/png") -> Entry:
    return Entry("asset", id_, name, "public", Media(kind, mime_type, "https://cdn.example/?Signature=s"))


def page(changed: Change, pictures: Mapping[str, Picture | str] | None) -> str:
    made = "".join(parts(report(changed), [changed], pictures))
    Read(made)  # well-formed
    assert "cdn.example" not in made
    return made


def rows(before: str, after: str) -> list[tuple[list[str], list[str]]]:
    """The ids of the cards of each row of swaps, and at last those of both texts."""
    known = tuple(map(entry, sorted(set(re.findall("asset:(.)", before + after)))))
    made = page(change(before, after, known=known), {one.id: PICTURE for one in known})
    gallery = made.partition('<section class="sides pictures">')[2].partition("</section>")[0]
    swaps, _, kept = gallery.partition('<div class="strip">')
    cut = [row.split('<div class="cell after') for row in swaps.split('<div class="row changed">')[1:]]
    return [(ids(old), ids(new)) for old, new in cut] + [(ids(kept), [])]


def ids(markup: str) -> list[str]:
    return re.findall(r"<code>(.)</code>", markup)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("{asset:a}", "{asset:b}", [(["a"], ["b"]), ([], [])]),
        ("{asset:a} {asset:k}", "{asset:k} {asset:b}", [(["a"], []), ([], ["b"]), (["k"], [])]),
        ("{asset:c} {asset:k} {asset:a}", "{asset:k} {asset:b}", [(["c"], []), (["a"], ["b"]), (["k"], [])]),
        ("{asset:a} {asset:k}", "{asset:k} x {asset:a}", [(["k", "a"], [])]),
        ("{asset:a} {asset:a}", "{asset:a}", [(["a"], [])]),
        ("x", "{asset:a}", [([], ["a"]), ([], [])]),
    ],
)
def test_what_took_the_place_of_a_picture_is_beside_it(
    before: str, after: str, expected: list[tuple[list[str], list[str]]]
) -> None:
    assert rows(before, after) == expected


def test_a_new_text_and_one_that_goes_have_one_side() -> None:
    for before, after, label in (("", "{asset:a}", "in the file"), ("{asset:a}", "", "on Scenario")):
        changed = change(before, after, "create" if after else "delete", known=(entry("a"),))
        made = page(changed, {"a": PICTURE})
        assert f"<h3>Pictures {label}</h3>" in made
        assert made.count("<img ") == 1


def test_a_card_says_what_it_is_or_why_there_is_no_picture() -> None:
    text = "{asset:v} {asset:gone} {asset:unasked} {asset:d} `{asset:code}`"
    missing = Problem("asset-missing", "no such asset", 1, 11)
    known = (entry("v", "video", HOSTILE, "video/mp4"), entry("d", "3d", None, HOSTILE))
    changed = change("{asset:lost}", text, "invalid", known=known, problems=(missing,))
    made = page(changed, {"v": PICTURE, "d": f"because {HOSTILE}"})
    read = Read(made)
    assert [attributes["alt"][:17] for attributes in read.of("img")] == ["Video (video/mp4)"]
    reasons = re.findall(r"No picture: (.*?)\.</p>", made)
    assert reasons[:2] == ["Scenario did not resolve it", "no such asset, or not visible to these credentials"]
    assert "it was not looked up" in reasons
    assert len(reasons) == 4
    assert "3D model (" in made
    assert "<script>alert" not in made
    assert "\u202e" not in made
    assert "code" not in ids(made)


def test_a_page_holds_as_much_as_it_may() -> None:
    large = Picture("png", bytes(MAX_BYTES), 1, 1)
    known = tuple(entry(f"a{number}") for number in range(30))
    text = " ".join(f"{{asset:{one.id}}}" for one in known)
    changed = change("", text, "create", known=known)
    made = "".join(parts(report(changed), [changed], {one.id: large for one in known}))
    assert made.count("<img ") == MAX_PAGE // large.weight
    assert made.count(FULL) == 30 - MAX_PAGE // large.weight
    assert len(made) < MAX_PAGE + 100_000


def test_very_many_are_counted_and_not_shown() -> None:
    known = tuple(entry(f"a{number}") for number in range(230))
    text = " ".join(f"{{asset:{one.id}}}" for one in known)
    made = page(change("", text, "create", known=known), {})
    assert made.count("<figure ") == 200
    assert "30 more assets omitted for length." in made


def test_without_pictures_the_page_is_as_it_was() -> None:
    changed = change("{asset:a}", "{asset:b}", known=(entry("a"),))
    assert "<figure" not in page(changed, None)
    assert "img-src" not in page(changed, {"a": "none"})
