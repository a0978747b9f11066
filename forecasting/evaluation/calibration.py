"""A method or a run with its errors on days that it had not learnt from, which its intervals rest on."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.evaluation.scores import Scores, delays, make_scores
from forecasting.messages import N_, BadInput
from forecasting.models.ensemble.auto import Auto
from forecasting.models.ensemble.candidates import TrialResult
from forecasting.models.holiday_effects import FIND
from forecasting.models.registry import BUDGET, METHODS, Forecaster, fit
from forecasting.models.validation import validation_origins
from forecasting.models.with_events import EventsOfSearch, WithEvents, auto_of, fit_with_events
from forecasting.series import Series


@dataclass(frozen=True)
class CalibratedForecaster:
    """A method fitted on the views through `last`, and the scores it made on days it had not learnt from."""

    method: str
    forecaster: Forecaster
    last: pd.Timestamp
    scores: Scores


def fit_method(
    name: str,
    series: Series,
    horizon: int,
    *,
    budget: float = BUDGET,
    note: Callable[[TrialResult], None] = lambda trial: None,
    events: bool = False,
    country: str = FIND,
) -> CalibratedForecaster:
    """Fit the method `name` to all of `series`, once without the validation part for its scores and once with it.

    Auto has validated on its way, so its own errors on those days serve. It takes `budget` seconds and tells `note` of
    each trial; of a `country` it knows the holidays. With `events` those of `series` are taken into account. Raises
    BadInput where the days do not suffice.
    """
    check_days(name, series, horizon)
    if METHODS[name].takes_budget:
        seen = EventsOfSearch.of(series, horizon, used=events)
        found = fit(name, seen.series, horizon, budget=budget, note=note, country=country)
        assert isinstance(found, Auto), "whoever takes a budget has validated on the way"
        auto = seen.restored(found)
        origins, predicted = auto.validated
        return calibrate(name, auto, series, origins=origins, predicted=predicted)
    origins, fit_once = validation_origins(series, horizon), fit_with_events if events else fit
    predicted = fit_once(name, series.until(origins[0]), horizon).predict(series, origins, horizon)
    return calibrate(name, fit_once(name, series, horizon), series, origins=origins, predicted=predicted)


def check_days(name: str, series: Series, horizon: int) -> None:
    """Raise BadInput where the method `name` needs more measured days than `series` has."""
    needed = METHODS[name].least(horizon)
    if series.measured_days < needed:
        raise BadInput(
            N_("{days} measured days before {first} are too few to learn from; at least {needed} are needed."),
            days=series.measured_days,
            first=(series.last + pd.Timedelta(days=1)).date(),
            needed=needed,
        )


def calibrate_run(name: str, forecaster: Forecaster, series: Series, *, horizon: int) -> CalibratedForecaster:
    """A `forecaster` fitted elsewhere to all of `series`, a trained run, without any score yet.

    It knows the days it learnt from too well for its errors there to say anything of others. Each day after them has a
    score once it is known.
    """
    columns = delays(horizon)
    nothing = Scores(series.views.index[:0], np.empty((0, len(columns))), columns)
    return CalibratedForecaster(name, forecaster, series.last, nothing)


def calibrate(
    name: str, forecaster: Forecaster, series: Series, *, origins: pd.DatetimeIndex, predicted: np.ndarray
) -> CalibratedForecaster:
    """The `forecaster` with the scores of its `predicted` views (origins, horizon) of the days after `origins`."""
    return CalibratedForecaster(name, forecaster, series.last, make_scores(series, origins, predicted))


def refit(fitted: CalibratedForecaster, series: Series, horizon: int) -> Forecaster:
    """The same learnt from all of `series`, more days: Auto keeps its choice, a trained run its weights."""
    forecaster = fitted.forecaster
    if isinstance(forecaster, Auto) or (isinstance(forecaster, WithEvents) and auto_of(forecaster)):
        return forecaster.refit(series)
    if isinstance(forecaster, WithEvents):
        return fit_with_events(fitted.method, series, horizon)
    return fit(fitted.method, series, horizon) if fitted.method in METHODS else forecaster
