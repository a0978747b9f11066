"""Links for others: a run goes with its settings, a channel's data do not, and each who opens one works alone."""

import os
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from forecasting.jobs.channels import ChannelStore
from forecasting.owners import browser
from forecasting.sample import sample_channel
from forecasting.series import Channel
from forecasting.settings import Architecture, Inputs, Regularisation, RunSettings, Training
from forecasting.split import Period, Split, default_split
from pages.parts.session import store
from tests.pages.conftest import Visitor

SPLIT = default_split(sample_channel().views)
UNUSUAL = RunSettings(
    Split(Period.parse("2018-01-01:2019-12-31"), Period.parse("2020-01-01:2020-12-31")),
    Architecture("relu", window=21, units=7, layers=2, horizon=3),
    Training("mse", "momentum", learning_rate=0.03, momentum=0.8, schedule="step", decay=0.3, seeds=2, epochs=10_000),
    Inputs(log=True, weekday=True, country="TW", standardise=False),
    Regularisation(dropout=0.25, batch_norm=True, weight_decay=0.001, validation=0.2, patience=30),
)
USUAL = RunSettings(SPLIT, Architecture("linear", window=7), Training(learning_rate=0.003))


@pytest.fixture
def teacher() -> Visitor:
    visitor = Visitor()
    visitor.app.session_state.token = os.urandom(16).hex()
    return visitor


def link_of(app: AppTest, language: str) -> dict[str, str | list[str]]:
    """The parameters of the link that the page hands out."""
    app.session_state.link = True
    app.run()
    assert not app.exception
    query = parse_qs(urlsplit(app.code[0].value).query)
    assert query["lang"] == [language]
    return {name: values if len(values) > 1 else values[0] for name, values in query.items()}


def settings_of(app: AppTest) -> RunSettings:
    """Of the run that a press on Train queues."""
    next(button for button in app.button if button.label in ("Train", "训练")).click().run()
    assert not app.exception
    return store().run(browser(app.session_state.token), app.session_state.run).settings


@pytest.mark.parametrize(("settings", "language"), [(UNUSUAL, "中文"), (USUAL, "English")])
def test_a_run_goes_with_its_settings_and_each_trains_their_own(teacher: Visitor, settings, language: str) -> None:
    run_id = store().submit(browser(teacher.app.session_state.token), sample_channel(), settings, name="shown in class")
    app = teacher.go("train", lang=language, run="shown in class", window="3")  # the controls say something else
    query, student = link_of(app, language), Visitor()
    opened = student.go("train", **query)
    assert "shown in class" in opened.info[0].value and opened.selectbox(key="run").options == []
    assert settings_of(opened) == settings
    assert opened.session_state.run != run_id
    assert not any("shown in class" in one.value for one in opened.info)


def test_a_link_to_ones_own_channel_says_that_its_data_stay(teacher: Visitor) -> None:
    own = Channel("my own", sample_channel().views[:600] + 1)
    ChannelStore(store().engine).save(browser(teacher.app.session_state.token), own)
    app = teacher.go("train", channel="my own")
    query, student = link_of(app, "English"), Visitor()
    assert query["channel"] == "my own"
    assert "do not travel with a link" in app.warning[0].value and "Send your saved work" in app.warning[0].value
    opened = student.go("train", **query)
    assert "“my own”, which is not here" in opened.warning[0].value and "Your data" in opened.warning[0].value
    assert opened.selectbox(key="channel").options == ["Sample channel"]
    opened = student.go("data")
    assert "“my own”, which is not here" in opened.warning[0].value  # until they have it
    ChannelStore(store().engine).save(browser(student.app.session_state.token), own)
    assert not student.go("data").warning


def test_a_lesson_opens_with_its_settings_language_and_presentation(teacher: Visitor) -> None:
    app = teacher.go("walkthrough/bend_the_line", lang="繁體", present="true", pieces="5", hide="corner")
    query = link_of(app, "繁體")
    assert (query["present"], query["pieces"], query["hide"]) == ("true", "5", "corner")
    opened = Visitor().go("walkthrough/bend_the_line", **query)
    assert opened.session_state.present and opened.session_state.pieces == 5 and opened.session_state.lang == "zh_TW"
    assert not opened.warning and not opened.info and not opened.toast


def test_a_channel_that_is_called_like_a_page_keeps_its_name_in_every_language(teacher: Visitor) -> None:
    own = Channel("Train", sample_channel().views[:600] + 2)
    ChannelStore(store().engine).save(browser(teacher.app.session_state.token), own)
    app = teacher.go("data", channel="Train", lang="中文")
    link_of(app, "中文")
    assert "“Train”" in app.warning[0].value
