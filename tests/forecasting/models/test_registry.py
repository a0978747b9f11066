"""Every method: nothing later than the origin is seen, nothing negative said, and each does what it says."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from forecasting.messages import BadInput
from forecasting.models.ensemble import search as search
from forecasting.models.ensemble.candidates import Recipe
from forecasting.models.ets import Smoothing
from forecasting.models.registry import METHODS, fit
from forecasting.models.regression import WINDOW
from forecasting.series import Series
from tests.forecasting.conftest import make_views

pytestmark = pytest.mark.slow  # it fits models, some in processes of their own


HORIZON = 9
LAST = pd.Timestamp("2020-11-30")


@pytest.fixture
def few_candidates(monkeypatch):
    """Two recipes instead of all."""
    recipes = [Recipe("linear", reach=HORIZON, year=True), Recipe("relu", units=8, window=14, seeds=2)]
    monkeypatch.setattr(search, "recipes", lambda days, horizon: recipes)


def origins_after(views: pd.Series) -> pd.DatetimeIndex:
    return views.index[(views.index >= LAST) & (views.index < LAST + pd.Timedelta(days=20))]


@pytest.mark.parametrize("name", METHODS)
def test_nothing_after_an_origin_changes_its_forecast(name, views, few_candidates):
    origins, method = origins_after(views), fit(name, Series(views[:LAST]), HORIZON)
    plain = method.predict(Series(views), origins, HORIZON)
    assert plain.shape == (20, HORIZON)
    assert (plain >= 0).all()
    for place in (0, 7):
        changed = views.copy()
        changed[changed.index > origins[place]] *= 7.0
        again = method.predict(Series(changed), origins, HORIZON)
        assert (again[: place + 1] == plain[: place + 1]).all()
        assert (again[place + 1 :] != plain[place + 1 :]).any()


@pytest.mark.parametrize("name", METHODS)
def test_a_forecast_is_the_same_asked_alone_or_with_others(name, views, few_candidates):
    origins, method = origins_after(views), fit(name, Series(views[:LAST]), HORIZON)
    assert method.predict(Series(views), origins[5:6], HORIZON) == pytest.approx(
        method.predict(Series(views), origins, HORIZON)[5:6], rel=1e-5
    )


@pytest.mark.parametrize("name", METHODS)
def test_days_filled_in_from_later_ones_are_not_seen(name, views, few_candidates):
    filled = views.index[300:303]
    one, other = views.copy(), views.copy()
    one[filled], other[filled] = 1.0, 1e6
    origins = views.index[310:312]
    found = []
    for series in (Series(one, filled), Series(other, filled)):
        found.append(fit(name, series.until(views.index[310]), HORIZON).predict(series, origins, HORIZON))
    assert (found[0] == found[1]).all()


def test_naive_rules_equal_a_loop(views):
    origins = origins_after(views)
    for name, rule in {
        "yesterday": lambda o, h: views[o],
        "last-week": lambda o, h: views[o + pd.Timedelta(days=h - 7 * (1 + (h - 1) // 7))],
        "mean-28": lambda o, h: np.mean([views[o - pd.Timedelta(days=back)] for back in range(28)]),
        "four-weeks": lambda o, h: np.mean(
            [views[o + pd.Timedelta(days=h - 7 * (week + (h - 1) // 7))] for week in (1, 2, 3, 4)]
        ),
    }.items():
        found = fit(name, Series(views[:LAST]), HORIZON).predict(Series(views), origins, HORIZON)
        assert found == pytest.approx(np.array([[rule(o, h) for h in range(1, HORIZON + 1)] for o in origins]))


def weekday_share(views: pd.Series, origin: pd.Timestamp, ahead: int) -> float:
    """Of its week's mean, over the eight weeks through the origin, of the weekday so many days ahead."""
    weeks = views[:origin].to_numpy()[-56:].reshape(8, 7)
    shares = np.median(weeks / weeks.mean(axis=1, keepdims=True), axis=0)
    return (shares / shares.mean())[(ahead - 1) % 7]


def test_levels_on_the_usual_weekdays_equal_a_loop(views):
    origin = pd.Timestamp("2020-12-03")
    levels = [
        views[origin - pd.Timedelta(days=back)] / weekday_share(views, origin, 7 - back % 7) for back in range(14)
    ]
    for name, level in {"level-1": levels[0], "level-14": np.median(levels)}.items():
        found = fit(name, Series(views[:LAST]), HORIZON).predict(Series(views), pd.DatetimeIndex([origin]), HORIZON)
        assert found[0] == pytest.approx([level * weekday_share(views, origin, h) for h in range(1, HORIZON + 1)])


def test_growth_goes_on_ever_more_slowly():
    """A level that grows by 1 % a day, without weekdays."""
    views = pd.Series(1000 * 1.01 ** np.arange(200), pd.date_range("2020-01-01", periods=200))
    found = fit("level-growth", Series(views), 28).predict(Series(views), views.index[-1:], 28)[0]
    steps = np.cumsum(0.97 ** np.arange(1, 29))
    shares = [weekday_share(views, views.index[-1], h) for h in range(1, 29)]
    level = views.iloc[-1] / weekday_share(views, views.index[-1], 7)
    assert found == pytest.approx(level * 1.01**steps * shares, rel=1e-3)


def test_last_year_comes_again_at_the_level_of_today():
    """A step to twice the level after a year, and around it a month that was half as high again."""
    views = make_views(760)
    views.iloc[:] = 100 * 2 ** (np.arange(760) // 364)
    views.iloc[355:385] *= 1.5
    origin, horizon = views.index[364 + 334], 60
    found = fit("last-year", Series(views), horizon).predict(Series(views), pd.DatetimeIndex([origin]), horizon)[0]
    for days, level in (((1, 20), 200), ((27, 28), 300), ((35, 47), 600), ((54, 60), 400)):
        assert found[days[0] - 1 : days[1]] == pytest.approx(level)


def test_what_is_not_known_of_a_year_before_is_the_level(views):
    short = Series(views[:200])
    found = fit("last-year", short, HORIZON).predict(short, short.views.index[-1:], HORIZON)[0]
    assert found.mean() == pytest.approx(views[172:200].mean(), rel=0.05)


def test_a_closed_weekday_says_no_level():
    """Each Sunday is 0: the day after it, yesterday's level is that of the week."""
    views = make_views(100)
    views.iloc[:] = np.where(views.index.day_of_week == 6, 0.0, 70.0)
    sunday = views.index[views.index.day_of_week == 6][-1:]
    found = fit("level-1", Series(views), 7).predict(Series(views), sunday, 7)[0]
    assert found == pytest.approx([70.0] * 6 + [0.0])


def test_linear_autoregression_is_least_squares(views):
    seen = views[:LAST].to_numpy()
    days = views[:LAST].index
    rows, targets = [], []
    for place in range(WINDOW - 1, len(seen) - 3):
        weekday = [days[place].day_of_week == day for day in range(6)]  # the seventh follows from these
        rows.append([1.0, *seen[place - WINDOW + 1 : place + 1], *map(float, weekday)])
        targets.append(seen[place + 3])
    weights = np.linalg.lstsq(np.array(rows), np.array(targets), rcond=None)[0]
    last = [1.0, *seen[-WINDOW:], *[float(LAST.day_of_week == day) for day in range(6)]]
    found = fit("linear", Series(views[:LAST]), 3).predict(Series(views), pd.DatetimeIndex([LAST]), 3)
    assert found[0, 2] == pytest.approx(np.dot(last, weights), rel=1e-6)


@pytest.mark.parametrize(
    "form", [("add", None, "add"), ("add", "add", "add"), ("mul", "add", "mul"), ("add", None, None)]
)
def test_smoothing_goes_on_from_its_states_as_statsmodels_does(form):
    views = make_views(200)
    error, trend, season = form
    options = {"error": error, "trend": trend, "damped_trend": bool(trend), "seasonal": season}
    options |= {"seasonal_periods": 7} if season else {}
    parameters = ETSModel(views.to_numpy()[:150], **options).fit(disp=False).params
    found = Smoothing(form, parameters, views.index[0]).predict(Series(views), views.index[[160, 180]], 20)
    for row, place in zip(found, (160, 180), strict=True):
        model = ETSModel(views.to_numpy()[: place + 1], **options)
        assert row == pytest.approx(model.smooth(parameters).forecast(20), rel=1e-6)


@pytest.mark.parametrize("name", ["linear", "trees"])
def test_too_few_days_are_one_sentence(name):
    with pytest.raises(BadInput, match="too few"):
        fit(name, Series(make_views(60)), 28)


def test_an_unknown_name_is_one_sentence(views):
    with pytest.raises(BadInput, match="no method"):
        fit("oracle", Series(views), 1)
