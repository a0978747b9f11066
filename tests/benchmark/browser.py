"""How long a visitor waits, in a real browser: from Train to the first point, from Stop to a run that has stopped.

    python -m tests.benchmark.browser

Prints the middle and the slowest of ten, in milliseconds, once a worker is warm.
"""

import re
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.chromium import find
from tests.browser.conftest import FLAGS, Server

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


def main() -> None:
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
