"""axe-core over every page in both themes and every language: no serious and no critical fault."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from pages.parts.chapters import CHAPTERS
from tests.browser.conftest import Server, tab, wait_until_drawn

PAGES = (
    "",
    "train",
    "compare",
    "forecast",
    "goals",
    "past_forecasts",
    "channels",
    "your_data",
    "contents",
    "report_card",
)
PAGES += tuple(entry.slug for entry in CHAPTERS)
LANGUAGES = {"English": "Compare", "中文": "比较", "繁體": "比較"}  # and a word of each that every page has
WRONG = ("serious", "critical")
# What a theme or other words can change.
OF_WORDS = ("color-contrast", "aria-input-field-name", "aria-toggle-field-name", "aria-command-name", "button-name")
OF_WORDS += ("image-alt", "label", "link-name", "scrollable-region-focusable")
# A formula wider than its place is scrolled by keyboard too, as soon as its font has come.
FORMULAS = """() => document.fonts.status === "loaded" && [...document.querySelectorAll(".katex-display")]
  .every(formula => formula.scrollWidth <= formula.clientWidth || formula.tabIndex === 0)"""


def faults(page: Page, *rules: str) -> list[str]:
    """The rule, how often it is broken and where first; all rules, or some."""
    options = {"resultTypes": ["violations"]} | ({"runOnly": [*rules]} if rules else {})
    found = [fault for fault in Axe().run(page, options=options).response["violations"] if fault["impact"] in WRONG]
    return [f"{fault['id']} x {len(fault['nodes'])}: {fault['nodes'][0]['html'][:200]}" for fault in found]


def wait_until_named(page: Page) -> None:
    """Wait until all is drawn, and what is named later has its name."""
    expect(page.get_by_test_id("stHeading").first).to_be_visible()
    wait_until_drawn(page)
    expect(page.locator("canvas[role=img]:not([aria-label])")).to_have_count(0)  # a canvas is named as it is drawn
    page.wait_for_function(FORMULAS)
    expect(page.locator("g[class*='brush_brush']:not([aria-hidden])")).to_have_count(0)


@pytest.mark.slow
def test_no_page_has_a_serious_fault_in_any_theme_and_language(browser: Browser, server: Server) -> None:
    """Every page is loaded in light, in one language, and drawn in dark in the two others."""
    found = {}
    with tab(browser, server) as page:
        for place, address in enumerate(PAGES):
            first, *others = [*LANGUAGES, *LANGUAGES][place % 3 : place % 3 + 3]
            page.emulate_media(color_scheme="light")
            page.goto(f"/{address}?lang={first}")
            wait_until_named(page)
            found[address, "light", first] = faults(page)
            page.emulate_media(color_scheme="dark")
            expect(page.get_by_test_id("stApp")).to_have_css("color-scheme", "dark")
            for language in others:
                page.get_by_role("radio", name=language).click()
                expect(page.get_by_test_id("stSidebarNav")).to_contain_text(LANGUAGES[language])
                wait_until_named(page)
                found[address, "dark", language] = faults(page, *OF_WORDS)
    assert {place: faults for place, faults in found.items() if faults} == {}
