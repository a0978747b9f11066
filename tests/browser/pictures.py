"""Pictures of the pages, to look at.

    python -m tests.browser.pictures FOLDER
    python -m tests.browser.pictures --chapters .github

Trains two runs on the sample, then takes every page at 1440 and 390 pixels, light and dark, in both languages; or takes
each chapter of the walkthrough once, as it stands after a gesture.
"""

import sys
import tempfile
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from pages.parts.chapters import CHAPTERS
from tests.browser.chromium import find
from tests.browser.conftest import FLAGS, Server

# What a chapter's picture shows besides its first look:
PLAYED = {
    "three_steps": "hand=-0.5,-0.8&updates=1000",
    "loss": "start=-8,8",
    "minimum_or_saddle": "point=0,0&step=1.4",
    "momentum": "rate=0.6",
    "learning_rate": "each=true&adaptive=Adagrad+(mean+of+squares,+lecture)&rate=0.5",
    "batch_normalization": "spread=30",
}
STARTS = {  # what is trained before the picture
    "bend_the_line": "Train 100 ReLU against a line",
    "deeper": "Train these nets",
    "what_is_wrong": "Train this model",
    "batch_size": "Train with every batch size",
}
CHAPTER_PAGES = {entry.slug: f"/{entry.slug}?{PLAYED.get(entry.slug, '')}" for entry in CHAPTERS}
PAGES = {
    "data": "/",
    "train": "/train",
    "compare": "/compare",
    "forecast": "/forecast",
    "goals": "/goals",
    "reveal": "/reveal",
} | CHAPTER_PAGES
LANGUAGES = {
    "en": ("en-US", "Train", "Held-out days, one day ahead", "Forecast", "Take the model away"),
    "zh": ("zh-CN", "训练", "留出期：提前一天的预测", "预测", "导出模型"),
}
PAUSE = 1500  # ms for charts to be drawn to the end
AUTO = 180_000  # ms that Auto may take


def train(page: Page, url: str, language: str) -> str:
    """Train two runs; the address that shows the second one."""
    _locale, button, heading, *_forecast = LANGUAGES[language]
    for query in ("family=Linear" if language == "en" else "family=线性", "epochs=60"):
        page.goto(f"{url}/train?{query}")
        page.get_by_role("button", name=button, exact=True).click()
        page.get_by_role("heading", name=heading).wait_for()
        page.wait_for_timeout(PAUSE)
    return page.url


def forecast(page: Page, url: str, language: str) -> None:
    """Let Auto forecast; the page shows its answer to whoever comes next."""
    *_train, button, last = LANGUAGES[language]
    page.goto(f"{url}/forecast")
    page.get_by_role("button", name=button, exact=True).click()
    page.get_by_text(last, exact=True).wait_for(timeout=AUTO)


def take(browser: Browser, url: str, language: str, theme: str, width: int, name: str, path: str, folder: Path) -> None:
    """One page as one picture, as tall as the page is."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, locale=LANGUAGES[language][0]
    )
    page = context.new_page()
    page.goto(path if path.startswith("http") else url + path)
    page.locator("[data-testid=stVegaLiteChart] svg, canvas").first.wait_for()
    page.wait_for_timeout(PAUSE)
    tall = page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
    page.set_viewport_size({"width": width, "height": max(700, tall - 60)})
    page.wait_for_timeout(PAUSE)
    page.screenshot(path=folder / f"{name}-{width}-{theme}-{language}.png")
    context.close()


def main(folder: Path) -> None:
    """All pictures into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find()), args=FLAGS)
        for language, (locale, *_words) in LANGUAGES.items():
            with tempfile.TemporaryDirectory() as place:
                server = Server(Path(place)).start()
                page = browser.new_page(locale=locale)
                trained = train(page, server.url, language)
                forecast(page, server.url, language)
                paths = PAGES | {"train": trained}
                for theme, width, name in product(("light", "dark"), (1440, 390), paths):
                    take(browser, server.url, language, theme, width, name, paths[name], folder)
                server.stop()
        browser.close()


def start(browser: Browser, address: str, button: str) -> None:
    """Let a chapter train; it shows what came out to whoever comes next."""
    page = browser.new_page(locale="en-US")
    page.goto(address)
    page.get_by_role("button", name=button).click()
    page.get_by_role("button", name="Stop").wait_for()
    page.get_by_role("button", name="Stop").wait_for(state="detached", timeout=AUTO)
    page.close()


def chapters(folder: Path) -> None:
    """A picture a chapter, on the sample in English, as SLUG.png."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as place:
        browser = playwright.chromium.launch(executable_path=str(find()), args=FLAGS)
        server = Server(Path(place)).start()
        for slug, path in CHAPTER_PAGES.items():
            if slug in STARTS:
                start(browser, server.url + path, STARTS[slug])
            take(browser, server.url, "en", "light", 1440, slug, path, folder)
            (folder / f"{slug}-1440-light-en.png").rename(folder / f"{slug}.png")
        server.stop()
        browser.close()


if __name__ == "__main__":
    *option, place = sys.argv[1:]
    (chapters if option == ["--chapters"] else main)(Path(place))
