"""Forecasters by name. Each is fitted on the views through a day and then asked from any later day, the origin.

`predict(series, origins, horizon)` gives views (origins, horizon), never negative; from an origin it sees the days
through that one alone, as `Series.known` has them: none is missing.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import pandas as pd

from forecasting.messages import N_, BadInput
from forecasting.models.ensemble.candidates import TrialResult
from forecasting.models.ensemble.search import fit_auto
from forecasting.models.naive import NAIVE, Naive
from forecasting.series import Series

BASELINES = {
    "yesterday": N_("Yesterday"),
    "last-week": N_("Same day last week"),
    "four-weeks": N_("Mean of the last four same weekdays"),
}
REFERENCES = {
    "linear": N_("Linear autoregression"),
    "ets": N_("Exponential smoothing"),
    "trees": N_("Boosted trees"),
}
METHODS = BASELINES | REFERENCES | {"auto": N_("Auto")}
BUDGET = 300.0  # seconds that Auto may take; all its candidates take 15 to 25 on an idle core


class Forecaster(Protocol):
    """What every method, and every trained run, can be asked."""

    def predict(self, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon)."""


def fit(
    name: str,
    series: Series,
    horizon: int,
    *,
    budget: float = BUDGET,
    note: Callable[[TrialResult], None] = lambda trial: None,
) -> Forecaster:
    """The method `name`, fitted on all of `series` to predict up to `horizon` days ahead.

    No forecaster learns from days that were not measured. Auto alone has a limit of `budget` seconds, and
    tells `note` of each trial. Raises BadInput where the days do not suffice.
    """
    if name not in METHODS:
        raise BadInput(N_("“{name}” is no method; choose one of {choices}."), name=name, choices=", ".join(METHODS))
    if name in NAIVE:
        return Naive(name)
    if name == "ets":
        from forecasting.models.ets import fit_smoothing  # noqa: PLC0415  loaded where asked for, as all models are

        return fit_smoothing(series)
    if name == "auto":
        return fit_auto(series, horizon, budget=budget, note=note)
    from forecasting.models.regression import fit_regression  # noqa: PLC0415

    return fit_regression(name, series, horizon)
