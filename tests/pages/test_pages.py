"""The pages' scripts: what they show and what their controls do."""

import threading
import time
from collections.abc import Callable

import altair as alt
import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from forecasting import charts, owners
from pages.parts import session
from pages.parts.session import SAMPLE_KEY

DEADLINE = 300  # seconds to wait for a run, however busy the machine


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def train(app: AppTest, **settings) -> AppTest:
    """Set the controls, press Train and wait until the run has ended."""
    for key, value in settings.items():
        app.get_by_key(key).set_value(value)
    app.run()
    [button for button in app.button if button.label in ("Train", "训练")][0].click().run()
    wait_for(app, lambda: not any(button.label in ("Stop", "停止") for button in app.button))
    assert not app.exception
    return app


def wait_for(app: AppTest, condition: Callable[[], bool]) -> None:
    """Look again until it is so, as the live part of the page does by itself."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end
        threading.Event().wait(0.1)
        app.run()


def csv(days: int = 500, first: str = "2020-01-01") -> bytes:
    lines = [f"{day.date()},{1000 + 30 * (i % 7) + i}" for i, day in enumerate(pd.date_range(first, periods=days))]
    return "\n".join(["Date,Views", *lines]).encode()


def test_data_shows_the_sample_at_once(visit):
    app = visit()
    assert metrics(app)["Days"] == "2,191"
    assert (metrics(app)["Training days"], metrics(app)["Held-out days"]) == ("1,826", "365")


def test_split_control_changes_the_periods(visit):
    app = visit()
    app.selectbox(key="split").select("lecture").run()
    assert (metrics(app)["Training days"], metrics(app)["Held-out days"]) == ("1,461", "365")
    app.selectbox(key="split").select("custom").run()
    assert not app.exception


def test_custom_split_can_be_chosen_on_train(visit):
    app = visit("train", split="Custom")
    assert len(app.date_input) == 2
    app.date_input(key="train_period").set_value(("2018-01-01", "2018-12-31"))
    app.date_input(key="held_out_period").set_value(("2019-01-01", "2019-06-30")).run()
    assert not app.exception
    assert not app.warning


def test_half_a_date_range_keeps_the_run_in_sight(visit):
    app = train(visit("train"), epochs=2, seeds=1, units=4, window=7)
    app.selectbox(key="split").select("custom").run()
    app.date_input(key="held_out_period").set_value(("2022-01-01",)).run()
    assert "last day" in app.warning[0].value
    assert metrics(app)["Held-out loss (MAE)"] != "–"


def test_upload_becomes_the_channel_with_its_last_part_held_out(visit):
    app = visit()
    app.file_uploader[0].upload("mine.csv", csv()).run()
    assert not app.exception
    assert metrics(app)["Days"] == "500"
    assert metrics(app)["Held-out days"] == "100"
    assert not app.error


def test_last_year_is_held_out_where_the_channel_goes_on_after_2022(visit):
    app = visit()
    app.file_uploader[0].upload("today.csv", csv(2500, "2018-03-01")).run()
    assert app.selectbox(key="split").options == ["Last year", "2021 / 2022", "2017–2020 / 2021 (lecture)", "Custom"]
    assert (metrics(app)["Training days"], metrics(app)["Held-out days"]) == ("2,135", "365")
    assert any("after 2022 come 733 days more" in caption.value for caption in app.caption)
    app.selectbox(key="split").select("2022").run()
    assert metrics(app)["Training days"] == "1,402"
    assert not any("after 2022" in caption.value for caption in app.caption)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("page.csv", b"<!doctype html><html><body>404</body></html>"),
        ("text.csv", b"just a line of words\n"),
        ("no_dates.csv", b"name,views\na,1\nb,2\n"),
        ("no_numbers.csv", b"Date,Title\n2021-01-01,a\n2021-01-02,b\n2021-01-03,c\n"),
        ("views.zip", b"PK\x03\x04 cut off"),
    ],
)
@pytest.mark.parametrize("language", ["English", "中文"])
def test_bad_file_is_one_sentence_and_the_channel_stays(visit, name, content, language):
    app = visit(lang=language)
    app.file_uploader[0].upload(name, content).run()
    assert not app.exception
    assert [metric.value for metric in app.metric][0] == "2,191"
    (sentence,) = [alert.value for alert in app.error]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in sentence) == (language == "中文")


def test_header_of_a_file_is_shown_as_it_is(visit):
    app = visit()
    lines = [f"2021-{month:02}-{day:02},{day}" for month in range(1, 7) for day in range(1, 29)]
    app.file_uploader[0].upload(
        "odd.csv", "\n".join(["date,users ![x](http://127.0.0.1/x.png) $a$", *lines]).encode()
    ).run()
    assert "![" not in app.warning[0].value
    assert "\\!\\[x\\]" in app.warning[0].value


def test_file_that_does_not_say_is_asked_about_once(visit):
    app = visit()
    lines = [f"2021-{month:02}-{day:02},{day * 7 % 31}" for month in range(1, 7) for day in range(1, 29)]
    app.file_uploader[0].upload("users.csv", "\n".join(["date,users", *lines]).encode()).run()
    assert "users" in app.warning[0].value
    assert metrics(app)["Days"] == "2,191"
    app.selectbox(key="answer").select("users").run()
    assert not app.exception
    assert metrics(app)["Days"] == "179"
    assert any("users" in caption.value for caption in app.caption)


def test_short_channel_says_how_many_days_a_window_needs(visit):
    app = visit()
    app.file_uploader[0].upload("short.csv", csv(days=40)).run()
    assert not app.exception
    app = visit("train")
    assert "40 days" in app.warning[0].value


def test_data_says_at_once_what_the_length_allows(visit):
    app = visit()
    (sentence,) = [caption.value for caption in app.caption if "measured days" in caption.value]
    assert sentence.startswith("2,191 measured days are enough for every method")
    app.file_uploader[0].upload("short.csv", csv(days=28)).run()
    (sentence,) = [caption.value for caption in app.caption if "measured days" in caption.value]
    assert sentence.startswith("28 measured days are enough to forecast 28 days ahead (baselines, Auto).")
    assert "training (from 71)" in sentence


def test_weekdays_without_rows_are_asked_about_and_the_answer_travels(visit):
    days = pd.date_range("2024-01-01", periods=280)
    lines = [f"{day.date()},{1000 + 7 * day.day % 30}" for day in days if day.day_of_week < 6]
    app = visit()
    app.file_uploader[0].upload("no_sundays.csv", "\n".join(["Date,Views", *lines]).encode()).run()
    asked = app.radio(key="said_absent_weekdays")
    assert (asked.label, asked.value) == ("No rows on Sun", "unmeasured")
    assert any("240 measured days" in caption.value for caption in app.caption)
    asked.set_value("closed").run()
    assert not app.exception
    assert app.radio(key="said_absent_weekdays").value == "closed"
    assert any("279 measured days" in caption.value for caption in app.caption)
    assert len(app.selectbox(key="channel").options) == 2  # the reading before is gone


def test_another_column_replaces_the_reading_before(visit):
    counts = {(month, day): day * 7 % 31 for month in range(1, 13) for day in range(1, 29)}
    lines = [f"2021-{month:02}-{day:02},{count},{2 * count}" for (month, day), count in counts.items()]
    file = "\n".join(['Date,"Article one","Article two"', *lines]).encode()
    app = visit()
    app.file_uploader[0].upload("pageviews-20210101-20211228.csv", file).run()
    assert app.selectbox(key="said_channel").options[:2] == ["Article one", "Article two"]
    first = metrics(app)["Views a day, last 28 days"]
    app.selectbox(key="said_channel").select("Article two").run()
    assert not app.exception
    assert metrics(app)["Views a day, last 28 days"] != first
    assert len(app.selectbox(key="channel").options) == 2  # the sample and this one


def test_run_shows_its_losses_verdict_and_days(visit):
    app = train(visit("train"), epochs=8, seeds=2, window=7, units=16)
    shown = metrics(app)
    assert 214 < float(shown["Held-out loss (MAE)"]) < 673
    assert shown["Parameters"] == str(7 * 16 + 16 + 16 + 1)
    assert "Seeds that are better: 2 of 2" in [*app.success, *app.info][0].value
    assert app.selectbox(key="run").value


drawn: list = []  # views that a page has drawn


def record_views(views, *_rest, **_more):
    """Of the module, as what a chart is made by has to be."""
    drawn.append(views)
    return alt.Chart().mark_point()


def test_days_that_were_filled_in_are_not_drawn_as_real_views(visit, monkeypatch):
    monkeypatch.setattr(charts, "real_and_predicted", record_views)
    lines = csv(500).decode().splitlines()
    app = visit()
    app.file_uploader[0].upload("holes.csv", "\n".join(lines[:451] + lines[454:]).encode()).run()
    train(visit("train"), epochs=1, seeds=2, units=4, window=7)
    hidden = drawn[-1].index[drawn[-1].isna()]
    assert list(hidden.strftime("%Y-%m-%d")) == [line.split(",")[0] for line in lines[451:454]]


def test_run_deleted_elsewhere_is_missed_aloud(visitor):
    app = train(visitor.go("train"), epochs=1, seeds=1, units=4, window=1)
    run = app.selectbox(key="run")
    assert run.options == ["ReLU layers 1×4, 1 day"]
    owner = owners.browser(app.session_state.token)
    session.store().delete(owner, [run.value])
    app.run()
    assert "deleted" in app.toast[0].value and app.selectbox(key="run").value is None
    app.run()
    assert not app.toast and not app.exception


def test_same_settings_are_not_trained_twice(visit):
    app = train(visit("train"), epochs=2, seeds=1, units=4, window=7)
    first = app.selectbox(key="run").value
    train(app)
    assert app.selectbox(key="run").value == first
    assert len(app.selectbox(key="run").options) == 1


def test_linear_model_brings_its_exact_solution(visit):
    app = train(visit("train"), epochs=3, seeds=1, family="linear", window=7)
    assert sorted(app.selectbox(key="run").options) == ["Linear, 7 days", "Linear, exact, 7 days"]
    trained = float(metrics(app)["Train loss (MAE)"])
    exact = next(name for name in app.selectbox(key="run").options if "exact" in name)
    app.selectbox(key="run").select_index(app.selectbox(key="run").options.index(exact)).run()
    wait_for(app, lambda: metrics(app)["Train loss (MAE)"] != "–")
    assert not app.exception
    assert float(metrics(app)["Train loss (MAE)"]) < trained


def test_paused_run_goes_on(visit):
    app = visit("train")
    for key, value in {"epochs": 10_000, "seeds": 2, "layers": 4}.items():
        app.get_by_key(key).set_value(value)
    app.run()
    next(button for button in app.button if button.label == "Train").click().run()
    wait_for(app, lambda: "left" in "".join(bar.text for bar in app.get("progress")))
    next(button for button in app.button if button.label == "Pause").click().run()
    wait_for(app, lambda: any("Continue from epoch" in button.label for button in app.button))
    next(button for button in app.button if "Continue" in button.label).click().run()
    wait_for(app, lambda: any(button.label == "Stop" for button in app.button))
    next(button for button in app.button if button.label == "Stop").click().run()
    wait_for(app, lambda: not any(button.label == "Stop" for button in app.button))
    assert not app.exception


def test_every_setting_can_be_turned(visit):
    app = train(
        visit("train"), epochs=4, seeds=2, window=14, units=8, layers=2, optimizer="nesterov", schedule="step",
        warmup=1, log=True, weekday=True, country="TW", subtract="last", horizon=3, dropout=0.1, batch_norm=True,
        weight_decay=0.01, l1=0.001, noise=0.1, scale=0.1, clip=1.0, train_days=700, validation=0.2, patience=3,
    )  # fmt: skip
    assert any("3 days ahead" in heading.value for heading in app.subheader)


def test_shallow_references_are_trained(visit):
    app = train(visit("train"), family="trees", epochs=20, window=7)
    assert "Boosted trees, 7 days" in app.selectbox(key="run").options
    assert float(metrics(app)["Train loss (MAE)"]) < 673


def test_changed_controls_are_pointed_out(visit):
    app = train(visit("train"), epochs=2, seeds=1, family="linear", window=7)
    app.number_input(key="window").set_value(14).run()
    assert any("controls differ" in caption.value for caption in app.caption)


@pytest.mark.parametrize(("asked", "picked"), [("7", 7), ("9", None), ("x", 56)])
def test_quick_window_shows_the_links_from_the_first_run(visit, asked, picked):
    """A pick that changed by itself in the second run could be sent back by the browser and be taken for a click."""
    app = visit("train", window=asked)
    assert app.get_by_key("quick_window").value == picked


def test_quick_window_and_number_agree(visit):
    app = visit("train")
    app.get_by_key("quick_window").set_value(28).run()
    assert app.number_input(key="window").value == 28
    app.number_input(key="window").set_value(30).run()
    assert app.get_by_key("quick_window").value is None


def test_impossible_link_falls_back_with_a_note(visit):
    app = visit("train", units="9999", loss="Hinge")
    notes = [toast.value for toast in app.toast]
    assert any("9999" in note for note in notes) and any("Hinge" in note for note in notes)
    assert app.number_input(key="units").value == 100


@pytest.mark.parametrize(("year", "possible"), [("1990", False), ("2018", True)])
def test_link_to_a_period_outside_the_data_falls_back_with_a_note(visit, year, possible):
    app = visit("train", split="Custom", train_period=[f"{year}-01-01", f"{year}-12-31"])
    notes = "".join(toast.value for toast in app.toast)
    assert (f"{year}-01-01 – {year}-12-31" in notes) is not possible
    assert (str(app.date_input(key="train_period").value[0]) == f"{year}-01-01") is possible


def test_diverged_run_says_what_to_try(visit):
    app = train(
        visit("train"), epochs=50, seeds=1, family="linear", window=7, loss="mse", optimizer="sgd", learning_rate=1.0
    )
    assert "learning rate" in app.error[0].value
    assert metrics(app)["Held-out loss (RMSE)"] == "–"
    assert metrics(app)["Same day last week"]


def test_verdict_names_the_baseline_that_is_harder_to_beat(visit):
    walk = 50_000 + np.random.default_rng(0).normal(0, 400, 500).cumsum()
    days = pd.date_range("2020-01-01", periods=500)
    lines = [f"{day.date()},{views:.0f}" for day, views in zip(days, walk, strict=True)]
    app = visit()
    app.file_uploader[0].upload("walk.csv", "\n".join(["Date,Views", *lines]).encode()).run()
    app = train(visit("train"), epochs=2, seeds=2, units=4, window=7)
    said = next(alert.value for alert in [*app.success, *app.error, *app.info] if "“" in alert.value)
    assert "“Yesterday”" in said
    assert metrics(app)["Yesterday"]


@pytest.mark.parametrize("page", ["data", "train", "compare"])
def test_page_is_chinese_where_asked(visit, page):
    app = visit(page, lang="中文")
    assert app.title[0].value in ("数据", "训练", "比较")
    labels = [metric.label for metric in app.metric] + [box.label for box in app.selectbox]
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in label) for label in labels)


def test_visitors_do_not_see_each_other(visitor):
    train(visitor.go("train"), epochs=2, seeds=1, units=4, window=7)
    assert not visitor.go("compare").info
    assert "No runs yet" in type(visitor)().go("compare").info[0].value


def test_reading_of_a_file_can_be_changed_later(visit):
    lines = [
        f"2021-{month:02}-{day:02},{100 + day * 7 % 31}"
        for month in range(1, 13)
        for day in range(1, 29)
        if (month, day) != (5, 9)
    ]
    app = visit()
    app.file_uploader[0].upload("hole.csv", "\n".join(["Date,Views", *lines]).encode()).run()
    assert app.selectbox(key="said_dates").value == "calendar"
    first = app.selectbox(key="channel").value
    app.radio(key="said_fill").set_value("none").run()
    assert not app.exception
    assert app.selectbox(key="channel").value != first
    assert app.radio(key="said_fill").value == "none"
    app.selectbox(key="said_dates").select("dmy").run()
    assert not app.exception


def test_another_reading_that_is_refused_says_why_and_the_channel_stays(visit):
    lines = [f"{line},0" for line in csv().decode().splitlines()[1:]]
    app = visit()
    app.file_uploader[0].upload("two.csv", "\n".join(["Date,Views,Likes", *lines]).encode()).run()
    before = metrics(app)
    app.selectbox(key="said_metric").select("Likes").run()
    assert not app.exception and metrics(app) == before and app.selectbox(key="said_metric").value == "Views"
    assert ["nothing to forecast" in error.value for error in app.error] == [True]
    app.session_state.channel = SAMPLE_KEY
    app.run()
    assert not app.error


def test_reading_of_a_channel_removed_elsewhere_is_said(visit):
    app = visit()
    app.file_uploader[0].upload("gone.csv", csv()).run()
    owner = owners.browser(app.session_state.token)
    session.channel_store().forget(owner, app.session_state.channel)
    app.radio(key="said_fill").set_value("none").run()
    assert not app.exception and "This channel has been removed" in app.toast[0].value
    assert app.selectbox(key="channel").options == ["Sample channel"] and metrics(app)["Days"] == "2,191"


def training_controls(app: AppTest) -> tuple[float, str]:
    return app.select_slider(key="learning_rate").value, app.selectbox(key="schedule").value


def test_rate_and_schedule_follow_the_family_until_they_are_touched(visit):
    app = visit("train")
    assert training_controls(app) == (0.001, "constant")
    app.selectbox(key="family").select("hard-sigmoid").run()
    assert training_controls(app) == (0.01, "cosine")
    app.selectbox(key="family").select("linear").run()
    assert training_controls(app) == (0.003, "constant")
    app.select_slider(key="learning_rate").set_value(0.03).run()
    app.selectbox(key="family").select("svr").run()  # which has neither
    app.selectbox(key="family").select("relu").run()
    app.select_slider(key="learning_rate").set_value(0.03).run()
    app.selectbox(key="family").select("sigmoid").run()
    assert training_controls(app) == (0.03, "cosine")
    assert not app.exception


@pytest.mark.parametrize(("link", "said"), [({}, 0.01), ({"learning_rate": "0.001"}, 0.001)])
def test_a_link_that_names_a_rate_keeps_it(visit, link, said):
    app = visit("train", family="Sum of hard sigmoids", **link)
    assert training_controls(app) == (said, "cosine")
    app.run()
    assert training_controls(app) == (said, "cosine")
