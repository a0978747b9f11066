"""Auto: all good models of many are averaged, by how good each has been of late.

Choosing the single best of many is mostly luck, an average is not: errors of different models partly cancel. Weights
follow the errors that are known by the origin, so they move as the views do. Far ahead, where errors are few and hang
together, part of the mixture always belongs to forecasts that need no choice (Claeskens et al. 2016 on why weights that
are estimated should be shrunk).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecasting.models.ensemble.candidates import PLAIN, TrialResult
from forecasting.models.ensemble.member import Member, Recipe, fit_members
from forecasting.models.ensemble.weights import ErrorHistory, update_online
from forecasting.models.ets import Smoothing, fit_smoothing
from forecasting.models.naive import Naive
from forecasting.series import Series
from forecasting.windows import futures


@dataclass(frozen=True)
class Auto:
    """A mixture of `members`, whose weights at an origin come from the errors known there."""

    members: tuple  # Member, Smoothing or Naive
    groups: np.ndarray  # (members,), the recipe of each
    names: tuple[str, ...]  # of the recipes
    last: pd.Timestamp  # the last day that members have learnt from
    record: ErrorHistory  # of errors known by then
    validated: tuple[pd.DatetimeIndex, np.ndarray]  # origins, and the mixture's forecasts from them without these days
    ladder: tuple[TrialResult, ...] = ()

    @property
    def horizon(self) -> int:
        """Days ahead at most."""
        return len(self.record.counts)

    @property
    def plain(self) -> np.ndarray:
        """Which members need no choice (members,)."""
        return np.array([self.names[group] in PLAIN for group in self.groups])

    def predict(self, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon), each origin's from the days of `series` through it alone."""
        days, forecasts = self._forecasts(series, origins)
        wanted = days.get_indexer(origins)
        weights = self._updated_history(series, days, forecasts).weights(self.groups, self.plain)[wanted]
        return np.einsum("moh,omh->oh", forecasts[:, wanted], weights)[:, :horizon]

    def shares(self) -> list[tuple[str, np.ndarray]]:
        """Each recipe and its share (horizon,) of the mixture on the last day learnt from."""
        weights = self.record.weights(self.groups, self.plain)
        return [(name, weights[self.groups == group].sum(axis=0)) for group, name in enumerate(self.names)]

    def refit(self, series: Series) -> "Auto":
        """The same choice fitted on more days; what became known since `last` has its say in the weights."""
        record = self._updated_history(series, *self._forecasts(series, series.views.index[-1:])).at(-1)
        return replace(self, members=refit_members(self.members, series), last=series.last, record=record)

    def _forecasts(self, series: Series, origins: pd.DatetimeIndex) -> tuple[pd.DatetimeIndex, np.ndarray]:
        """Forecasts (members, days, horizon) from every day since `last` through the last origin."""
        days = pd.date_range(min(self.last, origins.min()), origins.max())
        return days, np.stack([member.predict(series, days, self.horizon) for member in self.members])

    def _updated_history(self, series: Series, days: pd.DatetimeIndex, forecasts: np.ndarray) -> ErrorHistory:
        actual = futures(series.known.loc[: days[-1]], days, self.horizon)
        actual[days < self.last] = np.nan  # members have learnt from what came next
        return update_online(forecasts, actual, self.record)


def fit_step(step: str | Recipe, series: Series) -> list:
    """The members of one step of the ladder."""
    if isinstance(step, Recipe):
        return fit_members(step, series)
    return [fit_smoothing(series) if step == "ets" else Naive(step)]


def refit_members(members: Sequence, series: Series) -> tuple:
    """The same members learnt from other days; one that leaves the numbers stays as it was."""
    fitted: dict[Recipe, list] = {}
    found = []
    for member in members:
        if isinstance(member, Smoothing):
            member = fit_smoothing(series)
        elif isinstance(member, Member):
            if member.recipe not in fitted:
                fitted[member.recipe] = fit_members(member.recipe, series)
            again = fitted[member.recipe][member.length]
            member = again if np.isfinite(again.parameters).all() else member
        found.append(member)
    return tuple(found)
