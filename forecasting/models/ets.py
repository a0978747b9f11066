"""Exponential smoothing with a weekly season, chosen automatically (Hyndman et al. 2002), from statsmodels.

statsmodels runs with the pandas this project uses, where statsforecast asks for an older one. It weighs 12 MB to get
and 65 MB on disk, and fits one form to five years of days in about 30 ms.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.models.bounds import bounded
from forecasting.series import Series
from forecasting.typical_range import WEEK

# Error, trend, season, as in ETS(A,N,A); a trend is always damped, because an undamped one runs away in a month.
FORMS = (("add", None, "add"), ("add", "add", "add"), ("add", None, None), ("add", "add", None))
POSITIVE_FORMS = (("mul", None, "mul"), ("mul", "add", "mul"))  # these divide by the views
NO_VIEWS = 1e-3  # of the level: what a day without views is to them
TINY = 1e-6  # views


@dataclass(frozen=True)
class Smoothing:
    """One form with its parameters, fitted to views from `first` on; later days move its states, not its parameters."""

    form: tuple[str, str | None, str | None]
    parameters: np.ndarray
    first: pd.Timestamp

    @property
    def needs(self) -> int:
        """Days through the origin; it remembers those before."""
        return WEEK

    def predict(self, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon), each origin's from the days of `series` through it alone."""
        calm = series.without_spikes
        history = _for_form(calm, self.form).loc[self.first : origins.max()]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            states = _model(history.to_numpy(float), self.form).smooth(self.parameters)
        places = history.index.get_indexer(origins)
        steps = np.arange(1, horizon + 1)
        _error, trend, season = self.form
        path = np.repeat(states.level[places][:, None], horizon, axis=1)
        if trend:
            path = path + states.slope[places][:, None] * np.cumsum(states.damping_trend**steps)
        if season:
            week = states.season[np.maximum(places[:, None] - WEEK + 1 + (steps - 1) % WEEK, 0)]
            path = path + week if season == "add" else path * week
        return bounded(path, series, origins)


def fit_smoothing(series: Series, _horizon: int) -> Smoothing:
    """The form with the smallest corrected AIC on the known days of `series`, spikes cut; it goes on for ever."""
    known = series.without_spikes.known
    values = known.to_numpy(float)
    forms = FORMS + POSITIVE_FORMS * bool(values.min() > 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit that stops at its last step may still be the best
        fitted = [_model(values, form).fit(disp=False) for form in forms]
    scores = [fit.aicc if np.isfinite(fit.aicc) else np.inf for fit in fitted]
    best = int(np.argmin(scores))
    return Smoothing(forms[best], np.asarray(fitted[best].params, float), known.index[0])


def _for_form(series: Series, form: tuple[str, str | None, str | None]) -> pd.Series:
    """Known views that a form can take: one that divides by them was chosen on other days, and may meet a 0."""
    known = series.known
    if "mul" not in form:
        return known
    return known.where(known > 0, np.maximum(NO_VIEWS * series.typical.level, TINY))


def _model(values: np.ndarray, form: tuple[str, str | None, str | None]):
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel  # noqa: PLC0415  half a second, and the server opens files of Smoothing

    error, trend, season = form
    return ETSModel(
        values,
        error=error,
        trend=trend,
        damped_trend=bool(trend),
        seasonal=season,
        seasonal_periods=WEEK if season else None,
    )
