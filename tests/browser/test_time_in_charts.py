"""Data's and Forecast's charts by mouse: a period is brushed, a point is a week, and full screen has larger text."""

import re

from playwright.sync_api import Locator, Page, expect


def chart(page: Page) -> Locator:
    return page.get_by_test_id("stVegaLiteChart").first


def drag(page: Page, start: float, end: float) -> None:
    """Brush from one share of the chart's width to another."""
    box = chart(page).bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + start * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + end * box["width"], y, steps=5)
    page.mouse.up()


def shown(page: Page) -> list[str]:
    return page.get_by_test_id("stSliderThumbValue").all_inner_texts()


def test_period_is_brushed_and_kept(page: Page) -> None:
    page.goto("/?shown=2020-01-01&shown=2020-12-31")
    expect(chart(page).locator("svg")).to_contain_text("2020-07")
    drag(page, 0.5, 0.75)
    expect(page).to_have_url(re.compile(r"shown=2020-0[567]-\d\d&shown=2020-(09|10)-\d\d"))
    expect(chart(page).locator("svg")).not_to_contain_text("2020-01")
    kept = shown(page)
    page.get_by_text("A year before").click()
    expect(chart(page).locator("svg")).to_contain_text("A year before")
    chart(page).hover()
    expect(page.locator("#vg-tooltip-element")).to_contain_text(re.compile("Weekday.*Real views.*A year before", re.S))
    page.get_by_role("radio", name="Weekly").click()
    expect(chart(page).locator("svg")).to_contain_text("Mean views a day, by week")
    page.reload()
    expect(chart(page).locator("svg")).to_contain_text("Mean views a day, by week")
    expect(page.get_by_test_id("stSliderThumbValue")).to_have_text(kept)  # the chart may stand before its slider
    title = chart(page).locator("svg text", has_text="Mean views a day, by week")
    expect(title).to_have_attribute("font-size", "14px")
    chart(page).hover()
    page.get_by_role("button", name=re.compile("^Fullscreen")).first.click()
    expect(title).to_have_attribute("font-size", "19.25px")
    page.get_by_role("button", name=re.compile("^Close fullscreen")).first.click()
    page.get_by_role("button", name="Whole time").click()
    expect(page).not_to_have_url(re.compile("shown="))
    expect(chart(page).locator("svg")).to_contain_text("2018-01")
    page.set_viewport_size({"width": 1200, "height": 1000})  # the sidebar is open: the controls keep their width
    upload, picture = page.get_by_test_id("stFileUploader").first.bounding_box(), chart(page).bounding_box()
    assert upload["width"] >= 240 and picture["x"] > upload["x"] + upload["width"]
    page.get_by_role("button", name="Forecast it").click()
    expect(page.get_by_role("heading", name="Forecast")).to_be_visible()
    drag(page, 0.3, 0.6)
    expect(page).to_have_url(re.compile("shown_ahead=2022-11"))
