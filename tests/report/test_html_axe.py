"""What axe, which knows the rules of WCAG, has to say of the page in a real browser."""

from itertools import product
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.commands.test_pictures import PLAYS, asset
from tests.commands.test_preview import TOKEN, previewing
from tests.report.test_html_browser import Reader, browser, demo, illustrated, reader, troubled
from tests.support.loopback import Loopback
from tests.support.raw_server import routed
from tests.support.workspace import Workspace

__all__ = ["browser", "reader"]  # fixtures

pytestmark = pytest.mark.deep


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1024, 1600])
def test_axe_finds_nothing_at_any_width(reader: Reader, width: int, scheme: str) -> None:
    context = view(width, scheme)
    made, pictures = illustrated()
    for page in (reader.open(*demo(), **context), reader.open(made, pictures=pictures, **context)):
        clear(page)
    page = reader.open(*troubled(), **context)
    clear(page)
    page.get_by_role("button", name="1 in conflict").click()
    clear(page)


def test_axe_finds_nothing_on_the_page_of_a_preview_nor_once_it_has_ended(
    workspace: Workspace, remote: Loopback, browser: Browser
) -> None:
    texts = {"swap": "# S\n\n{asset:old} {asset:same}", "edited": "edited there"}
    remote.add(*texts, "new", texts=texts)
    workspace.held({**texts, "edited": "ours"})
    workspace.write("swap", "# S\n\n{asset:new} {asset:same} {asset:none}")
    workspace.write("new", "See {asset: x}.")
    with routed(PLAYS) as cdn:
        remote.sandbox.add_assets(asset(cdn, id_, "/good") for id_ in ("old", "new", "same", "none"))
        with previewing(workspace) as client:
            for width, scheme in product((390, 1024, 1600), ("light", "dark")):
                page = browser.new_context(**view(width, scheme)).new_page()
                page.goto(f"{client.address}/{TOKEN}/")
                assert page.get_by_role("img").count() > 0
                clear(page)
    page.wait_for_selector(".live:visible")
    clear(page)


def view(width: int, scheme: str) -> dict[str, Any]:
    return {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}


def clear(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_axe_finds_what_is_wrong(reader: Reader) -> None:
    page = reader.open(*troubled())
    page.evaluate("document.documentElement.removeAttribute('lang')")
    assert "html-has-lang" in Axe().run(page).generate_snapshot()
