"""Back and Forward in a real browser: every page comes back as it was left, at the first press."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.conftest import PATIENCE
from tests.browser.test_main_path import press_train, wait_until_done

SPLIT = "split=2017–2020+/+2021+(lecture)"
# Pages whose controls share their names with those of pages beside them, with other values.
LINKS = {
    "/train": f"{SPLIT}&window=7&loss=Squared+error+(MSE)&epochs=7&log_scale=false&weekday=true",
    "/know_your_data": "window=3&loss=Squared+error+(MSE)",
    "/formula_or_batches": "epochs=5&batch=3",
    "/forecast": f"ahead=9&{SPLIT}",
    "/deeper": "part=Lecture's+table&table_epochs=30",
    "/choosing_models": f"part=Folds&{SPLIT}",
}
# All that a visitor has chosen: what stands in inputs, and which of several is pressed.
CONTROLS = """() => {
  const value = (one) => [one.ariaLabel, one.innerText, one.ariaValueText, one.ariaChecked, one.checked, one.value];
  const inputs = document.querySelectorAll("input, [role=slider], [role=radio]");
  return [document.querySelector("h1")?.innerText, ...[...inputs].map(value)].join("\\n");
}"""
# What Forward does: the address changes in the tab that is open.
FORWARD = """(link) => {
  History.prototype.pushState.call(history, {}, "", link);  // as the browser's own, not as a page's
  dispatchEvent(new PopStateEvent("popstate"));
}"""
CLICK = "(words) => [...document.querySelectorAll('a')].find((link) => link.innerText.endsWith(words)).click()"
STILL = """() => {
  const before = window.controls, app = document.querySelector("[data-testid=stApp]");
  window.controls = (CONTROLS)();
  const mounted = !document.querySelector("[data-testid=stSkeleton]"); // else code of a control is still on its way
  return mounted && window.controls === before && app.dataset.testScriptState === "notRunning";
}""".replace("CONTROLS", CONTROLS)


def shown(page: Page) -> tuple[str, str]:
    """The address and all that is chosen, once the page stands still."""
    page.wait_for_function(STILL, polling=200)
    return page.url, page.evaluate(CONTROLS)


def expect_shown(page: Page, wanted: tuple[str, str]) -> None:
    """Wait for a page as it was left."""
    expect(page).to_have_url(wanted[0])
    page.wait_for_function(f"(wanted) => ({CONTROLS})() === wanted", arg=wanted[1])


def open_by_history(page: Page, link: str) -> None:
    """A page by FORWARD; its heading follows."""
    before = page.get_by_role("heading", level=1).inner_text()
    page.evaluate(FORWARD, link)
    expect(page.get_by_role("heading", level=1)).not_to_have_text(before)


def test_every_page_comes_back_with_its_own_values_under_names_that_pages_share(page: Page) -> None:
    page.goto("/")
    shown(page)
    left = []
    for path, query in LINKS.items():
        open_by_history(page, f"{path}?lang=English&{query}")
        names = [part.split("=")[0] for part in query.split("&")]
        page.wait_for_function("(names) => names.every((name) => location.search.includes(name))", arg=names)
        left.append(shown(page))
        assert all(name in left[-1][0] for name in names)
    for before in left[-2::-1]:
        page.go_back()
        expect_shown(page, before)
    for after in left[1:]:
        page.go_forward()
        expect_shown(page, after)


def test_back_brings_split_window_and_run_at_the_first_press_and_in_the_language_of_then(page: Page) -> None:
    page.goto("/train?epochs=4")
    page.get_by_role("combobox", name="Split: train / held-out").click()
    page.get_by_role("option", name="2017–2020 / 2021 (lecture)").click()
    shown(page)
    page.get_by_role("radio", name="7", exact=True).click()
    expect(page).to_have_url(re.compile("window=7"))
    press_train(page)
    wait_until_done(page)
    train = shown(page)
    assert all(part in train[0] for part in ("epochs=4", "split=", "window=7", "run=", "lang=English"))
    page.get_by_role("link", name="Compare").click()
    expect(page).to_have_url(re.compile("/compare.*runs="))
    page.get_by_role("radio", name="中文").click()
    expect(page.get_by_role("heading", name="比较", exact=True)).to_be_visible()
    compare = shown(page)
    page.go_back()
    expect_shown(page, train)
    page.go_forward()
    expect_shown(page, compare)


class SlowAnswers:
    """What the server says to a page; it can be held back for a while. Begins before the page is opened."""

    def __init__(self, page: Page) -> None:
        self.page, self.held, self.holding = page, [], False
        page.route_web_socket("**/_stcore/stream", self.connect)

    def connect(self, socket: WebSocketRoute) -> None:
        """Hand on what comes from either side."""
        server = socket.connect_to_server()
        socket.on_message(lambda said: server.send(said))
        server.on_message(lambda said: self.held.append((socket, said)) if self.holding else socket.send(said))

    def hold(self, act: str) -> None:
        """Do `act` in the page, whose answer has come and is held."""
        self.holding, before = True, len(self.held)
        self.page.evaluate(act)
        for _look in range(PATIENCE // 10):
            if len(self.held) > before:
                return
            self.page.wait_for_timeout(10)
        pytest.fail("the server did not answer")

    def release(self) -> None:
        """Say all of it at once."""
        self.holding = False
        for socket, said in self.held:
            socket.send(said)


def test_back_pressed_again_before_the_first_is_answered_goes_back_twice(page: Page) -> None:
    answers = SlowAnswers(page)
    page.goto("/compare?lang=English")
    left = [shown(page)]
    for link in ("/train?lang=English&epochs=7", "/goals?lang=English", "/know_your_data?lang=English&window=3"):
        open_by_history(page, link)
        left.append(shown(page))
    answers.hold("history.back()")
    answers.hold("history.back()")
    answers.release()
    expect_shown(page, left[1])
    page.go_forward()
    expect_shown(page, left[2])


@contextmanager
def language_control_held_back(page: Page) -> Iterator[None]:
    """Within, the code of the language's control is on its way, as on a slow network; it arrives at the end."""
    on_its_way = []
    page.route("**/ButtonGroup.*.js", lambda one: on_its_way.append(one))
    yield
    assert page.get_by_role("radio", name="中文").count() == 0
    for one in on_its_way:
        one.continue_()
    page.unroute("**/ButtonGroup.*.js")


def wait_for_heading(page: Page, words: str) -> None:
    """Wait for a page whose script has ended, though not all of it is drawn."""
    app = "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
    page.wait_for_function(f"(words) => document.querySelector('h1')?.innerText === words && {app}", arg=words)


@pytest.mark.parametrize(
    ("first", "heading", "act", "to"),
    [("/", "Data", FORWARD, "/train?lang=中文&epochs=7"), ("/?lang=中文", "数据", CLICK, "训练")],
)
def test_the_language_is_kept_before_its_control_is_there(page: Page, first: str, heading: str, act: str, to: str):
    with language_control_held_back(page):
        page.goto(first)
        wait_for_heading(page, heading)
        page.evaluate(act, to)
        wait_for_heading(page, "训练")
    expect(page.get_by_role("radio", name="中文")).to_be_checked()
    assert "lang=%E4%B8%AD%E6%96%87" in page.url
