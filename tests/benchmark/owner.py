"""How long the owner of a channel waits, in a real browser, for the forecast's totals with their record.

    python -m tests.benchmark.owner [FILE] [--days 28 90 365]

A channel, by default the sample, is cut to its last days, uploaded as the file that Data hands out, and forecast by
Auto. Prints seconds from the press of Forecast. The clock is the machine's: other work stretches it.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from forecasting.reading import read_views, to_csv
from forecasting.sample import sample_channel
from forecasting.series import Channel
from tests.browser.chromium import find
from tests.browser.conftest import FLAGS, Server, uploader

MOST_SECONDS = 120


def waits(page: Page, url: str, file: Path) -> float:
    """Seconds from the press of Forecast to the totals with their record."""
    page.set_default_timeout(1000 * MOST_SECONDS)
    page.goto(url)
    uploader(page).set_input_files(file)
    expect(page.get_by_role("combobox", name="Channel", exact=True)).to_have_value(file.stem)
    page.get_by_role("button", name="Forecast it").click()
    expect(page.get_by_role("heading", name="Forecast", exact=True)).to_be_visible()
    begun = time.perf_counter()
    page.get_by_role("button", name="Forecast", exact=True).click()
    return seconds_until(page, "h3:has-text('Totals')", begun)


def seconds_until(page: Page, selector: str, begun: float) -> float:
    """Since `begun`, until this stands on the page."""
    page.locator(selector).first.wait_for()
    return time.perf_counter() - begun


def last_days(channel: Channel, days: int) -> Channel:
    """The channel as if it had begun so many days ago."""
    return replace(channel, views=channel.views[-days:], corrections=(), channel_names=())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--days", nargs="+", type=int, default=[28, 90, 365])
    asked = parser.parse_args()
    channel = read_views(asked.file.read_bytes(), asked.file.name) if asked.file else sample_channel()
    expect.set_options(timeout=1000 * MOST_SECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find()), args=FLAGS)
        for days in asked.days:
            with tempfile.TemporaryDirectory() as folder:  # a store of its own: a longer cut would extend the shorter
                server = Server(Path(folder)).start()
                file = Path(folder) / f"last{days}.csv"
                file.write_text(to_csv(last_days(channel, days)))
                found = waits(browser.new_page(locale="en-US"), server.url, file)
                server.stop()
            print(f"{days:4} days: totals with their record after {found:.1f} s", flush=True)


if __name__ == "__main__":
    main()
