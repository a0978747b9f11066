"""What the length is said to allow is what happens: each method at the first day it is promised for, and a day before.

The numbers said are read out of the sentences, and the methods themselves are the oracle.
"""

import re

import numpy as np
import pytest

from forecasting.evaluation.bootstrap import FEWEST_BLOCKS
from forecasting.evaluation.calibration import fit_method
from forecasting.forecasts.forecast import Forecast, horizon_with_totals, make_forecast
from forecasting.forecasts.length import own_models_from, what_length_allows
from forecasting.messages import BadInput
from forecasting.models.ensemble.candidates import recipes
from forecasting.models.ensemble.member import Recipe
from forecasting.models.ensemble.member_training import fit_members
from forecasting.models.registry import BASELINES, METHODS
from forecasting.models.validation import validation_origins
from forecasting.series import Series
from forecasting.settings import Architecture, RunSettings
from forecasting.split import default_split
from forecasting.typical_range import WEEK
from forecasting.windows import run_windows
from tests.forecasting.conftest import make_views

pytestmark = pytest.mark.slow  # it fits models, some in processes of their own


HORIZONS = (1, 7, 28)
CHEAP = [*BASELINES, "linear", "ets"]


def forecast(method: str, series: Series, horizon: int) -> Forecast:
    """As the command line makes it."""
    fitted = fit_method(method, series, horizon_with_totals(horizon, series.measured_days, method), budget=60)
    return make_forecast(fitted.forecaster, fitted, series, scores=fitted.scores, horizon=horizon)


def can_learn(recipe: Recipe, series: Series) -> bool:
    try:
        return bool(fit_members(recipe, series))
    except BadInput:
        return False


def said(days: int) -> str:
    return " ".join(sentence.translated() for sentence in what_length_allows(Series(make_views(days))))


def reach_said(days: int, method: str) -> int:
    """Days ahead that the first sentence promises."""
    label = "baselines" if method in BASELINES else METHODS[method].label
    groups = re.findall(r"(\d+) days? ahead \(([^)]*)\)", what_length_allows(Series(make_views(days)))[0].translated())
    if "every method" in said(days):
        return 28
    return next((int(ahead) for ahead, names in groups if label in names.split(", ")), 0)


@pytest.mark.parametrize("days", [7, 8, 14, 28, 47, 48, 69, 70, 81, 82, 123, 124, 240])
def test_every_method_reaches_as_far_as_is_said_and_no_farther(days):
    series = Series(make_views(days))
    for method in CHEAP:
        for horizon in HORIZONS:
            if horizon <= reach_said(days, method):
                found = forecast(method, series, horizon)
                assert len(found.point) == horizon and np.isfinite(found.point).all()
                assert np.isfinite([band.lower for band in found.bands]).all()
            else:
                with pytest.raises(BadInput, match=f"^{days} measured days before .* at least"):
                    forecast(method, series, horizon)


@pytest.mark.parametrize("days", [8, 14, 28, 60])
def test_auto_reaches_as_far_as_is_said(days):
    for horizon in HORIZONS:
        assert reach_said(days, "auto") >= horizon
        found = forecast("auto", Series(make_views(days)), horizon)
        assert len(found.point) == horizon and np.isfinite([found.point, found.bands[-1].lower]).all()


@pytest.mark.parametrize("horizon", HORIZONS)
def test_auto_has_models_of_its_own_from_the_day_that_is_said(horizon):
    first = own_models_from(horizon)
    for days, expected in ((first - 1, False), (first, True)):
        series, reach = Series(make_views(days)), horizon_with_totals(horizon, days)
        early = series.until(validation_origins(series, reach)[0])
        assert any(can_learn(recipe, early) for recipe in recipes(len(early), reach)) == expected


def test_training_and_verdicts_begin_on_the_days_that_are_said():
    training, verdict = (int(re.search(rf"{what} \(from (\d+)\)", said(28))[1]) for what in ("training", "model"))
    for days in (training - 1, training):
        views = make_views(days)
        settings = RunSettings(default_split(views), Architecture("linear", 7))
        if days < training:
            with pytest.raises(BadInput):
                run_windows(Series(views), settings)
        else:
            assert len(run_windows(Series(views), settings).train) == 1
    held_out = [default_split(make_views(days)).held_out.days for days in (verdict - 1, verdict)]
    assert held_out == [FEWEST_BLOCKS * WEEK - 1, FEWEST_BLOCKS * WEEK]


def test_every_day_from_the_first_answer_on_has_one():
    for days in range(14, 400, 21):
        assert reach_said(days, "last-week") == 28
        assert forecast("last-week", Series(make_views(days)), 28).point


def test_days_that_were_not_measured_do_not_count():
    views = make_views(100)
    views[10:60] = np.nan
    assert said(50).split(".")[0] == what_length_allows(Series(views))[0].translated().rstrip(".")
    with pytest.raises(BadInput, match="^50 measured days before .* at least 70"):
        forecast("linear", Series(views), 1)


def test_fewer_days_than_any_method_needs_is_said_as_such():
    assert said(7).startswith("7 measured days are too few for any forecast; the first is possible with 8.")
