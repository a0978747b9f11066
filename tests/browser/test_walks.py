"""Walks from end to end: a student in Chinese loses no setting, a teacher on a phone needs two taps."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server, tab
from tests.browser.test_history import expect_shown, shown
from tests.browser.test_main_path import metric, wait_until_done
from tests.browser.test_upload import bring, table

CHANNEL = "我的频道"


def expect_channel_in_chinese(page: Page) -> None:
    """The sidebar as the student has left it."""
    expect(page.get_by_role("combobox", name="频道", exact=True)).to_have_value(CHANNEL)
    expect(page.get_by_role("radio", name="中文")).to_be_checked()


def set_up_and_train(page: Page) -> None:
    """A window, epochs, units and one seed by hand, then a run of them."""
    page.get_by_role("link", name="训练", exact=True).click()
    shown(page)
    page.get_by_role("radio", name="7", exact=True).click()
    expect(page).to_have_url(re.compile("window=7"))
    for name, value in (("轮数", "6"), ("每层单元数", "5"), ("随机种子数", "1")):
        page.get_by_role("spinbutton", name=name, exact=True).fill(value)
        page.keyboard.press("Enter")
        shown(page)
    page.get_by_role("button", name="训练", exact=True).click()
    expect(page.get_by_role("heading", name="留出期：提前一天的预测")).to_be_visible()


def reveal(page: Page) -> None:
    """Chapter 5 from the contents; three days are hidden, the run has a vote, and the days are shown."""
    page.get_by_role("link", name="目录", exact=True).click()
    page.get_by_test_id("stMain").get_by_role("link", name="更深").click()
    page.get_by_role("radio", name="揭晓").click()
    page.get_by_role("slider", name="隐藏的天数").press("ArrowRight")
    expect(page).to_have_url(re.compile("hidden=3"))
    shown(page)  # the candidates are drawn anew
    page.get_by_role("button", name="ReLU").first.click()
    page.get_by_role("button", name="揭晓", exact=True).click()
    expect(page.get_by_role("button", name="重新投票")).to_be_visible()


def go_on_to(page: Page, title: str) -> None:
    """The next chapter, by the strip below this one."""
    page.get_by_test_id("stMain").get_by_role("link", name=title).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    expect_channel_in_chinese(page)


def test_student_in_chinese_goes_from_upload_to_the_chapters_and_loses_no_setting(page: Page) -> None:
    page.goto("/?lang=中文")
    bring(page, f"{CHANNEL}.csv", table("日期,播放量", lambda i: 20_000 + 1800 * (i % 7) + i % 5))
    expect(page.get_by_test_id("stVegaLiteChart").first).to_contain_text("3 万")  # on its axis
    expect_channel_in_chinese(page)
    set_up_and_train(page)
    train = shown(page)
    page.get_by_role("link", name="比较", exact=True).click()
    expect(page).to_have_url(re.compile("/compare.*runs="))
    shown(page)
    page.go_back()
    expect_shown(page, train)
    reveal(page)
    left = [shown(page)]
    go_on_to(page, "我的模型哪里出了问题？")
    left.append(shown(page))
    go_on_to(page, "过拟合与对策")
    page.get_by_role("slider", name="次数").last.press("ArrowLeft")
    expect(page).to_have_url(re.compile("degree=8"))
    left.append(shown(page))
    go_on_to(page, "在模型中选择")
    shown(page)
    for before in left[::-1]:
        page.go_back()
        expect_shown(page, before)


def test_a_teacher_on_a_phone_trains_and_shows_a_run_with_two_taps(browser: Browser, server: Server) -> None:
    with tab(browser, server) as page:
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto("/")
        page.get_by_role("link", name="Train a model on it").click()
        page.get_by_role("button", name="Train", exact=True).click()
        expect(metric(page, "Held-out loss")).not_to_have_text("–")
        expect(page.get_by_test_id("stVegaLiteChart").first).to_be_in_viewport()
        wait_until_done(page)
        expect(page.get_by_role("combobox", name="Run shown")).to_have_value(re.compile("^ReLU layers 1×100, 56 days"))
