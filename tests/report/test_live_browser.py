"""The page of a preview in a real browser: a save shows at the same place, and its end is said."""

import pytest
from playwright.sync_api import Browser, Page

from tests.commands.test_pictures import PLAYS, asset
from tests.commands.test_preview import TOKEN, previewing
from tests.report.test_html_browser import Heard
from tests.report.test_html_browser import browser as browser
from tests.support.loopback import Loopback
from tests.support.raw_server import routed
from tests.support.workspace import Workspace

pytestmark = pytest.mark.deep


def settled(page: Page, expression: str) -> float:
    """A number of the page, once it stays what it is."""
    seen: list[float] = []
    while len(seen) < 4 or len(set(seen[-4:])) > 1:
        seen.append(page.evaluate(expression))
        page.wait_for_timeout(100)
    return seen[-1]


def test_a_save_shows_at_the_same_place_and_the_end_is_said(workspace: Workspace, browser: Browser) -> None:
    for number in range(30):
        workspace.write(f"model-{number:02}", f"# Model {number}\n\n" + "Words of a text. " * 200)
    page = browser.new_context(viewport={"width": 1024, "height": 700}).new_page()
    heard = Heard()
    heard.listen(page)
    top = "() => document.getElementById('model-model-20').getBoundingClientRect().top"
    with previewing(workspace, is_offline=True) as client:
        page.goto(f"{client.address}/{TOKEN}/")
        page.fill("#filter", "model-2")
        page.evaluate("() => document.getElementById('model-model-20').scrollIntoView()")
        before = settled(page, top)
        workspace.write("model-00", "Now another text.")
        workspace.write("model-20", "# Saved just now\n\n" + "Words of a text. " * 200)
        page.wait_for_selector("text=Saved just now")
        assert abs(settled(page, top) - before) < 3
        assert page.input_value("#filter") == "model-2"
        assert page.locator("article:visible").count() == 10
        assert heard.console == heard.errors == heard.dialogs == []
        assert {request.replace(client.address, "") for request in heard.requests} <= {
            f"/{TOKEN}/", f"/{TOKEN}/version", "/favicon.ico",
        }  # fmt: skip
    page.wait_for_selector(".live:visible")
    assert "has ended" in page.inner_text(".live")


def test_a_number_stays_pressed_and_pictures_stay_when_a_file_is_saved(
    workspace: Workspace, remote: Loopback, browser: Browser
) -> None:
    texts = {"one": "# One\n\n{asset:old}", "two": "# Two"}
    remote.add(*texts, "new", texts=texts)
    workspace.held(texts)
    workspace.write("one", "# One\n\n{asset:new}")
    workspace.write("new", "# New")
    page = browser.new_context().new_page()
    heard = Heard()
    heard.listen(page)
    with routed(PLAYS) as cdn:
        remote.sandbox.add_assets(asset(cdn, id_, "/good") for id_ in ("old", "new"))
        with previewing(workspace) as client:
            page.goto(f"{client.address}/{TOKEN}/")
            page.get_by_role("button", name="1 to update").press("Enter")
            assert page.locator("article:visible").count() == 1
            workspace.write("two", "# Two, saved just now")
            page.wait_for_selector("text=saved just now")
            assert page.get_by_role("button", name="2 to update").get_attribute("aria-pressed") == "true"
            assert page.locator("article:visible").count() == 2
            assert page.evaluate("[...document.images].map((image) => image.naturalWidth > 0)") == [True, True]
            assert heard.console == heard.errors == heard.dialogs == []
            fetched = {each for each in heard.requests if not each.startswith("data:image/")}
            assert {each.replace(client.address, "") for each in fetched} <= {
                f"/{TOKEN}/", f"/{TOKEN}/version", "/favicon.ico",
            }  # fmt: skip


def test_without_javascript_a_preview_reads_the_same(workspace: Workspace, browser: Browser) -> None:
    workspace.write("one", "# First")
    page = browser.new_context(java_script_enabled=False).new_page()
    with previewing(workspace, is_offline=True) as client:
        page.goto(f"{client.address}/{TOKEN}/")
        assert "First" in page.inner_text("article")
        workspace.write("one", "# Second")
        page.reload()
        assert "Second" in page.inner_text("article")
