"""A file brought to a page opened without parameters: the address names the channel at once, so a reload shows it."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, uploader

DAYS = [date(2021, 1, 1) + timedelta(day) for day in range(800)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One of their own: what other tests have brought could be gone on with."""
    own = Server(tmp_path_factory.mktemp("uploads")).start()
    yield own
    own.stop()


def table(header: str, *columns) -> bytes:
    rows = (",".join([str(day), *(str(column(i)) for column in columns)]) for i, day in enumerate(DAYS))
    return "\n".join([header, *rows, ""]).encode()


def bring(page: Page, name: str, data: bytes) -> None:
    uploader(page).set_input_files({"name": name, "mimeType": "text/csv", "buffer": data})


def expect_channel(page: Page, name: str) -> None:
    expect(page.get_by_role("combobox", name="Channel", exact=True)).to_have_value(name)


@pytest.mark.parametrize("address", ["/", "/?lang=en", "/train"])
def test_an_upload_survives_a_reload(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name="Data", exact=True).click() if address == "/train" else None
    expect_channel(page, "Sample channel")
    name = f"mine{re.sub('[^a-z]', '', address)}"
    bring(page, f"{name}.csv", table("Date,Views", lambda i: 3 ** len(name) + i % 7))
    expect_channel(page, name)
    expect(page).to_have_url(re.compile(f"channel={name}"))
    page.reload()
    expect_channel(page, name)
    page.get_by_role("link", name="Train", exact=True).click()
    page.reload()
    expect_channel(page, name)


def test_another_column_can_be_taken_later(page: Page) -> None:
    page.goto("/")
    bring(page, "studio.csv", table("Date,Likes,Views", lambda i: 5 + i % 3, lambda i: 100 + i % 7))
    expect_channel(page, "studio")
    column = page.get_by_role("combobox", name="Column", exact=True)
    expect(column).to_have_value("Views")
    column.click()
    page.get_by_role("option", name="Likes").click()
    expect(page.get_by_text("Likes a day, last 28 days")).to_be_visible()
    page.get_by_text("A year before").click()
    expect(page).to_have_url(re.compile("year_before=true"))
    expect(column).to_have_value("Likes")
    expect(page).to_have_url(re.compile("channel=studio"))


def test_columns_of_unknown_words_are_asked_with_their_first_numbers(page: Page) -> None:
    page.goto("/")
    bring(page, "foreign.csv", table("Date,Abc (xy),Def", lambda i: f"{i % 50}.5", lambda i: 100 + i % 7))
    page.get_by_role("combobox", name="Your answer").click()
    page.get_by_role("option", name="Def: 100 101 102").click()
    expect_channel(page, "foreign")
    expect(page).to_have_url(re.compile("channel=foreign"))
    expect(page.get_by_role("combobox", name="Column", exact=True)).to_have_value("Def")
