"""What a room and a phone see: text of 16 pixels, no label on another, the chart and the one button first."""

from collections.abc import Iterator

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server, tab
from tests.browser.test_main_path import metric, press_train, wait_until_done

SMALLEST = 16  # pixels, in a room
# Words in sight that are smaller than so many pixels; what a formula says to a screen reader alone is not in sight.
SMALL = """smallest => {
  const small = [], main = document.querySelector("[data-testid=stMain]")
  const walk = document.createTreeWalker(main, NodeFilter.SHOW_TEXT)
  while (walk.nextNode()) {
    const word = walk.currentNode.textContent.replace(/[\\s\\u200b]/g, ""), around = walk.currentNode.parentElement
    const box = around.getBoundingClientRect()
    if (word && box.width && box.height && parseFloat(getComputedStyle(around).fontSize) < smallest) small.push(word)
  }
  return small
}"""
# Pairs of labels in one chart that lie on each other; a name and the rim below it are one.
ON_EACH_OTHER = """() => [...document.querySelectorAll("[data-testid=stVegaLiteChart] svg")].flatMap(svg => {
  const seen = label => label.textContent && label.getAttribute("opacity") !== "0"
  const labels = [...svg.querySelectorAll("text")].filter(seen)
  const at = labels.map(label => label.getBoundingClientRect())
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3
  return labels.flatMap((label, i) => labels.slice(i + 1)
    .filter((other, j) => other.textContent !== label.textContent && meet(at[i], at[i + 1 + j]))
    .map(other => `${label.textContent} | ${other.textContent}`))
})"""


def drawn(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_test_id("stVegaLiteChart").locator("svg").first).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


FITS = """width => innerWidth === width && [...document.querySelectorAll("[data-testid=stVegaLiteChart] svg")]
  .every(svg => svg.getBoundingClientRect().right <= width)"""


def narrowed(page: Page) -> Iterator[int]:
    """The page at each width, once its charts have followed."""
    for width in (1440, 1024, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(FITS, arg=width)
        yield width


def test_room_reads_every_word(browser: Browser, server: Server) -> None:
    with tab(browser, server) as page:
        for address in ("/train?present=1", "/?present=1&shown=2022-11-20&shown=2023-01-10", "/forecast?present=1"):
            drawn(page, address)
            for width in narrowed(page):
                assert page.evaluate(SMALL, SMALLEST) == [], (address, width)
                assert page.evaluate(ON_EACH_OTHER) == [], (address, width)
                expect(page.get_by_test_id("stBaseButton-primary")).to_be_in_viewport()


def test_phone_has_chart_and_button_first_and_a_menu_that_closes(browser: Browser, server: Server) -> None:
    with tab(browser, server) as page:
        page.set_viewport_size({"width": 390, "height": 844})
        drawn(page, "/train?epochs=5&seeds=1&units=4&window=7")
        epochs = page.get_by_role("spinbutton", name="Epochs")
        expect(epochs).to_be_hidden()
        expect(page.get_by_test_id("stVegaLiteChart").first).to_be_in_viewport()
        press_train(page)  # in sight without a scroll: one tap trains, and the run is shown
        expect(metric(page, "Held-out loss")).not_to_have_text("–")
        wait_until_done(page)
        page.get_by_text("Settings", exact=True).click()
        expect(epochs).to_be_visible()
        page.get_by_test_id("stExpandSidebarButton").click()
        page.get_by_role("link", name="Compare").click()
        expect(page.get_by_role("heading", name="Compare")).to_be_visible()
        expect(page.get_by_role("link", name="Forecast")).not_to_be_in_viewport()
