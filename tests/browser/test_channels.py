"""Many files brought at once, all forecast with one press, and a line that every page then shows."""

from datetime import date, timedelta

from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, wait_until_drawn
from tests.browser.test_accessibility import faults

DAYS = [date.today() - timedelta(days=back) for back in range(60, 0, -1)]
HEAD, LINE = 38, 35  # pixels


def file(name: str, data: str) -> dict:
    return {"name": name, "mimeType": "text/csv", "buffer": data.encode()}


def table(count: int) -> str:
    return "\n".join(["Date,Views", *(f"{day},{count + 7 * day.day % 31}" for day in DAYS)])


def test_files_are_brought_forecast_searched_and_opened_everywhere(page: Page) -> None:
    page.goto("/channels?channels_method=Yesterday")
    files = [file("*Bakery* one.csv", table(100)), file("Bakery two.csv", table(500)), file("Bakery three.csv", "")]
    page.locator("[class*='st-key-channels_'] input[type=file]").set_input_files(files)
    expect(page.get_by_text("2 channels added. 1 could not be read.")).to_be_visible()
    page.get_by_role("button", name="Forecast all").click()
    expect(page.get_by_text("All are forecast by this method, from their last days.")).to_be_visible(
        timeout=4 * PATIENCE
    )
    assert faults(page) == []
    page.get_by_role("textbox", name="Search by name").fill("bakery")
    page.keyboard.press("Enter")
    lines = page.get_by_test_id("stDataFrame").locator("tbody tr")
    expect(lines).to_have_count(3)
    assert "The file is empty" in lines.first.inner_text()
    place = next(place for place in range(3) if "*Bakery* one" in lines.nth(place).inner_text())
    wait_until_drawn(page)
    page.get_by_test_id("stDataFrame").click(position={"x": 18, "y": HEAD + LINE * place + LINE // 2})
    expect(page.get_by_text("“*Bakery* one” is chosen; every page shows it.")).to_be_visible()
    page.get_by_role("textbox", name="Search by name").fill("one")
    page.keyboard.press("Enter")
    expect(lines).to_have_count(1)
    expect(lines.first).to_have_attribute("aria-selected", "true")  # the tick follows the channel to another place
    page.get_by_test_id("stMain").get_by_role("link", name="Forecast").click()
    expect(page.get_by_role("heading", name="Forecast", exact=True)).to_be_visible()
    expect(page.get_by_role("combobox", name="Channel", exact=True)).to_have_value("*Bakery* one")
