"""A newer file of a channel extends it; where days in common cannot tell, its owner is asked."""

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.test_pages import metrics

VIEWS = pd.Series(
    np.random.default_rng(3).poisson(300 + 60 * np.sin(np.arange(200) * 2 * np.pi / 7)),
    index=pd.date_range("2024-01-01", periods=200),
)


def file(first: int, last: int, views: pd.Series = VIEWS) -> bytes:
    lines = [f"{day.date()},{count}" for day, count in views[first:last].items()]
    return "\n".join(["Date,Views", *lines]).encode()


def upload(app: AppTest, name: str, data: bytes) -> AppTest:
    app.file_uploader[0].upload(name, data).run()
    assert not app.exception and not app.error
    return app


@pytest.fixture
def app(visit) -> AppTest:
    return upload(visit(), "first.csv", file(0, 120))


def test_newer_files_extend_the_channel_and_say_what_they_revised(app):
    upload(app, "second.csv", file(100, 160))
    assert metrics(app)["Days"] == "160"
    said = app.success[0].value.replace("\\", "")
    assert "“first” (new days: 40). It now has 2024-01-01 to 2024-06-08." in said
    revised = VIEWS.astype(float)
    revised[150:156] *= 1.5
    upload(app, "third.csv", file(110, 200, revised.round()))
    assert metrics(app)["Days"] == "200"
    assert "6 of 50 days that both files have were revised, by 50 % in the middle" in app.success[0].value
    upload(app, "again.csv", file(0, 120))
    assert "has all days of this file already" in app.success[0].value
    assert app.selectbox(key="channel").options == ["Sample channel", "first"]


def test_reading_a_newer_file_another_way_keeps_the_older_days(app):
    upload(app, "second.csv", file(100, 160))
    app.checkbox(key="said_keep_zeros").check().run()
    assert not app.exception and metrics(app)["Days"] == "160"
    assert app.selectbox(key="channel").options == ["Sample channel", "first"]


def test_another_channel_stands_beside(app):
    upload(app, "first.csv", file(0, 120, VIEWS[::-1].set_axis(VIEWS.index)))
    assert app.selectbox(key="channel").options == ["Sample channel", "first (2)", "first"]
    assert not app.success and not any(button.key == "continue" for button in app.button)


@pytest.mark.parametrize("accepted", [True, False])
def test_a_file_without_days_in_common_is_asked_about(app, accepted):
    upload(app, "first (1).csv", file(120, 200))
    assert "Is this file the same channel as “first”" in app.info[0].value
    app.button(key="continue" if accepted else "keep_own").click().run()
    assert not app.exception and not app.info
    assert metrics(app)["Days"] == ("200" if accepted else "80")
    options = app.selectbox(key="channel").options
    assert options == (["Sample channel", "first"] if accepted else ["Sample channel", "first (1)", "first"])


def studio(first: int, last: int) -> bytes:
    lines = [f"{day.date()},{count % 50},{count}" for day, count in VIEWS[first:last].items()]
    return "\n".join(["Date,Likes,Views", *lines]).encode()


def test_a_newer_file_is_read_as_the_channel_was(visit):
    app = upload(visit(), "studio.csv", studio(0, 120))
    app.selectbox(key="said_metric").select("Likes").run()
    upload(app, "studio (1).csv", studio(100, 160))
    assert metrics(app)["Days"] == "160" and app.selectbox(key="said_metric").value == "Likes"
    assert app.selectbox(key="channel").options == ["Sample channel", "studio"]
    app.selectbox(key="said_metric").select("Views").run()  # other numbers are another channel, of this file alone
    assert not app.exception and metrics(app)["Days"] == "60"
    assert len(app.selectbox(key="channel").options) == 3
