"""Everything that forecasts, in one table: pages, the command line, charts, backtests and Auto read it.

A forecaster is fitted on a series and then asked from any of its days or later ones, the origins:
`fit(series, horizon)` gives it, `predict(series, origins, horizon)` gives views (origins, horizon), never negative.
From an origin it sees the days through that one alone, as `Series.known` has them: none is missing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any, Protocol

import numpy as np
import pandas as pd

from forecasting.messages import N_, BadInput, Translate
from forecasting.models.holiday_effects import FIND
from forecasting.names import clean_name
from forecasting.series import Series

BUDGET = 300.0  # seconds that Auto may take; all its candidates take 15 to 25 on an idle core


class Forecaster(Protocol):
    """What every method, and every trained run, can be asked."""

    @property
    def needs(self) -> int:
        """Days through the origin that it looks at."""

    def predict(self, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon), each origin's from the days of `series` through it alone."""


@dataclass(frozen=True)
class Method:
    """One way to forecast, under its label and what it needs."""

    label: str  # marked for translation
    source: str  # "module:name", imported when it is used: a baseline's class, or fit(series, horizon)
    baseline: bool = False  # needs no fitting, and is judged beside every other
    unfitted: bool = False  # needs no fitting either, and is judged when it is asked for
    beside_runs: bool = False  # a baseline that a run's losses are drawn with and compared with
    in_auto: bool = False  # always part of Auto, since it leaves nothing to choose
    takes_budget: bool = False  # seconds, and tells of its trials
    least_days: int = 8  # before the first forecast: a week, and a day to be judged by
    least_horizons: int = 0  # and so many times the days ahead on top

    def least(self, horizon: int) -> int:
        """Days before the first forecast that it takes to learn, and to be validated, `horizon` days ahead."""
        return self.least_days + self.least_horizons * horizon

    def load(self) -> Callable[..., Any]:
        """What `source` names."""
        return resolve_name(self.source)


METHODS = {
    "yesterday": Method(
        N_("Yesterday"),
        "forecasting.models.naive:Yesterday",
        baseline=True,
        beside_runs=True,
        in_auto=True,
    ),
    "last-week": Method(
        N_("Same day last week"),
        "forecasting.models.naive:LastWeek",
        baseline=True,
        beside_runs=True,
        in_auto=True,
    ),
    "four-weeks": Method(
        N_("Mean of the last four same weekdays"),
        "forecasting.models.naive:MeanOfFourWeekdays",
        baseline=True,
        in_auto=True,
    ),
    "mean-28": Method(
        N_("Mean of the last 28 days"),
        "forecasting.models.naive:MeanOf28Days",
        baseline=True,
        beside_runs=True,
    ),
    "level-1": Method(
        N_("Yesterday's level on the usual weekdays"),
        "forecasting.models.seasonal:yesterdays_level",
        unfitted=True,
        in_auto=True,
    ),
    "level-growth": Method(
        N_("Yesterday's level, growing as of late"),
        "forecasting.models.seasonal:growing_level",
        unfitted=True,
        in_auto=True,
    ),
    "level-14": Method(
        N_("Level of two weeks on the usual weekdays"),
        "forecasting.models.seasonal:level_of_two_weeks",
        unfitted=True,
        in_auto=True,
    ),
    "last-year": Method(
        N_("Last year's course at today's level"),
        "forecasting.models.seasonal:LastYear",
        unfitted=True,
        in_auto=True,
        least_days=540,  # a year, and validation, all of whose origins shall have it behind them
    ),
    "linear": Method(
        N_("Linear autoregression"), "forecasting.models.regression:fit_linear", least_days=68, least_horizons=2
    ),
    "ets": Method(N_("Exponential smoothing"), "forecasting.models.ets:fit_smoothing", in_auto=True, least_days=48),
    "pooled-trees": Method(
        N_("Boosted trees of all days ahead"),
        "forecasting.models.pooled_trees:fit_pooled_trees",
        in_auto=True,
        least_days=240,  # of which two thirds are before validation
    ),
    "trees": Method(N_("Boosted trees"), "forecasting.models.regression:fit_trees", least_days=68, least_horizons=2),
    "auto": Method(
        N_("Auto"),
        "forecasting.models.ensemble.search:fit_auto",
        takes_budget=True,
    ),  # averages what the days suffice for
}
UNFITTED = {slug: method for slug, method in METHODS.items() if method.baseline or method.unfitted}
BASELINES = {slug: method for slug, method in METHODS.items() if method.baseline}
SKILL_BASELINE = "last-week"  # the one that skill is measured against


def fit(
    slug: str,
    series: Series,
    horizon: int,
    *,
    budget: float = BUDGET,
    note: Callable[[Any], None] = lambda trial: None,
    country: str = FIND,
) -> Forecaster:
    """The method `slug`, fitted on all of `series` to predict up to `horizon` days ahead.

    No forecaster learns from days that were not measured. What takes a `budget`, its limit in seconds, tells
    `note` of each trial, and knows holidays, a `country`'s or those that it finds. Raises BadInput where the days do
    not suffice.
    """
    if slug not in METHODS:
        raise BadInput(N_("“{name}” is no method; choose one of {choices}."), name=slug, choices=", ".join(METHODS))
    if slug in UNFITTED:
        return unfitted(slug)
    method = METHODS[slug]
    return method.load()(
        series, horizon, **({"budget": budget, "note": note, "country": country} if method.takes_budget else {})
    )


def baseline(slug: str) -> Forecaster:
    """A baseline. Raises KeyError for any other method."""
    return BASELINES[slug].load()()


def unfitted(slug: str) -> Forecaster:
    """A method that needs no fitting. Raises KeyError for any other one."""
    return UNFITTED[slug].load()()


def slug_of(forecaster: Forecaster) -> str:
    """The unfitted method that forecasts as this one does. Raises StopIteration for any other forecaster."""
    return next(slug for slug in UNFITTED if _is_same(unfitted(slug), forecaster))


def _is_same(one: Forecaster, other: Forecaster) -> bool:
    return type(one) is type(other) and vars(one) == vars(other)


def label_of(name: str) -> str:
    """The label of a method, marked for translation; any other name, a run's, is its own."""
    return METHODS[name].label if name in METHODS else name


def method_in_words(name: str, translate: Translate) -> str:
    """What a method is called in a language; a run's name stands as its owner gave it."""
    return translate(METHODS[name].label) if name in METHODS else name


def run_name(name: str) -> str:
    """A run's name as it is kept, which is none of a method.

    >>> run_name(" Friday\\nnight "), run_name("auto")
    ('Friday night', 'auto (run)')
    """
    clean = clean_name(name)
    return f"{clean} (run)" if clean.casefold() in METHODS else clean
