"""How long a gesture in each chapter of the walkthrough takes, and how much there is to read.

    python -m tests.benchmark.walkthrough [SLUG ...]

Prints for each chapter, lower quartile and middle of twenty: milliseconds of a frame while a handle is dragged, from
letting it go (or an arrow key on a slider) to the picture redrawn with Python's answer, and of the server for a run of
the whole page; then the words on the page.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from pages.parts.chapters import CHAPTERS
from tests.browser.chromium import find
from tests.browser.conftest import FLAGS, Server
from tests.pages.conftest import Visitor, app_test_with
from tests.pages.walkthrough.test_chapters import words_on

ROUNDS = 20
# Milliseconds until Python has answered: the canvas counts its answers; without one, the app has run and is idle again.
ANSWERED = """(handle, key) => new Promise((done) => {
    const canvas = handle.getRootNode().querySelector('canvas'), app = document.querySelector('[data-testid=stApp]')
    const before = canvas?.dataset.answers, begun = performance.now()
    let ran = false
    const idle = () => (ran ||= app.dataset.testScriptState === 'running') && app.dataset.testScriptState !== 'running'
    const look = () => {
        const answered = canvas ? canvas.dataset.answers !== before : idle()
        answered || performance.now() - begun > 5000 ? done(performance.now() - begun) : requestAnimationFrame(look)
    }
    for (const kind of ['keydown', 'keyup'])
        handle.dispatchEvent(new KeyboardEvent(kind, { key, keyCode: key === 'ArrowRight' ? 39 : 37, bubbles: true }))
    requestAnimationFrame(look)
})"""
SLIDER = '[data-testid="stMain"] [role="slider"]'


def gestures(page: Page) -> list[float]:
    """Milliseconds of twenty gestures with the chapter's first handle, or slider."""
    selector = ".handle" if page.locator(".handle").count() else SLIDER
    keys = ["ArrowRight", "ArrowLeft"] * (ROUNDS // 2 + 1)
    waits = []
    for key in keys:
        waits.append(page.locator(selector).first.evaluate(ANSWERED, key))
        page.wait_for_timeout(300)
    return waits[2:]


def frames(page: Page) -> list[float]:
    """Milliseconds that each frame of a drag takes to draw."""
    handle = page.locator(".handle").first
    if not handle.count():
        return []
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    times = []
    for step in range(ROUNDS):
        page.mouse.move(x + 3 * step, y - 1 * step)
        page.wait_for_timeout(50)
        times.append(float(page.locator("canvas").first.get_attribute("data-ms")))
    page.mouse.up()
    return times


def server_times(visitor: Visitor, slug: str) -> tuple[list[float], int]:
    """Milliseconds of a run of the whole page once it is warm, and the words on it."""
    app = visitor.go(f"walkthrough/{slug}")
    times = []
    for _round in range(ROUNDS):
        begun = time.perf_counter()
        app.run()
        times.append(1000 * (time.perf_counter() - begun))
    return times, len(words_on(app))


def quartile_and_middle(times: list[float]) -> str:
    """Two numbers, or dashes: what other work disturbs less, and what a visitor has half of the time."""
    if not times:
        return "   –    –"
    lower, middle, _upper = statistics.quantiles(times, n=4)
    return f"{lower:4.0f} {middle:4.0f}"


def main(slugs: list[str]) -> None:
    print(f"{'':24} {'frame':>9} {'gesture':>9} {'server':>9}  words")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder)).start()
        page = playwright.chromium.launch(executable_path=str(find()), args=FLAGS).new_page(locale="en-US")
        for slug in slugs or [entry.slug for entry in CHAPTERS]:
            page.goto(f"{server.url}/{slug}")
            page.get_by_role("heading", level=1).wait_for()
            page.wait_for_timeout(3000)
            drawn, answered = frames(page), gestures(page)
            with app_test_with(f"sqlite:///{(Path(folder) / 'pages.db').as_posix()}"):
                times, words = server_times(Visitor(), slug)
            costs = " ".join(map(quartile_and_middle, (drawn, answered, times)))
            print(f"{slug:24} {costs} {words:6}")
        server.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
