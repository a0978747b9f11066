"""The report card: judged once, shown for good, each claim with a way to its chapter's case."""

import pytest

from forecasting.lectures.card_groups import GROUPS
from pages.parts.chapters import numbered
from tests.pages.test_pages import csv, metrics, wait_for

STATEMENTS = [statement for group in GROUPS.values() for statement in group.statements]
CASES = {statement.chapter: statement for statement in STATEMENTS}  # one a chapter
PAGE = "walkthrough/report_card"


def is_judged(app) -> bool:
    return sum(int(count) for count in metrics(app).values() if count != "–") == len(STATEMENTS)


def test_a_short_channel_is_judged_once_and_says_what_it_lacks(visitor):
    app = visitor.go("data")
    app.file_uploader[0].upload("short.csv", csv(60)).run()
    app = visitor.go(PAGE)
    assert metrics(app) == {"Hold": "–", "Do not hold here": "–", "Cannot be told": "–"}  # not judged yet
    app.button(key="start").click().run()
    wait_for(app, lambda: is_judged(app) and not any(button.key == "stop-card" for button in app.button))
    assert metrics(app)["Cannot be told"] == str(len(STATEMENTS))
    assert sum("60 days, 72 needed" in element.value for element in app.markdown) == len(STATEMENTS)
    again = visitor.go(PAGE)
    assert is_judged(again)
    assert not any(button.key == "start" for button in again.button)


def test_what_was_stopped_goes_on(visit):
    app = visit(PAGE)
    app.button(key="start").click().run()
    app.button(key="stop-card").click().run()
    wait_for(app, lambda: any(button.key == "start" for button in app.button))
    assert app.button(key="start").label == "Judge the rest"


@pytest.mark.parametrize("chapter", CASES)
def test_a_claim_leads_to_its_case(visit, chapter):
    app = visit(f"walkthrough/{numbered(chapter)[1].slug}", **CASES[chapter].query)
    assert not [toast.value for toast in app.toast if "The link asks for" in toast.value]
