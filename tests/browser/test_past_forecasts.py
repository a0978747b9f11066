"""Two uploads of one channel: the second one extends it, and the forecast made between them is judged."""

from datetime import date, timedelta

from playwright.sync_api import Page, expect

from tests.browser.test_upload import bring, expect_channel

DAYS = [(date(2023, 1, 1) + timedelta(day), 1000 + 100 * (day % 7) + day * 37 % 101) for day in range(200)]
FORECAST = "/forecast?forecaster=Same+day+last+week&ahead=7"


def part(first: int, last: int) -> bytes:
    return "\n".join(["Date,Views", *(f"{day},{count}" for day, count in DAYS[first:last])]).encode()


def test_a_forecast_is_judged_once_a_newer_file_comes(page: Page) -> None:
    page.goto("/")
    bring(page, "views 2023-05.csv", part(0, 150))
    expect_channel(page, "views 2023-05")
    page.goto(f"{FORECAST}&channel=views+2023-05")
    page.get_by_test_id("stMain").get_by_role("button", name="Forecast", exact=True).click()
    expect(page.get_by_role("heading", name="Totals")).to_be_visible()
    page.get_by_role("link", name="Data", exact=True).click()
    bring(page, "views 2023-06.csv", part(120, 200))
    expect(page.get_by_text("This file continues “views 2023-05” (new days: 50).")).to_be_visible()
    expect_channel(page, "views 2023-05")
    page.get_by_role("link", name="1 forecast can be judged now").click()
    expect(page.get_by_role("heading", name="How did it go?")).to_be_visible()
    expect(page.get_by_text("7 of 7 days have come")).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart")).to_be_visible()
