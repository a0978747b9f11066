"""Which method to trust, in a real browser: the ranking of a short channel, and a row that is taken with one click."""

import re
from datetime import date, timedelta

from playwright.sync_api import Locator, Page, expect

from pages.parts.ranking_table import WIDTHS
from tests.browser.test_upload import bring, expect_channel

SLOW = 300_000  # ms for the judging on a machine that others keep busy
ROW = 35  # pixels, as high as the heads
DAYS = 50  # too few for all but the baselines, which are judged at once


def short_channel() -> bytes:
    """A week that repeats itself, and a little beside it."""
    days = [date(2023, 1, 1) + timedelta(days=day) for day in range(DAYS)]
    return "\n".join(
        ["Date,Views", *(f"{day},{900 + 90 * day.weekday() + 7 * (day.day % 5)}" for day in days)]
    ).encode()


def press_use(table: Locator, row: int) -> None:
    """Press the button of a row; the table is a canvas."""
    right = sum(WIDTHS) - WIDTHS[-1] / 2
    table.click(position={"x": right, "y": ROW * (row + 1) + ROW / 2})


def test_a_row_is_taken_with_one_click(page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.goto("/")
    bring(page, "to rank.csv", short_channel())
    expect_channel(page, "to rank")
    page.get_by_role("link", name="Forecast", exact=True).click()
    page.get_by_role("button", name="Compare all methods").click()
    ranking = page.locator(".st-key-ranking")
    table, rows = ranking.get_by_test_id("stDataFrame"), ranking.locator("tbody tr")
    last = re.compile(r"^\s*Boosted trees(?! of all)")  # of those that are judged
    expect(rows.filter(has_text=last)).to_have_count(1, timeout=SLOW)
    expect(ranking.get_by_role("button", name="Stop")).to_have_count(0, timeout=SLOW)
    name = "Mean of the last four same weekdays"
    expect(rows.filter(has_text=name)).to_have_count(1)  # the table as it is at last has been drawn
    place = next(place for place, row in enumerate(rows.all_inner_texts()) if row.strip().startswith(name))
    press_use(table, place)
    expect(page.get_by_role("combobox", name="Method", exact=True)).to_have_value(name)
    expect(page.get_by_text("Where it errs", exact=True)).to_be_visible(timeout=SLOW)  # its forecast has been made
    expect(page).to_have_url(re.compile("forecaster=Mean"))
