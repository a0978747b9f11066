"""A hosted server with a real OpenID provider: browsers that cannot see each other, signing in and out."""

import json
import re
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Server, new_context, uploader
from tests.browser.test_upload import expect_channel, table

CHANNEL = "confidential"  # of the one browser, and nowhere else
PEOPLE = {"ann": "Ann", "bob": "Bob"}  # who have one mail address
SAMPLE = "Sample channel"


@contextmanager
def provider() -> Iterator[str]:
    """The address of an OpenID provider that knows PEOPLE."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    claims = [{"sub": sub, "name": name, "email": "same@example.org"} for sub, name in PEOPLE.items()]
    people = [part for one in claims for part in ("--user-claims", json.dumps(one))]
    command = [sys.executable, "-m", "oidc_provider_mock", "--host", "127.0.0.1", "--port", str(port), *people]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(30)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Reached from everywhere, with the provider in its secrets."""
    folder = tmp_path_factory.mktemp("identity")
    with provider() as issuer, pytest.MonkeyPatch.context() as patch:
        own = Server(folder, hosted=True)
        own.url = f"http://localhost:{own.port}"  # another host than the provider's, so that each keeps its own cookies
        settings = {
            "redirect_uri": f"{own.url}/oauth2callback",
            "cookie_secret": secrets.token_hex(),
            "client_id": "viewcast",
            "client_secret": "any",
            "server_metadata_url": f"{issuer}/.well-known/openid-configuration",
        }
        lines = "".join(f'{name} = "{text}"\n' for name, text in settings.items())
        (folder / "secrets.toml").write_text(f"[auth]\n{lines}")
        patch.setenv("STREAMLIT_SECRETS_FILES", str(folder / "secrets.toml"))
        patch.setenv("VIEWCAST_WORKERS", "1")
        yield own.start()
        own.stop()


@contextmanager
def visitor(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    """A browser of its own."""
    context = new_context(browser, server.url)
    yield context
    context.close()


def open_page(context: BrowserContext, address: str = "/") -> Page:
    page = context.new_page()
    go(page, address)
    return page


def go(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_role("link", name="Your data")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)


def sign_in(page: Page, who: str) -> None:
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=who, exact=True).click()
    expect(page.get_by_text(f"Signed in as {PEOPLE[who]}")).to_be_visible()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("end_session"))
    go(page, "/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def expect_nothing_of_it(page: Page) -> None:
    """The sample is shown, and the other's channel is not among those to choose."""
    expect_channel(page, SAMPLE)
    box = page.get_by_role("combobox", name="Channel", exact=True)
    box.click()
    expect(page.get_by_role("option", name=SAMPLE)).to_be_visible()
    expect(page.get_by_role("option", name=CHANNEL)).to_have_count(0)
    page.keyboard.press("Escape")


def test_browsers_and_users_see_their_own_alone(browser: Browser, server: Server) -> None:
    with visitor(browser, server) as first, visitor(browser, server) as second:
        mine = open_page(first)
        data = table("Date,Views", lambda i: 54_321 + i % 7)
        uploader(mine).set_input_files({"name": f"{CHANNEL}.csv", "mimeType": "text/csv", "buffer": data})
        expect_channel(mine, CHANNEL)
        (cookie,) = (one for one in first.cookies() if one["name"] == "_streamlit_xsrf")
        assert cookie["expires"] > 0  # it outlives the browser's session

        theirs = open_page(second, f"/?channel={CHANNEL}")  # what the address bar of the other one says
        expect_nothing_of_it(theirs)
        go(theirs, f"/compare?channel={CHANNEL}&runs=Any")
        expect_nothing_of_it(theirs)

        sign_in(mine, "ann")
        mine.get_by_role("button", name="Take it along").click()
        expect(mine.get_by_text("before you signed in")).to_have_count(0)
        other_tab = open_page(first, f"/?channel={CHANNEL}")
        expect_channel(other_tab, CHANNEL)

        sign_out(mine)
        expect_nothing_of_it(mine)
        other_tab.get_by_text("Present", exact=True).click()  # a tab that is still open ends at its next step
        expect(other_tab.get_by_text(CHANNEL)).to_have_count(0)
        expect(other_tab.get_by_text("Signed in as")).to_have_count(0)

        sign_in(theirs, "bob")  # the same mail, another subject
        expect_nothing_of_it(theirs)
