"""Auto: all good models of many are averaged, by how good each has been of late.

Choosing the single best of many is mostly luck, an average is not: errors of different models partly cancel. Weights
follow the errors that are known by the origin, so they move as the views do. Far ahead, where errors are few and hang
together, part of the mixture always belongs to forecasts that need no choice (Claeskens et al. 2016 on why weights that
are estimated should be shrunk).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecasting.messages import N_, BadInput
from forecasting.models.bounds import bounded
from forecasting.models.ensemble.candidates import PLAIN, TrialResult
from forecasting.models.ensemble.member import Member, Recipe, fit_members
from forecasting.models.ensemble.weights import ErrorHistory, update_online
from forecasting.models.ets import fit_smoothing
from forecasting.models.naive import Naive
from forecasting.series import Series
from forecasting.windows import futures

log = logging.getLogger(__name__)
CANNOT_ANSWER = (BadInput, ValueError, ArithmeticError)  # of a member: a form that meets a zero, a solver without end


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
    limit: float = 0.0  # seconds after which the search ended with candidates left; 0 where all were tried

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
        days, answered, forecasts = self._forecasts(series, origins)
        wanted, history = days.get_indexer(origins), self._updated_history(series, days, answered, forecasts)
        weights = history.weights(self.groups[answered], self.plain[answered])[wanted]
        predicted = np.einsum("moh,omh->oh", forecasts[:, wanted], weights)[:, :horizon]
        return bounded(predicted, series, origins)

    def shares(self) -> list[tuple[str, np.ndarray]]:
        """Each recipe and its share (horizon,) of the mixture on the last day learnt from."""
        weights = self.record.weights(self.groups, self.plain)
        return [(name, weights[self.groups == group].sum(axis=0)) for group, name in enumerate(self.names)]

    def refit(self, series: Series) -> "Auto":
        """The same choice fitted on more days; what became known since `last` has its say in the weights."""
        days, answered, forecasts = self._forecasts(series, series.views.index[-1:])
        return replace(
            self,
            members=refit_members([self.members[place] for place in answered], series),
            groups=self.groups[answered],
            last=series.last,
            record=self._updated_history(series, days, answered, forecasts).at(-1),
        )

    def _forecasts(self, series: Series, origins: pd.DatetimeIndex) -> tuple[pd.DatetimeIndex, np.ndarray, np.ndarray]:
        """Every day since `last` through the last origin, which members answered, and their forecasts from these days.

        Forecasts are (answered, days, horizon); a member that cannot answer is left out and named in the log.
        """
        days = pd.date_range(min(self.last, origins.min()), origins.max())
        found = {}
        for place, member in enumerate(self.members):
            try:
                found[place] = forecasts_of(member, series, days, self.horizon)
            except CANNOT_ANSWER as reason:
                log.warning("Auto leaves out %s: %s", self.names[self.groups[place]], reason)
        if not found:
            raise BadInput(N_("None of the models that Auto averages can forecast this channel; choose a method."))
        return days, np.array(list(found)), np.stack(list(found.values()))

    def _updated_history(
        self, series: Series, days: pd.DatetimeIndex, answered: np.ndarray, forecasts: np.ndarray
    ) -> ErrorHistory:
        actual = futures(series.without_spikes.known.loc[: days[-1]], days, self.horizon)
        actual[days < self.last] = np.nan  # members have learnt from what came next
        return update_online(forecasts, actual, self.record.of(answered))


def forecasts_of(member, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
    """Views (origins, horizon) of one member, which sees no spike. Raises one of CANNOT_ANSWER where it has none."""
    return bounded(member.predict(series.without_spikes, origins, horizon), series, origins)


def fit_step(step: str | Recipe, series: Series) -> list:
    """The members of one step of the ladder, learnt without spikes."""
    series = series.without_spikes
    if isinstance(step, Recipe):
        return fit_members(step, series)
    return [fit_smoothing(series) if step == "ets" else Naive(step)]


def refit_members(members: Sequence, series: Series) -> tuple:
    """The same members learnt from other days; one that cannot learn from them stays as it was."""
    fitted: dict[Recipe | str, list] = {}
    return tuple(_refit(member, series, fitted) for member in members)


def _refit(member, series: Series, fitted: dict[Recipe | str, list]):
    """One member; all of a recipe learn at once and stand in `fitted`."""
    if isinstance(member, Naive):
        return member
    step = member.recipe if isinstance(member, Member) else "ets"
    try:
        if step not in fitted:
            fitted[step] = fit_step(step, series)
        again = fitted[step][member.length if isinstance(member, Member) else 0]
    except CANNOT_ANSWER as reason:
        log.warning("Auto does not fit %s again: %s", getattr(step, "name", step), reason)
        return member
    return again if np.isfinite(again.parameters).all() else member
