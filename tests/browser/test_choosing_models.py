"""Choosing a model, in a real browser: folds, the winner trained again, and the game of useless models."""

import re

from playwright.sync_api import Page, expect

FEW = "/cross_validation?models=Linear%2C+exact%2C+7+days&models=Linear%2C+exact%2C+28+days"
LONG = 60_000  # ms for exact solutions on a busy machine


def test_winner_of_folds_is_trained_again(page: Page) -> None:
    page.goto(f"{FEW}&folds=2")
    expect(page.get_by_test_id("stVegaLiteChart").first).to_contain_text("Fold 2")
    expect(page.get_by_text("0 % of the validation days were seen in training")).to_be_visible()
    page.get_by_role("button", name="Cross-validate").click()
    expect(page.get_by_text("Lowest mean error: “Linear, exact, 28 days”")).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="Use the other folds too").click()
    expect(page.get_by_text("Part of it may come from the gaps")).to_be_visible(timeout=LONG)
    page.reload()
    expect(page.get_by_text("Part of it may come from the gaps")).to_be_visible()  # models and folds are in the URL
    page.get_by_role("button", name="Train the winner on the whole training period").click()
    expect(page.get_by_role("heading", name="Held-out days, one day ahead")).to_be_visible()
    expect(page.get_by_role("combobox", name="Run shown")).to_have_value(re.compile("Linear, exact, 28 days"))
    page.reload()
    expect(page.get_by_role("combobox", name="Run shown")).to_have_value(re.compile("Linear, exact, 28 days"))


def test_a_million_useless_models(page: Page) -> None:
    page.goto("/selection")
    expect(page.get_by_text("The best of 10,000 useless models")).to_be_visible()
    expect(page.get_by_text("Best of 1,000, over 200 draws")).to_be_visible()  # the page stands, and takes a key
    page.get_by_role("slider", name="Useless models").and_(page.locator("input")).press("End")
    expect(page.get_by_text("The best of 1,000,000 useless models")).to_be_visible(timeout=LONG)
    expect(page).to_have_url(re.compile("dared="))
