"""The page for reviewers in a real browser: it loads nothing, says nothing, and people can use it."""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, sync_playwright

from syncjob.git.history.texts import Version
from syncjob.local.document import parse
from syncjob.pictures.fitting import Picture
from syncjob.plan.compare import Change, compare, with_references
from syncjob.plan.existing import Held
from syncjob.plan.references import Catalogue, Entry
from syncjob.problems import Failure, Problem, warning
from syncjob.report.html.page import parts
from syncjob.sandbox.drawing import HEIGHT, WIDTH, drawn
from syncjob.scenario.media import Media
from syncjob.text.canonical import canonical
from syncjob.text.tags import Kind, find
from tests.report.test_html import change, report

pytestmark = pytest.mark.deep

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip
PROJECT = Path(__file__).parents[2]

# The least contrast of any text with what is painted behind it, and that text (w3.org/TR/WCAG22, 1.4.3).
CONTRAST = """() => {
  const parts = (color) => (color.match(/[\\d.]+/g) || []).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [r, g, b, a = 1] = parts(getComputedStyle(at).backgroundColor);
      if (a === 1) return [r, g, b];
    }
    return [255, 255, 255];
  };
  let least = [99, ""];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest("script")) continue;
    const both = [light(parts(getComputedStyle(element).color).slice(0, 3)), light(behind(element))].sort((a, b) => b - a);
    const ratio = (both[0] + 0.05) / (both[1] + 0.05);
    if (ratio < least[0]) least = [ratio, `${element.className} ${walker.currentNode.data.trim()}`];
  }
  return least;
}"""


# Every box whose content is wider than it is, and that cannot be scrolled sideways.
CUT_OFF = """() => [...document.querySelectorAll("body *")].filter((element) =>
  element.clientWidth > 1 && element.scrollWidth > element.clientWidth + 1
  && !["auto", "scroll"].includes(getComputedStyle(element).overflowX)
).map((element) => `${element.tagName}.${element.className}`)"""


@dataclass
class Heard:
    """What a page did that it should not: what it printed, threw, asked and fetched."""

    console: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        def say(message: ConsoleMessage) -> None:
            self.console.append(message.text)

        def ask(dialog: Dialog) -> None:
            self.dialogs.append(dialog.message)
            dialog.dismiss()

        page.on("console", say)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", ask)
        page.on("request", lambda request: self.requests.append(request.url))


@dataclass
class Reader:
    """Opens pages over file://, and holds what was heard of each of them."""

    browser: Browser
    folder: Path
    contexts: list[BrowserContext] = field(default_factory=list)
    heard: Heard = field(default_factory=Heard)

    def open(
        self,
        *changes: Change,
        problems: tuple[Problem, ...] = (),
        pictures: Mapping[str, Picture | str] | None = None,
        **context: Any,
    ) -> Page:
        path = self.folder / "page.html"
        path.write_text("".join(parts(report(*changes, problems=problems), changes, pictures)), "utf-8")
        self.contexts.append(self.browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **context}))
        page = self.contexts[-1].new_page()
        self.heard.listen(page)
        page.goto(path.as_uri())
        return page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium on PATH")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def reader(browser: Browser, tmp_path: Path) -> Iterator[Reader]:
    """After each test: the page was silent and fetched nothing but itself."""
    opened = Reader(browser, tmp_path)
    yield opened
    for context in opened.contexts:
        context.close()
    heard = opened.heard
    assert (heard.console, heard.errors, heard.dialogs) == ([], [], [])
    fetched = {url.partition("#")[0] for url in heard.requests if not url.startswith("data:image/")}
    assert fetched <= {(tmp_path / "page.html").as_uri()}


def demo() -> list[Change]:
    """What the demo changes: the descriptions of this repository against the stand-in's first state."""
    seed = json.loads((PROJECT / "syncjob/sandbox/seed.json").read_text("utf-8"))
    kinds: tuple[tuple[Kind, str], ...] = (("asset", "assets"), ("model", "models"))
    records = {
        (kind, row["id"]): Entry(kind, row["id"], row["name"], row["privacy"])
        for kind, rows in kinds
        for row in seed[rows]
    }
    changes = []
    for row in sorted(seed["models"], key=lambda row: str(row["id"])):
        path = f"descriptions/{row['id']}.md"
        text = canonical(row.get("description", ""))
        known = tuple(records[tag.kind, tag.id] for tag in find(text)[0])
        made = compare(parse(row["id"], path, (PROJECT / path).read_bytes()), Held(text, known, 0.0))
        changes.append(with_references(made, Catalogue(records)))
    return changes


def troubled() -> list[Change]:
    """One of each thing that a page can have to say."""
    text = "# Title\n\n" + "\n\n".join(f"Paragraph {number} of the text that nobody changed." for number in range(12))
    wide = "| " + " | ".join(f"column{number}" for number in range(20)) + " |\n|" + "---|" * 20
    references = "{asset:asset_gone0000000000000000000} {asset:asset_here} {model:odd} `{asset:x}` ![A fox](https://img.example/a.png)"
    edited = text.replace("Paragraph 9", "Somebody's paragraph 9")
    return [
        change(
            edited,
            text.replace("Paragraph 3", "Section 3"),
            "conflict",
            "a-conflict",
            base=Version("0123456789abcdef" * 2, text),
            problems=(Problem("remote-edited", "edited on Scenario"),),
        ),
        change(
            "{asset:asset_gone0000000000000000000}\n\n[a link](http://old.example/)",
            f"{references}\n\n[a link](http://new.example/) and [no link](/x)\n\n{wide}\n\n```text\n{'long ' * 90}\n```\n\n{'W' * 300}",
            "invalid",
            "b-references",
            model_name="A model with a rather long name that goes on " * 3,
            problems=(
                Problem("asset-missing", "no such asset", 1, 1),
                warning("reference-private", "is private", 1, 40),
            ),
            known=(Entry("asset", "asset_here", "A name", "private"),),
        ),
        change(
            "old words",
            "new words",
            "update",
            "c-failed",
            failure=Failure("unavailable", "HTTP 503: try later", 503, 5),
        ),
        change("# Goes\n\nwith *all* of it", "", "delete", "d-delete"),
        change(action="invalid", model_id="e-unseen", is_compared=False),
        change("some **words**", "some words", "update", "f-markup"),
        change("a b c d " * 1500, "b c a d " * 1500, "update", "g-repetitive"),
        change(action="unchanged", model_id="h-unchanged"),
    ]


def illustrated() -> tuple[Change, Mapping[str, Picture | str]]:
    """A swap, one more picture, one that stays, and one that cannot be had."""
    media = {"old": "image", "new": "video", "more": "image", "kept": "image", "none": "3d"}
    known = tuple(
        Entry("asset", id_, f"Name of {id_}", "private", Media(kind, "video/mp4")) for id_, kind in media.items()
    )
    pictures = {id_: Picture("png", drawn(id_), WIDTH, HEIGHT) for id_ in media}
    made = change(
        "{asset:old}\n\n{asset:kept}", "{asset:new}\n\n{asset:kept}\n\n{asset:more} {asset:none}", known=known
    )
    return made, {**pictures, "none": "its server responded HTTP 403"}


HOSTILE = """\
# <script>window.ran = 1; alert(1)</script> "><img src=x onerror="window.ran = 1">

[click](javascript:window.ran=1) <javascript:alert(1)> [data](data:text/html,<script>alert(1)</script>)
![x](http://127.0.0.1:9/a.png) ![x](" onerror="alert(1)) <iframe src="http://127.0.0.1:9/"></iframe>
<style>@import url(http://127.0.0.1:9/x.css)</style> <meta http-equiv="refresh" content="0;url=http://127.0.0.1:9/">
<base href="http://127.0.0.1:9/"> <form action="http://127.0.0.1:9/"><button>x</button></form> </article></main>

| <b onclick="alert(1)"> |
|:-:|
| \u202egnp.exe |
"""


def hostile() -> list[Change]:
    made = change(
        "before", HOSTILE, "update", problems=(Problem("x", HOSTILE, 1, 1),), model_name=HOSTILE, path=HOSTILE
    )
    return [
        made,
        replace(made, model_id=HOSTILE),
        replace(made, before="", action="create"),
        replace(made, before=HOSTILE, after=""),
    ]


def many() -> list[Change]:
    old = "\n\n".join(f"Paragraph {number} of a description." for number in range(12))
    return [
        change(
            old, old.replace("graph 5", f"graph {number}"), model_id=f"model_{number:03}", model_name=f"Model {number}"
        )
        for number in range(200)
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 800, 1440])
def test_nothing_is_wider_than_the_window_and_all_text_has_contrast(
    reader: Reader, tmp_path: Path, scheme: str, width: int
) -> None:
    problems = (
        Problem("too-many-changes", "12 of 20 descriptions would be changed; look at the diff, then use --force"),
    )
    for name, changes in (("demo", demo()), ("troubled", troubled())):
        page = reader.open(*changes, problems=problems, color_scheme=scheme, viewport={"width": width, "height": 4000})
        for summary in page.locator("summary").all():
            summary.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CUT_OFF) == []
        ratio, text = page.evaluate(CONTRAST)
        assert ratio >= 4.5, text
        page.screenshot(path=tmp_path / f"{name}-{scheme}-{width}.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1024, 1600])
def test_pictures_are_seen_without_script_and_fetch_nothing(
    reader: Reader, tmp_path: Path, scheme: str, width: int
) -> None:
    made, pictures = illustrated()
    view: dict[str, Any] = {"color_scheme": scheme, "viewport": {"width": width, "height": 1500}}
    page = reader.open(made, pictures=pictures, java_script_enabled=False, **view)
    images = page.get_by_role("img").all()
    assert [image.get_attribute("alt") for image in images] == [
        "Image Name of old", "Video (video/mp4) Name of new", "Image Name of more", "Image Name of kept",
    ]  # fmt: skip
    boxes = [image.bounding_box() for image in images]
    assert all(box and box["width"] > 80 and abs(box["width"] / box["height"] - WIDTH / HEIGHT) < 0.05 for box in boxes)
    assert boxes[0]
    assert boxes[1]
    assert (boxes[0]["y"] == boxes[1]["y"]) is (width > 390)
    assert page.get_by_text("No picture: its server responded HTTP 403.").is_visible()
    page = reader.open(made, pictures=pictures, **view)
    assert page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth === 320)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CUT_OFF) == []
    ratio, text = page.evaluate(CONTRAST)
    assert ratio >= 4.5, text
    page.screenshot(path=tmp_path / f"pictures-{scheme}-{width}.png", full_page=True)


def test_the_page_says_what_it_should_in_both_schemes(reader: Reader) -> None:
    papers = set()
    for scheme in ("light", "dark"):
        page = reader.open(*demo(), color_scheme=scheme)
        assert page.get_by_role("heading", level=1).inner_text() == "3 descriptions would change"
        assert page.get_by_role("article").count() == 3
        papers.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(papers) == 2


def test_marks_can_be_told_without_colour(reader: Reader) -> None:
    page = reader.open(change("an old fox sat down", "a new fox sat down"))
    lines = page.evaluate(
        "['ins', 'del'].map((tag) => getComputedStyle(document.querySelector(tag)).textDecorationLine)"
    )
    assert lines == ["underline", "line-through"]


def test_a_hostile_text_runs_nothing_and_fetches_nothing(reader: Reader) -> None:
    page = reader.open(*hostile())
    for summary in page.locator("summary").all():
        summary.click()
    page.keyboard.press("j")
    page.wait_for_timeout(100)
    assert page.evaluate("window.ran") is None
    assert page.evaluate("document.querySelectorAll('iframe, form, base, img, object, embed, link, svg').length") == 0
    assert page.evaluate("document.querySelectorAll('script, style').length") == 2
    assert page.locator("article").count() == 4
    assert page.locator("main > article").count() == 4


def test_the_policy_is_in_force(reader: Reader) -> None:
    page = reader.open(*demo())
    refused = page.evaluate("""async () => {
      const refused = [];
      document.addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
      const script = document.createElement("script");
      script.textContent = "window.ran = 1";
      document.body.append(script);
      document.body.insertAdjacentHTML("beforeend", "<p style='color: red' onclick='1'>x</p><img src='http://127.0.0.1:9/a.png'>");
      await fetch("http://127.0.0.1:9/").catch(() => {});
      for (let look = 0; look < 600 && new Set(refused).size < 5; look++) {
        await new Promise((done) => setTimeout(done, 50));
      }
      return refused;
    }""")
    assert {"script-src-elem", "script-src-attr", "style-src-attr", "img-src", "connect-src"} <= set(refused)
    assert page.evaluate("window.ran") is None
    reader.heard.console.clear()  # what the browser said of each of them
    reader.heard.requests.clear()


def focused(page: Page) -> str:
    found: str = page.evaluate(
        "document.activeElement.id || document.activeElement.className || document.activeElement.tagName"
    )
    return found


def test_the_page_can_be_walked_with_the_keyboard(reader: Reader) -> None:
    page = reader.open(*demo())
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the models")
    assert focused(page) == "skip"
    box = skip.bounding_box()
    assert box
    assert box["width"] > 50
    page.keyboard.press("Enter")
    assert focused(page) == "models"
    ids = [article.get_attribute("id") for article in page.get_by_role("article").all()]
    walked = []
    for key in "jjjjkkk":
        page.keyboard.press(key)
        walked.append(focused(page))
    assert walked == [ids[0], ids[1], ids[2], ids[2], ids[1], ids[0], ids[0]]
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("article details[open]").count() == 1


def test_focus_is_seen(reader: Reader) -> None:
    page = reader.open(*demo())
    for _ in range(4):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", focused(page)


def test_the_filter_narrows_the_list_and_the_models(reader: Reader) -> None:
    page = reader.open(*many())
    page.keyboard.press("/")
    assert focused(page) == "filter"
    page.keyboard.type("model 17 update")
    assert page.locator("#found").inner_text() == "12 of 200"
    assert page.locator("nav li:not([hidden])").count() == page.locator("article:not([hidden])").count() == 12
    page.keyboard.press("Enter")
    assert focused(page) == "model-model_017"
    page.keyboard.press("j")
    assert focused(page) == "model-model_117"
    page.keyboard.press("/")
    page.keyboard.type("nothing like that")
    assert page.locator("#found").inner_text() == "0 of 200"
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    assert page.locator("article:not([hidden])").count() == 200
    page.keyboard.press("/")
    page.keyboard.type("jk/")
    assert page.locator("#filter").input_value() == "jk/"


def test_a_number_at_the_top_narrows_the_page_to_what_it_counts(reader: Reader) -> None:
    page = reader.open(*troubled())
    shown = page.locator("main > article:not([hidden])")
    conflict, invalid = (page.get_by_role("button", name=name) for name in ("1 in conflict", "1 invalid"))
    assert page.get_by_role("button").count() == 5  # what is 0 or not listed is no button
    conflict.click()
    assert conflict.get_attribute("aria-pressed") == "true"
    assert [each.get_attribute("id") for each in shown.all()] == ["model-a-conflict"]
    assert page.locator("nav li:not([hidden])").count() == 1
    assert page.locator("#found").inner_text() == "1 of 7"
    invalid.click()
    assert conflict.get_attribute("aria-pressed") == "false"
    assert [each.get_attribute("id") for each in shown.all()] == ["model-b-references"]
    invalid.click()
    assert invalid.get_attribute("aria-pressed") == "false"
    assert shown.count() == 7
    page.get_by_role("button", name="3 to update").click()
    page.fill("#filter", "f-markup")
    assert [each.get_attribute("id") for each in shown.all()] == ["model-f-markup"]
    page.fill("#filter", "a-conflict")
    assert shown.count() == 0
    page.locator("#filter").press("Escape")
    assert shown.count() == 3


def test_a_number_can_be_pressed_by_keyboard_and_leads_to_the_first_without_script(reader: Reader) -> None:
    page = reader.open(*troubled())
    page.keyboard.press("Tab")
    for key in ("Enter", "Space"):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.ariaPressed") == "true"
        assert page.locator("main > article:not([hidden])").count() < 7
    page.keyboard.press("j")
    assert focused(page).startswith("model-")
    page = reader.open(*troubled(), java_script_enabled=False)
    page.get_by_role("link", name="1 invalid").click()
    assert page.url.endswith("#model-b-references")
    assert page.locator("article:not([hidden])").count() == 7


def test_a_model_of_many_is_one_click_away(reader: Reader) -> None:
    page = reader.open(*many())
    page.get_by_role("link", name="Model 187").click()
    heading = page.get_by_role("heading", name="Model 187", level=2)
    box = heading.bounding_box()
    assert box
    assert 0 <= box["y"] < 200
    assert page.url.endswith("#model-model_187")
    page.locator("nav a[aria-current]").wait_for()
    assert page.locator("nav a[aria-current] .name").inner_text() == "Model 187"


def test_the_list_follows_what_is_read(reader: Reader) -> None:
    page = reader.open(*many())
    for _ in range(40):
        page.keyboard.press("j")
    link = page.locator("nav a[aria-current]", has_text="Model 39")
    link.wait_for()
    place = "document.querySelector('nav a[aria-current]').getBoundingClientRect().y"
    page.wait_for_function(f"0 <= {place} && {place} < 800")


def test_the_page_reads_without_script(reader: Reader) -> None:
    page = reader.open(*demo(), java_script_enabled=False)
    assert page.locator(".filter").is_hidden()
    assert page.locator(".keys").is_hidden()
    assert page.get_by_role("article").count() == 3
    page.locator("article summary").first.click()
    assert page.locator("article pre.diff").first.is_visible()
    page.get_by_role("link", name="Watercolour Bestiary").click()
    assert page.url.endswith("#model-model_eyVcnFJcR92BxBkz7N6g5w")


def test_on_a_narrow_screen_the_sides_stack_and_say_which_they_are(reader: Reader) -> None:
    page = reader.open(
        change("same\n\nan old fox sat down", "same\n\na new fox sat down"), viewport={"width": 390, "height": 800}
    )
    before, after = page.locator(".changed .before").bounding_box(), page.locator(".changed .after").bounding_box()
    assert before
    assert after
    assert before["y"] + before["height"] <= after["y"] + 1
    labels = page.evaluate(
        "['before', 'after'].map((side) => getComputedStyle(document.querySelector(`.changed .${side}`), '::before').content)"
    )
    assert labels == ['"On Scenario"', '"In the file"']
    assert page.locator(".equal .before").is_hidden()
    assert page.locator(".equal .after").is_visible()


def test_on_a_wide_screen_the_sides_stand_side_by_side(reader: Reader) -> None:
    page = reader.open(change("an old fox sat down", "a new fox sat down"))
    before, after = page.locator(".changed .before").bounding_box(), page.locator(".changed .after").bounding_box()
    assert before
    assert after
    assert before["y"] == after["y"]
    assert before["x"] + before["width"] <= after["x"] + 1


def test_few_models_are_laid_out_at_once_and_on_paper_all_are(reader: Reader) -> None:
    laid_out = "() => [...document.querySelectorAll('article')].map((each) => getComputedStyle(each).contentVisibility)"
    page = reader.open(*troubled())
    assert set(page.evaluate(laid_out)) == {"visible"}
    page = reader.open(*many())
    assert set(page.evaluate(laid_out)) == {"auto"}
    page.emulate_media(media="print")
    assert set(page.evaluate(laid_out)) == {"visible"}


def test_print_leaves_out_what_paper_cannot_do(reader: Reader) -> None:
    page = reader.open(*demo())
    page.emulate_media(media="print")
    assert page.locator("nav").is_hidden()
    assert page.get_by_role("article").first.is_visible()
