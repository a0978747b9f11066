"""From a trained run to a forecast, its files and back, and Auto with a tiny budget, in a real browser."""

import csv
import io
import re

import pytest
from playwright.sync_api import Page, expect

from forecasting.forecasts.model_file import load_model
from forecasting.sample import sample_channel
from tests.browser.test_main_path import metric, press_train
from tests.browser.test_upload import bring, expect_channel, table

SLOW = 300_000  # ms for Auto on a machine that others keep busy
# Texts that are wider than the place they stand in.
CUT_OFF = """all => {
  const cut = (part) => part.scrollWidth > part.clientWidth + 1
  return all.filter((one) => [one, ...one.querySelectorAll("*")].some(cut)).map((one) => one.innerText)
}"""


def press_forecast(page: Page) -> None:
    page.get_by_role("button", name="Forecast", exact=True).click()
    expect(page.get_by_text("Take the model away")).to_be_visible(timeout=SLOW)


def save(page: Page, button: str, name: str = "") -> bytes:
    """A download's bytes; its file is called `name`, or starts with the channel's."""
    with page.expect_download() as found:
        page.get_by_role("button", name=button).click()
    assert re.match(name or "Sample-channel-", found.value.suggested_filename)
    with open(found.value.path(), "rb") as file:
        return file.read()


def test_run_is_forecast_taken_away_and_brought_back(page: Page) -> None:
    page.goto("/train?epochs=5&seeds=2&units=8&window=7")
    press_train(page)
    expect(page.get_by_role("heading", name="Held-out days, one day ahead")).to_be_visible(timeout=SLOW)
    page.get_by_role("link", name="Forecast with this run").click()
    expect(page.get_by_role("combobox", name="Method")).to_have_value("ReLU layers 1×8, 7 days")
    expect(page.get_by_text("It was trained on the days to 2021-12-31.")).to_be_visible()
    press_forecast(page)
    expect(metric(page, "90 % interval held")).to_have_text(re.compile(r"\d+ %"))
    shown = metric(page, "Next 7 days, views").inner_text()

    page.get_by_role("button", name="Save").click()
    rows = list(csv.DictReader(io.StringIO(save(page, "Forecast (CSV)").decode("utf-8-sig"))))
    assert len(rows) == 28 and rows[0]["date"] == "2023-01-01"
    assert all(0 <= float(row["lower_90"]) <= float(row["forecast"]) <= float(row["upper_90"]) for row in rows)
    assert save(page, "Chart (PNG)").startswith(b"\x89PNG")
    picture = save(page, "Chart (SVG)", "Sample-channel-forecast-chart-2023-01-01-2023-01-28.svg").decode()
    assert "Sample channel · Forecast" in picture and "2023-01-01 – 2023-01-28" in picture
    assert re.search(r'@font-face { font-family: "Source Sans"; .*base64,', picture)
    page.keyboard.press("Escape")

    page.get_by_text("Take the model away").click()
    file = save(page, "Model file")
    found = load_model(file).forecast(sample_channel().series, 28)
    assert [float(row["forecast"]) for row in rows] == pytest.approx(found.point, rel=1e-6)

    page.get_by_text("A model file", exact=True).click()
    page.locator("input[type=file]").set_input_files(
        {"name": "mine.safetensors", "mimeType": "application/octet-stream", "buffer": file}
    )
    expect(page.get_by_role("combobox", name="Method")).to_have_value("ReLU layers 1×8, 7 days (2)")
    press_forecast(page)
    expect(metric(page, "Next 7 days, views")).to_have_text(shown)
    page.reload()
    expect(metric(page, "Next 7 days, views")).to_have_text(shown)  # the answer and its model are in the store
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.get_by_test_id("stMetricDelta").evaluate_all(CUT_OFF) == []


def test_auto_shows_what_it_tried_and_can_be_stopped(page: Page) -> None:
    page.goto("/")
    bring(page, "for Auto.csv", table("Date,Views", lambda day: 1000 + 100 * (day % 7) + 37 * day % 90))
    expect_channel(page, "for Auto")
    page.goto("/forecast?channel=for+Auto&budget=10&ahead=7")
    press_forecast(page)
    expect(metric(page, "Skill")).to_have_text(re.compile(r"\d+ %"))
    page.get_by_text("Models tried").click()
    expect(page.get_by_text("Auto averages")).to_be_visible()
    page.get_by_role("spinbutton", name="Seconds for Auto").fill("600")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("budget=600"))
    page.get_by_role("button", name="Forecast", exact=True).click()
    page.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("Stopped before the result was complete.")).to_be_visible(timeout=SLOW)


def test_holidays_are_those_of_the_country_in_the_link(page: Page) -> None:
    page.goto("/forecast?holidays_of=Czechia")
    expect(page.get_by_role("combobox", name="Holidays of")).to_have_value("Czechia")
