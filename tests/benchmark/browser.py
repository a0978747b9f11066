"""How long a visitor waits, in a real browser: from Train to the first point, from Stop to a run that has stopped.

    python -m tests.benchmark.browser
    python -m tests.benchmark.browser visit

Prints the middle and the slowest of ten, in milliseconds, once a worker is warm. `visit` prints a first visit, in a
browser that knows nothing yet, beside one of the smallest app with a chart of as many days, with the processor time of
the page's main thread until the chart stands, which depends less on what else the machine does; and from page to page.
"""

import re
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from forecasting.sample import sample_channel
from tests.browser.chromium import find
from tests.browser.conftest import FLAGS, Server
from tests.stress.served import Served
from tests.stress.sessions import HELLO

ROUNDS = 10
# The train curve is a path with a corner a row; before the first row it is empty.
POINT_DRAWN = """() => [...document.querySelectorAll('.mark-line path')]
    .some(path => /[ML]\\s*[\\d.]/.test(path.getAttribute('d') || ''))"""
NO_POINT = "() => document.querySelector('.mark-rule') && !(" + POINT_DRAWN + ")()"


def waits(page: Page, store: sqlite3.Connection, units: int) -> tuple[float, float, float]:
    """Milliseconds from Train to a point on the chart, from Stop to the end of training, and to the page redrawn."""
    page.get_by_role("spinbutton", name="Units per layer").fill(str(units))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"units={units}"))
    page.get_by_role("button", name="Clear value").click() if page.get_by_role(
        "button", name="Clear value"
    ).count() else None
    page.wait_for_function(NO_POINT)
    begun = time.perf_counter()
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_function(POINT_DRAWN, polling=10)
    drawn = time.perf_counter()
    page.get_by_text(re.compile("Epoch [1-9]")).wait_for()
    asked = time.perf_counter()
    button = page.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True)
    button.click()
    while store.execute("select count(*) from jobs where status = 'running'").fetchone()[0]:
        time.sleep(0.005)
    stopped = time.perf_counter()
    button.wait_for(state="detached")
    return tuple(1000 * wait for wait in (drawn - begun, stopped - asked, time.perf_counter() - asked))


CHART = "[data-testid=stVegaLiteChart] :is(svg.marks, canvas.marks)"
PAGES = ("Train", "Compare", "Forecast", "Goals", "Report card", "Data")


def first_visit(browser: Browser, url: str) -> tuple[float, float, float]:
    """Milliseconds to the heading and to the first chart, in a browser that has nothing of the app yet; and of work."""
    context = browser.new_context(locale="en-US", viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    inside = context.new_cdp_session(page)
    inside.send("Performance.enable", {"timeDomain": "threadTicks"})
    begun = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator("h1").first.wait_for()
    heading = time.perf_counter()
    page.locator(CHART).first.wait_for()
    drawn = time.perf_counter()
    counts = {found["name"]: found["value"] for found in inside.send("Performance.getMetrics")["metrics"]}
    context.close()
    return 1000 * (heading - begun), 1000 * (drawn - begun), 1000 * counts["TaskDuration"]


def page_to_page(page: Page, name: str) -> float:
    """Milliseconds from a click in the navigation to the page's heading."""
    begun = time.perf_counter()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
    page.get_by_role("heading", level=1, name=name, exact=True).wait_for()
    return 1000 * (time.perf_counter() - begun)


def visits() -> None:
    """First visits of both apps, one after the other, then from page to page."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        app = Server(Path(folder)).start()
        hello = Served(HELLO, Path(folder), {"HELLO_DAYS": str(len(sample_channel().views))})
        browser = playwright.chromium.launch(executable_path=str(find()), args=FLAGS)
        try:
            rounds = [(first_visit(browser, app.url), first_visit(browser, hello.url)) for _round in range(ROUNDS + 1)]
            for place, name in enumerate(("heading", "first chart", "its work")):
                own, other = (statistics.median(round_[which][place] for round_ in rounds[1:]) for which in (0, 1))
                print(f"{name:12} {own:5.0f} ms, of hello {other:5.0f} ms, {own / other:.2f} times")
            page = browser.new_page(locale="en-US")
            page.goto(app.url)
            page.locator(CHART).first.wait_for()
            for name in PAGES:
                page_to_page(page, name)
            for name in PAGES:
                others = [other for other in PAGES if other != name]
                times = [(page_to_page(page, other), page_to_page(page, name))[1] for other in others]
                print(f"to {name:9} {statistics.median(times):5.0f} ms in the middle, {max(times):5.0f} ms at most")
        finally:
            browser.close()
            app.stop()
            hello.stop()


def main() -> None:
    if sys.argv[1:] == ["visit"]:
        visits()
        return
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder)).start()
        page = playwright.chromium.launch(executable_path=str(find()), args=FLAGS).new_page(locale="en-US")
        page.goto(f"{server.url}/train?epochs=10000")
        page.get_by_role("button", name="Train", exact=True).wait_for()
        with sqlite3.connect(server.folder / "runs.db") as store:
            rounds = [waits(page, store, 50 + round_) for round_ in range(ROUNDS + 1)][1:]  # the first warms up
        names = "Train to first point", "Stop to stopped run", "Stop to page redrawn"
        for name, times in zip(names, zip(*rounds, strict=True), strict=True):
            print(f"{name:22} {statistics.median(times):5.0f} ms in the middle, {max(times):5.0f} ms at most")
        server.stop()


if __name__ == "__main__":
    main()
