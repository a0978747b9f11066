"""A server of the real app on a free port, with a store of its own, and a real browser that visits it."""

import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tests.browser.chromium import ADVICE, find

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 60_000  # ms a page may take before a test gives up: far more than it needs, since machines are shared
# Chromium calls home at every start; a test machine may have no way out.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Server:
    """`streamlit run app.py` in a process of its own."""

    def __init__(self, folder: Path, hosted: bool = False) -> None:
        self.folder = folder
        self.address = {} if hosted else {"server.address": "127.0.0.1"}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> "Server":
        """Serve, and come back once the server answers."""
        options = self.address | {
            "server.port": self.port,
            "server.headless": "true",
            "server.fileWatcherType": "none",
        }
        command = [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            "app.py",
            *(f"--{name}={value}" for name, value in options.items()),
        ]
        environment = os.environ | {"VIEWCAST_STORE": f"sqlite:///{(self.folder / 'runs.db').as_posix()}"}
        self.log = (self.folder / "server.log").open("a")
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=self.log, stderr=self.log)
        for _attempt in range(200):
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5):
                    return self
            except OSError:
                self.process.poll() is None or pytest.fail((self.folder / "server.log").read_text())
                try:
                    self.process.wait(0.1)
                except subprocess.TimeoutExpired:
                    continue
        raise TimeoutError("the app did not start")

    def stop(self) -> None:
        """End the server; its workers leave with it, one that is just loading torch only when it has."""
        self.process.terminate()
        self.process.wait(90)
        self.log.close()


def uploader(page: Page) -> Locator:
    """Where Data takes a channel's file; its page has another uploader, for events."""
    return page.locator("[class*='st-key-upload_'] input[type=file]")


def wait_until_drawn(page: Page) -> None:
    """Wait for the script, and for the code of all that it shows: each kind of element is fetched when first needed."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    place = find()
    if place is None:
        pytest.fail(ADVICE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(place), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server")).start()
    yield server
    server.stop()


def new_context(browser: Browser, url: str, **options) -> BrowserContext:
    """A visitor's browser, 1440 wide and in English unless said otherwise, that waits until a page is drawn."""
    usual = {"viewport": {"width": 1440, "height": 1000}, "locale": "en-US", "base_url": url}
    context = browser.new_context(**usual | options)
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    context.on("page", act_once_drawn)
    return context


def act_once_drawn(page: Page) -> None:
    """Have every click and every look at `page` wait until it is drawn: a click on what still moves hits nothing."""
    for drawing in ("[data-test-script-state=running]", "[data-testid=stSkeleton]"):
        page.add_locator_handler(page.locator(drawing).first, lambda _found: None)  # it waits until that is gone


@contextmanager
def tab(browser: Browser, server: Server) -> Iterator[Page]:
    """A fresh tab, 1440 wide, in English; at its end no page may have shown a traceback."""
    context = new_context(browser, server.url)
    page = context.new_page()
    yield page
    expect(page.get_by_test_id("stException")).to_have_count(0)
    context.close()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with tab(browser, server) as page:
        yield page
