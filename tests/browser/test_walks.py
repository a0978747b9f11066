"""Walks from end to end: a student in Chinese, a teacher on a phone, and an owner who comes back each month."""

import io
import re
import zipfile
from datetime import date, timedelta

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server, tab
from tests.browser.test_forecast import press_forecast
from tests.browser.test_history import expect_shown, shown
from tests.browser.test_main_path import metric, wait_until_done
from tests.browser.test_upload import bring, table

CHANNEL = "我的频道"
LAST, NEXT_MONTH = date(2025, 6, 30), date(2025, 7, 30)


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


def export(days: int, last: date) -> bytes:
    """The last `days` of an invented channel, in a file like those of YouTube Studio."""
    dates = [last - timedelta(days=back) for back in range(days)][::-1]
    views = [2000 + 150 * day.weekday() + 37 * day.toordinal() % 101 for day in dates]
    totals = "Date,Views\n" + "".join(f"{day},{count}\n" for day, count in zip(dates, views, strict=True))
    chart = "Date,Content,Views\n" + "".join(f"{day},abc,{count}\n" for day, count in zip(dates, views, strict=True))
    table = f'Content,Video title,Views\nTotal,,{sum(views)}\nabc,"One film, with a comma",{sum(views)}\n'
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in (("Table data.csv", table), ("Chart data.csv", chart), ("Totals.csv", totals)):
            archive.writestr(name, text)
    return packed.getvalue()


def bring_export(page: Page, days: int, last: date, name: str) -> None:
    """An export brought to Data, which shows it."""
    page.get_by_role("link", name="Data", exact=True).click()
    expect(page.get_by_role("heading", name="Data", exact=True)).to_be_visible()
    shown(page)  # the page before may have a place for files too
    bring(page, f"{name}.zip", export(days, last))
    expect(metric(page, "Days")).to_have_text(str(days))
    shown(page)


def test_an_owner_brings_28_90_and_365_days_and_sees_how_it_went(page: Page) -> None:
    page.goto("/")
    bring_export(page, 28, LAST, "Owner")
    page.get_by_role("button", name="Forecast it").click()
    press_forecast(page)
    expect(page.get_by_role("heading", name="Totals")).to_be_visible()
    expect(page.get_by_text("The channel is too short for Auto's models")).to_be_visible()
    bring_export(page, 90, NEXT_MONTH, "Owner (1)")
    expect(page.get_by_text("This file continues “Owner” (new days: 62).")).to_be_visible()
    page.get_by_role("link", name="1 forecast can be judged now").click()
    expect(metric(page, "Views that came")).not_to_have_text("–")
    expect(metric(page, "90 % interval held")).to_have_text(re.compile(r"\d+ of 28 days"))
    page.get_by_role("link", name="Forecast", exact=True).click()
    page.get_by_role("button", name="Compare all methods").click()
    expect(page.get_by_text("lowest error over the next 28 days")).to_be_visible()
    bring_export(page, 365, NEXT_MONTH, "Owner (2)")
    page.get_by_role("button", name="Forecast it").click()
    page.get_by_role("combobox", name="Method").click()
    page.get_by_role("option", name="Same day last week").click()
    expect(page).to_have_url(re.compile("forecaster="))
    page.get_by_role("button", name="Forecast", exact=True).click()
    expect(page.get_by_text(re.compile(r"28-day totals were off by \d+ %"))).to_be_visible()
