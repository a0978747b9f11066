"""What a visitor does, in a real browser: look at the data, train, compare; on the sample and on an own file."""

import io
import os
import re
import signal
import sqlite3
import zipfile

import pytest
from playwright.sync_api import Page, expect

from forecasting import __version__
from tests.browser.conftest import Server, new_context, uploader


def press_train(page: Page) -> None:
    page.get_by_role("button", name="Train", exact=True).click()


def wait_until_done(page: Page) -> None:
    expect(page.get_by_role("heading", name="Held-out days, one day ahead")).to_be_visible()


def metric(page: Page, label: str):
    return page.get_by_test_id("stMetric").filter(has_text=re.compile(f"^{label}")).get_by_test_id("stMetricValue")


def test_sample_is_trained_and_compared(page: Page) -> None:
    page.goto("/")
    expect(metric(page, "Held-out days")).to_have_text("365")
    page.get_by_role("link", name="Train", exact=True).click()
    expect(metric(page, "Same day last week")).to_have_text("673")
    page.get_by_role("spinbutton", name="Epochs").fill("30")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("epochs=30"))
    press_train(page)
    wait_until_done(page)
    expect(page.get_by_text(re.compile(r"Error \(MAE\) \d+ % lower than with"))).to_be_visible()
    first = float(metric(page, "Held-out loss").inner_text())
    assert 200 < first < 673  # between the floor and the baseline
    page.get_by_role("radio", name="7", exact=True).click()
    expect(page).to_have_url(re.compile("window=7"))
    press_train(page)
    expect(page.get_by_role("combobox", name="Run shown")).to_have_value(re.compile("^ReLU layers 1×100, 7 days"))
    wait_until_done(page)
    page.get_by_role("link", name="Compare").click()
    expect(page.get_by_role("heading", name="Final losses")).to_be_visible()
    chart = page.get_by_test_id("stVegaLiteChart").first
    expect(chart).to_contain_text("ReLU layers 1×100, 56 days")
    expect(chart).to_contain_text("ReLU layers 1×100, 7 days")
    expect(page).to_have_url(re.compile("runs="))


def test_menu_says_the_version(page: Page) -> None:
    page.goto("/")
    page.get_by_test_id("stMainMenu").click()
    page.get_by_text("About", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text(f"Viewcast {__version__} forecasts")


def studio_zip() -> bytes:
    """Two years of daily views as YouTube Studio exports them, made here."""
    days = [f"20{year}-{month:02}-{day:02}" for year in (20, 21) for month in range(1, 13) for day in range(1, 29)]
    totals = "Date,Views\n" + "".join(f"{day},{1000 + 40 * (i % 7) + i}\n" for i, day in enumerate(days))
    table = f'Content,Video title,Views\nTotal,,{1000 * len(days)}\nabc,"A title, with a comma",5\n'
    chart = "Date,Content,Views\n" + "".join(f"{day},abc,{i}\n" for i, day in enumerate(days))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in (("Table data.csv", table), ("Chart data.csv", chart), ("Totals.csv", totals)):
            archive.writestr(name, text)
    return packed.getvalue()


def test_own_file_goes_all_the_way(page: Page) -> None:
    page.goto("/")
    uploader(page).set_input_files({"name": "Content 2020.zip", "mimeType": "application/zip", "buffer": studio_zip()})
    expect(metric(page, "Views a day, last 28 days")).to_have_text(re.compile("1.7"))
    expect(page.get_by_text("Corrections")).to_be_visible()
    page.get_by_role("link", name="Train", exact=True).click()
    page.get_by_role("spinbutton", name="Epochs").fill("5")
    page.keyboard.press("Enter")
    press_train(page)
    wait_until_done(page)
    page.reload()
    wait_until_done(page)  # channel and run are in the URL
    page.get_by_role("link", name="Compare").click()
    expect(page.get_by_role("heading", name="Final losses")).to_be_visible()


def test_upload_on_the_front_page_survives_a_reload(browser, tmp_path) -> None:
    fresh = Server(tmp_path).start()
    try:
        for visitor in ("first", "second"):
            page = new_context(browser, fresh.url).new_page()
            page.goto("/")
            expect(metric(page, "Days")).to_have_text("2,191")
            uploader(page).set_input_files(
                {"name": f"{visitor}.zip", "mimeType": "application/zip", "buffer": studio_zip()}
            )
            expect(page).to_have_url(re.compile("channel="))
            page.reload()
            expect(metric(page, "Views a day, last 28 days")).to_have_text(re.compile("1.7"))
            page.context.close()
    finally:
        fresh.stop()


def test_bad_file_leaves_the_channel(page: Page) -> None:
    page.goto("/")
    expect(metric(page, "Days")).to_have_text("2,191")
    picture = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
    uploader(page).set_input_files({"name": "views.csv", "mimeType": "text/csv", "buffer": picture})
    expect(page.get_by_test_id("stAlert")).to_be_visible()
    expect(metric(page, "Days")).to_have_text("2,191")


def test_stop_reload_and_leaving_lose_nothing(page: Page) -> None:
    page.goto("/train?epochs=10000&layers=2&seeds=3")
    press_train(page)
    bar = page.get_by_text(re.compile(r"Epoch \d+ of 10000"))
    expect(bar).to_be_visible()
    page.reload()
    expect(bar).to_be_visible()
    page.get_by_role("link", name="Data", exact=True).click()
    expect(metric(page, "Days")).to_be_visible()
    page.get_by_role("link", name="Train", exact=True).click()
    expect(bar).to_be_visible()
    page.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True).click()
    wait_until_done(page)
    assert float(metric(page, "Train loss").inner_text()) < 673


def test_killed_worker_fails_its_run_and_the_next_one_works(page: Page, server: Server) -> None:
    page.goto("/train?epochs=10000&layers=3&seeds=2")
    press_train(page)
    expect(page.get_by_text(re.compile(r"Epoch \d+ of 10000"))).to_be_visible()
    with sqlite3.connect(server.folder / "runs.db") as store:
        (worker,) = store.execute("select worker from jobs where status = 'running'").fetchone()
    os.kill(worker, signal.SIGKILL)
    expect(page.get_by_text("The worker process was killed")).to_be_visible()
    page.get_by_role("spinbutton", name="Epochs").fill("3")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("epochs=3"))
    press_train(page)
    wait_until_done(page)


def test_copied_link_opens_the_same_view_on_a_fresh_server(browser, tmp_path) -> None:
    fresh = Server(tmp_path).start()
    try:
        page = new_context(browser, fresh.url).new_page()
        page.goto("/train?lang=English&window=28&family=Sum+of+sigmoids&units=7")
        expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
        expect(page.get_by_role("link", name="Compare")).to_be_visible()  # app.py's navigation is there
        expect(metric(page, "Parameters")).to_have_text(str(7 * 28 + 7 + 7 + 1))
        page.context.close()
    finally:
        fresh.stop()


def test_hosted_visitor_keeps_what_is_theirs_and_sees_nothing_else(browser, tmp_path) -> None:
    hosted = Server(tmp_path, hosted=True).start()
    try:
        mine = new_context(browser, hosted.url).new_page()
        mine.goto("/train?epochs=3&seeds=1&units=4")
        press_train(mine)
        wait_until_done(mine)
        shown = mine.url
        mine.reload()
        wait_until_done(mine)
        yours = new_context(browser, hosted.url).new_page()
        yours.goto(shown)
        expect(yours.get_by_text("The link shows the run")).to_be_visible()
        expect(metric(yours, "Held-out loss")).to_have_text("–")
        for page in (mine, yours):
            page.context.close()
    finally:
        hosted.stop()


def test_impossible_link_falls_back_with_a_note(page: Page) -> None:
    page.goto("/train?window=9999&family=Magic")
    expect(page.get_by_text("The link asks for window = 9999")).to_be_visible()
    expect(metric(page, "Parameters")).to_have_text("5,801")


@pytest.mark.parametrize(
    "path", ["/", "/train", "/forecast", "/reveal", "/compare", "/table", "/deeper", "/cross_validation", "/selection"]
)
@pytest.mark.parametrize(("locale", "word"), [("en-US", "Channel"), ("zh-CN", "频道")])
def test_pages_fit_a_phone_in_both_languages(browser, server: Server, path: str, locale: str, word: str) -> None:
    context = new_context(browser, server.url, viewport={"width": 390, "height": 844}, locale=locale)
    page = context.new_page()
    page.goto(path)
    expect(page.get_by_test_id("stHeading").first).to_be_visible()
    page.get_by_test_id("stExpandSidebarButton").click()
    expect(page.get_by_test_id("stSidebar").get_by_text(word).last).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.get_by_test_id("stException")).to_have_count(0)
    context.close()
