"""The report card in a real browser."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE

WORK = 4 * PATIENCE  # a dozen small models


def test_it_is_begun_by_keyboard_stopped_by_mouse_and_leads_to_a_case(page: Page) -> None:
    page.goto("/report_card")
    start = page.get_by_role("button", name="Judge every claim")
    start.focus()
    page.keyboard.press("Enter")
    said = page.get_by_text("Held-out MAE: 546 instead of 673 views")
    expect(said).to_be_visible(timeout=WORK)
    page.locator(".st-key-stop-card").get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Judge the rest")).to_be_visible(timeout=WORK)
    expect(said).to_be_visible()
    page.get_by_role("link", name="2 · Know your data").first.click()
    expect(page).to_have_url(re.compile(r"/know_your_data\?.*window=7"))
