"""What the owner of a channel waits for in a real browser: a month's total with its record, which method to trust.

    python -m tests.benchmark.owner [FILE] [--days 28 90 365]

A channel, by default the sample, is cut to its last days and uploaded as the file that Data hands out. Prints seconds
from the press of Forecast to the provisional forecast and to the totals with their record, and from the press of
Compare all methods to the whole ranking. The clock is the machine's: other work stretches it.
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

MOST_SECONDS = 300


def waits(page: Page, url: str, file: Path) -> dict[str, float]:
    """Seconds by what is waited for."""
    page.goto(url)
    uploader(page).set_input_files(file)
    expect(page.get_by_test_id("stSidebar").get_by_text(file.stem).first).to_be_visible()
    page.get_by_role("button", name="Forecast it").click()
    expect(page.get_by_role("heading", name="Forecast", exact=True)).to_be_visible()
    begun = time.perf_counter()
    page.get_by_role("button", name="Forecast", exact=True).click()
    found = {"provisional": seconds_until(page, "text=/^Provisional/", begun)}
    found["totals with record"] = seconds_until(page, "h3:has-text('Totals')", begun)
    begun = time.perf_counter()
    page.get_by_role("button", name="Compare all methods").click()
    page.get_by_role("button", name="Stop").wait_for(timeout=10_000)
    page.get_by_role("button", name="Stop").wait_for(state="detached")
    return found | {"ranking": time.perf_counter() - begun}


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
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder)).start()
        page = playwright.chromium.launch(executable_path=str(find()), args=FLAGS).new_page(locale="en-US")
        page.set_default_timeout(1000 * MOST_SECONDS)
        for days in asked.days:
            file = Path(folder) / f"last{days}.csv"
            file.write_text(to_csv(last_days(channel, days)))
            found = waits(page, server.url, file)
            print(
                f"{days:4} days:", ", ".join(f"{name} {seconds:.1f} s" for name, seconds in found.items()), flush=True
            )
        server.stop()


if __name__ == "__main__":
    main()
