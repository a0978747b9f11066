"""A Wikipedia article in a real browser: suggestions as one types, one choice by keyboard, new days in one click."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server, tab
from tests.support.wikimedia import Wikimedia, serve

COUNTS = [1000 + 100 * (day % 7) + day for day in range(800)]
BEFORE = datetime.now(UTC).date() - timedelta(days=3)


@pytest.fixture(scope="module")
def stand_in() -> Iterator[Wikimedia]:
    with serve() as wikimedia:
        wikimedia.add("en.wikipedia", "Influenza", COUNTS[:-2], BEFORE)
        wikimedia.add("en.wikipedia", "Influenza_A_virus_(H5N1)", COUNTS[:-2], BEFORE)
        yield wikimedia


@pytest.fixture
def data(browser: Browser, stand_in: Wikimedia, tmp_path_factory, monkeypatch) -> Iterator[Page]:
    """The page Data of a server that asks the stand-in."""
    monkeypatch.setenv("VIEWCAST_WIKIMEDIA", stand_in.url)
    server = Server(tmp_path_factory.mktemp("wikipedia")).start()
    with tab(browser, server) as page:
        page.goto("/")
        yield page
    server.stop()


def test_article_is_found_while_typing_read_and_brought_up_to_date(data: Page, stand_in: Wikimedia) -> None:
    days = data.get_by_test_id("stMetric").filter(has_text=re.compile("^Days")).get_by_test_id("stMetricValue")
    expect(days).to_have_text("2,191")
    title = data.get_by_role("searchbox", name="Or from Wikipedia")
    title.press_sequentially("influ", delay=30)
    found = data.get_by_test_id("stMain").get_by_role("radio", name="Influenza", exact=True)
    expect(found).to_be_visible()  # without Enter
    expect(title).to_be_focused()
    title.press_sequentially("enza a")
    expect(found).to_have_count(0)
    found = data.get_by_role("radio", name="Influenza A virus (H5N1)")
    expect(found).to_be_visible()
    found.focus()
    data.keyboard.press("Enter")
    expect(days).to_have_text("798")
    expect(title).to_have_value("")
    expect(data).to_have_url(re.compile("channel=Influenza"))
    stand_in.add("en.wikipedia", "Influenza_A_virus_(H5N1)", COUNTS, BEFORE + timedelta(days=2))
    data.get_by_role("button", name="Add new days").click()
    expect(days).to_have_text("800")
    data.reload()
    expect(days).to_have_text("800")
    expect(data.get_by_role("combobox", name="Channel")).to_have_value("Influenza A virus (H5N1)")
