"""From a run to its diagnosis, and from there to the run that it asks for."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE
from tests.browser.test_main_path import press_train, wait_until_done

SMALL = "epochs=4&units=4&window=1&seeds=2&train_days=200"
WORK = 4 * PATIENCE  # a dozen small models


def verdict(page: Page):
    return page.get_by_role("heading", name=re.compile(r"\d+ % confidence|Cannot tell"))


def try_next(page: Page) -> str:
    """Press it; the run that was shown before."""
    shown = page.get_by_role("combobox", name="Run shown").input_value()
    page.get_by_role("button", name="Try next").click()
    return shown


def test_run_is_diagnosed_and_the_next_one_starts(page: Page) -> None:
    page.goto(f"/train?{SMALL}")
    press_train(page)
    wait_until_done(page)
    page.get_by_role("button", name="Diagnose", exact=True).click()
    expect(page.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True)).to_be_visible()
    expect(verdict(page)).to_be_visible(timeout=WORK)
    tree = page.get_by_test_id("stVegaLiteChart").last
    for name in ("Train loss", "Held-out loss", "Model bias", "Overfitting"):
        expect(tree).to_contain_text(name)
    page.reload()
    expect(verdict(page)).to_be_visible()  # it is in the store
    shown = try_next(page)
    expect(page.get_by_role("combobox", name="Run shown")).not_to_have_value(shown)
    expect(page.get_by_role("button", name="Diagnose", exact=True)).to_be_visible(timeout=WORK)
    expect(page).to_have_url(re.compile("run="))


def test_compare_leads_to_the_next_run_on_train(page: Page) -> None:
    page.goto(f"/train?{SMALL}&family=Linear")
    press_train(page)
    wait_until_done(page)
    page.goto("/train?run=Linear,+exact,+1+day")  # it comes along, and once it is there it is evidence on the other
    wait_until_done(page)
    page.goto("/compare?diagnosis=true")
    page.get_by_role("button", name=re.compile("^Diagnose")).last.click()
    expect(verdict(page)).to_be_visible(timeout=WORK)
    page.get_by_role("button", name="Try next").click()
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    expect(page.get_by_role("combobox", name="Run shown")).to_have_value(re.compile("day"))
    expect(page.get_by_role("button", name="Diagnose", exact=True)).to_be_visible(timeout=WORK)
