"""Events on Forecast: what they do, whether they help, and what more of them would change."""

import numpy as np
from streamlit.testing.v1 import AppTest

from forecasting.series import Series
from tests.pages.conftest import Visitor
from tests.pages.test_events import paste
from tests.pages.test_forecast import press
from tests.pages.test_pages import metrics
from tests.support.event_channels import made_channel


def open_forecast(visitor: Visitor, series: Series) -> AppTest:
    """Forecast by a quick method, on a channel with these views and events."""
    lines = [f"{day.date()},{views:.0f}" for day, views in series.views.items()]
    app = visitor.go("data").file_uploader[0].upload("mine.csv", "\n".join(["Date,Views", *lines]).encode()).run()
    paste(app, "\n".join(f"{event.day},,{event.kind}" for event in series.events))
    return press(visitor.go("forecast", forecaster="Exponential smoothing"))


def said(app: AppTest) -> str:
    return "\n".join(each.value for each in (*app.success, *app.info, *app.caption, *app.markdown))


def views_ahead(app: AppTest) -> np.ndarray:
    (table,) = (each.value for each in app.dataframe if "Day" in each.value and "Forecast" in each.value)
    return np.array(table["Forecast"])


def test_an_upload_more_changes_the_views_by_what_uploads_do(visitor):
    app = open_forecast(visitor, made_channel(0, days=200))
    assert "Upload" in said(app) and "views on the day itself" in said(app)
    before, table = metrics(app), views_ahead(app)
    app.multiselect(key="assumed").set_value(["every-2"]).run()
    assert not app.exception and "These events change the 28 days by +" in said(app)
    assert metrics(app)["Next 28 days, views"] != before["Next 28 days, views"]
    after = views_ahead(app)
    assert (after >= table).all() and after.sum() > 1.1 * table.sum()
    app.multiselect(key="assumed").set_value([]).run()
    assert (views_ahead(app) == table).all() and metrics(app) == before


def test_an_effect_that_cannot_be_told_from_the_weekday_is_said_so(visitor):
    app = open_forecast(visitor, made_channel(1, days=120, weekday=4))
    assert "same weekdays" in said(app) and "Events are left out of the forecast" in said(app)
    assert not [each for each in app.multiselect if each.key == "assumed"]
