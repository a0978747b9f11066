"""Charts of days to come: what is drawn, from where, and in which role."""

import numpy as np
import pandas as pd
import pytest

from forecasting.charts import forecast_chart, reveal_chart, trials_chart
from forecasting.charts.forecast import SHOWN_BEFORE, forecast_frame
from forecasting.models.ensemble.report import trials_frame
from tests.forecasting.models.ensemble.test_report import CANDIDATES


@pytest.fixture
def forecast(views) -> pd.DataFrame:
    days = pd.date_range(views.index[-1], periods=11, name="date")[1:]
    point = np.linspace(4000, 5000, 10)
    edges = {
        f"{side}_{level}": point + sign * 5 * level
        for level in (50, 90)
        for side, sign in (("lower", -1), ("upper", 1))
    }
    return pd.DataFrame({"forecast": point} | edges, index=days)


def marks(spec: dict) -> list[str]:
    return [layer["mark"]["type"] for layer in spec["layer"]]


def test_forecast_goes_on_where_the_real_views_end(views, forecast):
    frame = forecast_frame(views, np.full(10, 7.0), forecast).set_index("day")
    assert len(frame) == SHOWN_BEFORE + 10
    assert frame["real"].notna().sum() == SHOWN_BEFORE and frame["real"].last_valid_index() == views.index[-1]
    assert frame["predicted"].first_valid_index() == views.index[-1] + pd.Timedelta(days=1)
    assert (frame["lower_90"].dropna() < frame["lower_50"].dropna()).all()


def test_bands_lie_below_the_lines_and_the_baseline_is_dashed(views, forecast):
    spec = forecast_chart(views, np.full(10, 7.0), forecast).to_dict()
    assert marks(spec) == ["area", "area", "line", "line", "line", "rect", "rule"]
    roles = [layer["transform"][-1]["calculate"] for layer in spec["layer"][:5]]
    assert roles == ['"Predicted"', '"Predicted"', '"Real views"', '"Baseline"', '"Predicted"']
    assert spec["layer"][3]["mark"]["strokeDash"]
    titles = {layer["encoding"]["y"]["title"] for layer in spec["layer"][:5]}
    assert titles == {"Views a day"}


def test_a_single_day_is_a_bar_and_points(views, forecast):
    spec = forecast_chart(views, np.full(1, 7.0), forecast[:1]).to_dict()
    assert marks(spec)[:2] == ["bar", "bar"]
    assert spec["layer"][4]["mark"]["point"] is True


def test_before_a_forecast_there_are_real_views_and_the_baseline(views):
    assert marks(forecast_chart(views, np.full(10, 7.0)).to_dict()) == ["line", "line", "rect", "rule"]


def test_hidden_days_are_not_in_the_chart_until_they_are_uncovered(views):
    hidden = views.index[-2:]

    def rows(spec):
        return [row for data in spec["datasets"].values() for row in data if "views" in row]

    covered = rows(reveal_chart(views, hidden).to_dict())
    assert max(row["day"] for row in covered) == views.index[-3].isoformat()
    forecasts = pd.DataFrame({"mine": [1.0, 2.0]}, index=hidden)
    shown = rows(reveal_chart(views, hidden, forecasts).to_dict())
    assert {row["role"] for row in shown} == {"Real views", "mine"}
    assert [row["views"] for row in shown if row["role"] == "mine"] == [1.0, 2.0]


def test_trials_keep_their_order():
    spec = trials_chart(trials_frame(CANDIDATES)).to_dict()
    assert spec["layer"][0]["encoding"]["y"]["sort"] == ["Same day last week", "linear, log", "1 × 100 ReLU"]
