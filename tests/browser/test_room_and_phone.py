"""What a room and a phone see: text of 16 pixels, no label on another, the chart and the one button first."""

from collections.abc import Iterator

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server, tab, wait_until_drawn
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

# A canvas keeps the place of every word of its last drawing, in pixels of the page.
KEEP_WORDS = """
const fill = CanvasRenderingContext2D.prototype.fillText
CanvasRenderingContext2D.prototype.fillText = function (text, x, y, ...most) {
  const canvas = this.canvas, drawing = canvas.dataset.frames ?? "0", seen = this.measureText(text)
  const wide = Math.min(seen.width, ...most), left = x - wide * ({ center: 0.5, right: 1 }[this.textAlign] ?? 0)
  const corners = [[left, y - seen.actualBoundingBoxAscent], [left + wide, y + seen.actualBoundingBoxDescent]]
  const turned = corners.map((at) => new DOMPoint(...at).matrixTransform(this.getTransform()))
  const [xs, ys] = ["x", "y"].map((side) => turned.map((at) => at[side] / devicePixelRatio).sort((a, b) => a - b))
  const size = parseFloat(this.font.match(/[\\d.]+px/)), box = { left: xs[0], right: xs[1], top: ys[0], bottom: ys[1] }
  if (canvas.drawing !== drawing) Object.assign(canvas, { drawing, words: [] })
  canvas.words.push({ text, size, ...box })
  fill.call(this, text, x, y, ...most)
}"""
CANVASES = """const canvases = [...document.querySelectorAll("*")].filter((host) => host.shadowRoot)
  .flatMap((host) => [...host.shadowRoot.querySelectorAll("canvas[role=img]")])"""
DRAWN_AT = f"""(width) => {{ {CANVASES}
  const fits = (canvas) => canvas.words && Math.abs(canvas.width / devicePixelRatio - canvas.clientWidth) < 1
  return innerWidth === width && canvases.length && canvases.every(fits)
}}"""
# Words in pictures, and below them, that are too small, cut off, or on each other.
WRONG_WORDS = f"""(smallest) => {{ {CANVASES}
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1
  const isSmall = (part) => parseFloat(getComputedStyle(part).fontSize) < smallest
  return canvases.flatMap(({{ words, clientWidth, clientHeight, parentElement }}) => {{
    const isCut = (box) => Math.min(box.left, box.top, clientWidth - box.right, clientHeight - box.bottom) < -1
    const wrong = words.filter((word) => word.size < smallest || isCut(word)).map(({{ text }}) => text)
    const below = [...parentElement.parentElement.querySelectorAll("li, output, .readout")]
    const pairs = words.flatMap((a, i) => words.slice(i + 1).filter((b) => meet(a, b)).map((b) => [a.text, b.text]))
    return [...wrong, ...below.filter(isSmall).map((part) => part.textContent), ...pairs]
  }})
}}"""


def drawn(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_test_id("stVegaLiteChart").locator("svg").first).to_be_visible()
    wait_until_drawn(page)


FITS = """width => innerWidth === width && [...document.querySelectorAll("[data-testid=stVegaLiteChart] svg")]
  .every(svg => svg.getBoundingClientRect().right <= width)"""


def narrowed(page: Page, fits: str = FITS) -> Iterator[int]:
    """The page at each width, once its charts have followed."""
    for width in (1440, 1024, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(fits, arg=width)
        yield width


def test_room_reads_every_word(browser: Browser, server: Server) -> None:
    with tab(browser, server) as page:
        for address in ("/train?present=1", "/?present=1&shown=2022-11-20&shown=2023-01-10", "/forecast?present=1"):
            drawn(page, address)
            for width in narrowed(page):
                assert page.evaluate(SMALL, SMALLEST) == [], (address, width)
                assert page.evaluate(ON_EACH_OTHER) == [], (address, width)
                expect(page.get_by_test_id("stBaseButton-primary")).to_be_in_viewport()


def test_room_reads_every_word_of_a_chapters_picture(browser: Browser, server: Server) -> None:
    with tab(browser, server) as page:
        page.add_init_script(KEEP_WORDS)
        for chapter in ("what_is_wrong", "momentum"):  # the longest words at forks, and beside the right edge
            page.goto(f"/{chapter}?present=1")
            for width in narrowed(page, DRAWN_AT):
                page.wait_for_function(f"smallest => ({WRONG_WORDS})(smallest).length === 0", arg=SMALLEST)
                assert page.evaluate("document.documentElement.scrollWidth") <= width


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
