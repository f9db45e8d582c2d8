"""What axe, which knows the rules of WCAG, has to say of the page in a real browser."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.report.test_html_browser import Reader, browser, demo, reader, troubled

__all__ = ["browser", "reader"]  # fixtures

pytestmark = pytest.mark.deep


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1024, 1600])
def test_axe_finds_nothing_at_any_width(reader: Reader, width: int, scheme: str) -> None:
    for changes in (demo(), troubled()):
        context: dict[str, Any] = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
        found = Axe().run(reader.open(*changes, **context))
        assert found.violations_count == 0, found.generate_report()


def test_axe_finds_what_is_wrong(reader: Reader) -> None:
    page = reader.open(*troubled())
    page.evaluate("document.documentElement.removeAttribute('lang')")
    assert "html-has-lang" in Axe().run(page).generate_snapshot()
