"""Days with a name by hand: pasted on Data, marked there and on Forecast, named under the pointer as plain text."""

import re

from playwright.sync_api import Page, expect

from tests.browser.test_time_in_charts import chart
from tests.browser.test_upload import bring, table

LINES = "2023-03-01 **Bold** <b>=1+1</b>\n2023-03-14, Planned film\nnot a day"


def test_pasted_days_are_marked_and_named_on_data_and_forecast(page: Page) -> None:
    page.goto("/?shown=2023-02-01&shown=2023-03-11")
    bring(page, "events.csv", table("Date,Views", lambda i: 300 + i * i % 11))
    expect(page).to_have_url(re.compile("channel=events"))
    page.locator(".st-key-events summary").click()
    page.get_by_role("tab", name="Paste a list").click()
    page.get_by_role("textbox", name="A day and a name on each line").fill(LINES)
    page.get_by_role("button", name="Add the lines").click()
    expect(page.get_by_text("2 events were added.")).to_be_visible()
    expect(page.get_by_text("Line 3 has no day: not a day")).to_be_visible()
    expect(page.get_by_text("1 event is marked. 1 is planned.")).to_be_visible()
    marks = chart(page).locator("svg .mark-symbol.role-mark path[opacity='0.75']")
    expect(marks).to_have_count(1)
    chart(page).scroll_into_view_if_needed()
    box = marks.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] - 60)
    expect(page.locator("#vg-tooltip-element")).to_contain_text("**Bold** <b>=1+1</b>")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Events as CSV").click()
    text = saved.value.path().read_text("utf-8")
    assert "2023-03-01,**Bold** <b>=1+1</b>,upload,yes" in text
    page.get_by_role("button", name="Forecast it").click()
    expect(page.get_by_role("heading", name="Forecast")).to_be_visible()
    expect(chart(page).locator("svg .mark-symbol.role-mark path[opacity='0.75']")).to_have_count(2)
