"""A method or a run with its errors on days that it had not learnt from, which its intervals rest on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from forecasting.evaluation.conformal import Scores, make_scores
from forecasting.messages import N_, BadInput
from forecasting.models.ensemble.auto import Auto
from forecasting.models.ensemble.candidates import TrialResult
from forecasting.models.registry import BUDGET, METHODS, Forecaster, fit
from forecasting.windows import causal_fill, futures

LONGEST_VALIDATION = 365  # days
FEWEST_VALIDATION = 56  # days, and as many as the horizon on top
FEWEST_DAYS = 84  # before the first forecast, for methods with little to learn
FEWEST_TO_LEARN = 140  # for the others, beside twice the horizon: windows to learn from, and a validation part
LEARNING = ("linear", "trees", "auto")
SHARE = 5  # of the training days, one in so many is kept for validation


@dataclass(frozen=True)
class CalibratedForecaster:
    """A method fitted on the views through `last`, and the scores it made on days it had not learnt from."""

    method: str
    forecaster: Forecaster
    last: pd.Timestamp
    scores: Scores


def fit_method(
    name: str,
    views: pd.Series,
    last: pd.Timestamp,
    horizon: int,
    filled: Sequence[pd.Timestamp] = (),
    budget: float = BUDGET,
    note: Callable[[TrialResult], None] = lambda trial: None,
) -> CalibratedForecaster:
    """Fit the method `name` through `last`, once without the validation part for its scores and once with it.

    Auto has validated on its way, so its own errors on those days serve. It takes `budget` seconds and tells `note` of
    each rung that it climbs.
    """
    seen = causal_fill(views.loc[:last], filled)
    needed = FEWEST_TO_LEARN + 2 * horizon if name in LEARNING else FEWEST_DAYS
    if len(seen) < needed:
        raise BadInput(
            N_("{days} days of views before {first} are too few to learn from; at least {needed} are needed."),
            days=len(seen),
            first=(last + pd.Timedelta(days=1)).date(),
            needed=needed,
        )
    if name == "auto":
        forecaster = fit(name, views, last, horizon, filled, budget, note)
        origins, predicted = forecaster.validated
    else:
        origins = validation_origins(seen, horizon)
        predicted = fit(name, views, origins[0], horizon, filled).predict(seen, origins, horizon)
        forecaster = fit(name, views, last, horizon, filled)
    return calibrate(name, forecaster, views, last, filled, origins, predicted)


def calibrate_run(
    name: str, forecaster: Forecaster, views: pd.Series, last: pd.Timestamp, horizon: int, filled=()
) -> CalibratedForecaster:
    """A `forecaster` fitted elsewhere, a trained run; its scores are those of its last training days.

    They are too good where it learnt from these days. The adaptive intervals find that out, the split ones do not.
    """
    seen = causal_fill(views.loc[:last], filled)
    origins = validation_origins(seen, horizon)
    origins = origins[origins >= seen.index[forecaster.needs - 1]]
    return calibrate(name, forecaster, views, last, filled, origins, forecaster.predict(seen, origins, horizon))


def calibrate(
    name, forecaster, views: pd.Series, last: pd.Timestamp, filled, origins, predicted
) -> CalibratedForecaster:
    """The Fitted of a `forecaster` that `predicted` (origins, horizon) the days after `origins`, up to `last`."""
    seen = causal_fill(views.loc[:last], filled)
    actual = futures(unknown(views.loc[:last], filled), origins, predicted.shape[1])
    return CalibratedForecaster(name, forecaster, last, make_scores(seen, origins, actual, predicted))


def refit(fitted: CalibratedForecaster, views: pd.Series, last: pd.Timestamp, horizon: int, filled=()) -> Forecaster:
    """The same on more days, through `last`: Auto keeps its choice, a trained run its weights."""
    if isinstance(fitted.forecaster, Auto):
        return fitted.forecaster.refit(causal_fill(views.loc[:last], filled), unknown(views.loc[:last], filled))
    if fitted.method in METHODS:
        return fit(fitted.method, views, last, horizon, filled)
    return fitted.forecaster


def validation_origins(seen: pd.Series, horizon: int) -> pd.DatetimeIndex:
    """Origins in the last days of `seen`, every one of which has a day after it."""
    days = min(max(len(seen) // SHARE, FEWEST_VALIDATION + horizon), LONGEST_VALIDATION + horizon, len(seen) - 29)
    return seen.index[-days - 1 : -1]


def unknown(views: pd.Series, filled: Sequence[pd.Timestamp]) -> pd.Series:
    """The views with NaN where they were not measured."""
    return views.mask(views.index.isin(filled)) if len(filled) else views
