"""Auto: all good models of many are averaged, by how good each has been of late.

Choosing the single best of many is mostly luck, an average is not: errors of different models partly cancel. Weights
follow the errors that are known by the origin, so they move as the views do. Models of one family err alike, so that
they are weighed among themselves first; families differ, and are weighed less sharply (Claeskens et al. 2016 on why
weights that are estimated should be shrunk). What comes out is corrected by `stacking`. Members see no public holidays:
`holiday_effects` are added to what they forecast.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pkgutil import resolve_name

import numpy as np
import pandas as pd

from forecasting.messages import N_, BadInput
from forecasting.models.bounds import bounded
from forecasting.models.ensemble import stacking
from forecasting.models.ensemble.candidates import Candidate, TrialResult, kinds_of, name_of
from forecasting.models.ensemble.level_changes import units_and_changes
from forecasting.models.ensemble.member import Member, Recipe
from forecasting.models.ensemble.weights import ErrorHistory, Kinds, Weighting, update_online
from forecasting.models.holiday_effects import NO_HOLIDAYS, HolidayEffects
from forecasting.models.holiday_regression import learn_holidays
from forecasting.models.registry import Forecaster, fit
from forecasting.series import Series
from forecasting.windows import futures

log = logging.getLogger(__name__)
CANNOT_ANSWER = (BadInput, ValueError, ArithmeticError)  # of a member: a form that meets a zero, a solver without end


@dataclass(frozen=True)
class Auto:
    """A mixture of `members`, whose weights at an origin come from the errors known there."""

    members: tuple[Forecaster, ...]
    groups: np.ndarray  # (members,), the place in `names` of each
    names: tuple[str, ...]  # of methods (their slugs) and recipes
    last: pd.Timestamp  # the last day that members have learnt from
    error_history: ErrorHistory  # of errors known by then
    # Origins, and the mixture's forecasts from them without these days; a model file keeps what they taught, not them.
    validated: tuple[pd.DatetimeIndex, np.ndarray] = field(default=(pd.DatetimeIndex([]), np.empty((0, 0))))
    trials: tuple[TrialResult, ...] = ()
    limit: float = 0.0  # seconds after which the search ended with candidates left; 0 where all were tried
    weighting: Weighting = Weighting()
    country: str = ""  # whose holidays are taken into account, or FIND
    holidays: HolidayEffects = NO_HOLIDAYS  # which members do not see
    evidence: stacking.Evidence | None = None  # that the mixture is corrected by; model files before 0.3.0 have none
    recorded: int = 0  # days through `last` on which errors became known

    @property
    def horizon(self) -> int:
        """Days ahead at most."""
        return len(self.error_history.counts)

    @property
    def needs(self) -> int:
        """Days through the origin."""
        return max(member.needs for member in self.members)

    @property
    def member_names(self) -> list[str]:
        """The method or recipe of each member."""
        return [self.names[group] for group in self.groups]

    @property
    def kinds(self) -> Kinds:
        """What the members are."""
        return kinds_of(self.groups, self.names)

    def predict(self, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon), each origin's from the days of `series` through it alone."""
        mixed = self._mixed(self.holidays.without(series), origins)
        predicted = mixed.predicted[mixed.days.get_indexer(origins), :horizon]
        return bounded(self.holidays.added(predicted, origins), series, origins)

    def shares(self) -> list[tuple[str, np.ndarray]]:
        """Each method or recipe and its share (horizon,) of the mixture on the last day learnt from."""
        weights = self.error_history.weights(self.kinds, self.weighting, self.recorded)
        return [(name, weights[self.groups == group].sum(axis=0)) for group, name in enumerate(self.names)]

    def refit(self, series: Series) -> "Auto":
        """The same choice fitted on more days; errors that became known since `last` move the weights."""
        holidays = learn_holidays(series, self.country)
        mixed = self._mixed(self.holidays.without(series), series.views.index[-1:])
        members, names = ([of[place] for place in mixed.answered] for of in (self.members, self.member_names))
        return replace(
            self,
            members=refit_members(members, names, holidays.without(series), horizon=self.horizon),
            groups=self.groups[mixed.answered],
            last=series.last,
            error_history=mixed.error_history,
            evidence=mixed.evidence,
            holidays=holidays,
            recorded=self.recorded + (series.last - self.last).days,
        )

    def _mixed(self, series: Series, origins: pd.DatetimeIndex) -> "_Mixed":
        """Forecasts from `origins` and every day between them and `last`, by members that see `series`."""
        days = pd.date_range(min(self.last, origins.min()), origins.max())
        answered, forecasts = self._forecasts(series, days)
        actual = futures(series.without_spikes.known.loc[: days[-1]], days, self.horizon)
        actual[days < self.last] = np.nan  # members have learnt from what came next
        units, changed = units_and_changes(series, days)
        changed &= days >= self.last  # the record has those before
        if not self.weighting.follows_level:
            units, changed = np.ones_like(units), np.zeros_like(changed)
        earlier, half_life = self.error_history.of(answered), self.weighting.half_life
        history = update_online(forecasts / units, actual / units, earlier, half_life=half_life, changed=changed)
        recorded = self.recorded + np.maximum((days - self.last).days.to_numpy(), 0)
        weights = history.weights(self.kinds.of(answered), self.weighting, recorded)
        predicted, evidence = np.einsum("moh,omh->oh", forecasts, weights), None
        if self.evidence is not None:
            seen = stacking.Days(forecasts, predicted, actual, units, changed)
            predicted, evidence = stacking.correct(seen, self.evidence.of(answered), wanted=days.isin(origins))
        return _Mixed(days, answered, predicted, history.at(-1), evidence)

    def _forecasts(self, series: Series, days: pd.DatetimeIndex) -> tuple[np.ndarray, np.ndarray]:
        """Which members answered, and their forecasts (answered, days, horizon).

        A member that cannot answer is left out and named in the log.
        """
        found = {}
        for place, member in enumerate(self.members):
            try:
                found[place] = forecasts_of(member, series, days, horizon=self.horizon)
            except CANNOT_ANSWER as reason:
                log.warning("Auto leaves out %s: %s", self.member_names[place], reason)
        if not found:
            raise BadInput(N_("None of the models that Auto averages can forecast this channel; choose a method."))
        return np.array(list(found)), np.stack(list(found.values()))


@dataclass(frozen=True)
class _Mixed:
    """What an Auto says on consecutive `days`, and what it knows after the last of them."""

    days: pd.DatetimeIndex
    answered: np.ndarray  # places of members that could
    predicted: np.ndarray  # (days, horizon), without holidays
    error_history: ErrorHistory
    evidence: stacking.Evidence | None


def forecasts_of(member: Forecaster, series: Series, origins: pd.DatetimeIndex, *, horizon: int) -> np.ndarray:
    """Views (origins, horizon) of one member, which sees no spike. Raises one of CANNOT_ANSWER where it has none."""
    return bounded(member.predict(series.without_spikes, origins, horizon), series, origins)


def fit_candidate(candidate: Candidate, series: Series, horizon: int) -> list:
    """The members that come of a candidate, learnt without spikes."""
    series = series.without_spikes
    if not isinstance(candidate, Recipe):
        return [fit(candidate, series, horizon)]
    return resolve_name("forecasting.models.ensemble.member_training:fit_members")(candidate, series)  # loads torch


def refit_members(members: Sequence[Forecaster], names: Sequence[str], series: Series, *, horizon: int) -> tuple:
    """The same members, called `names`, learnt from all of `series`; one that cannot learn from it stays as it was."""
    fitted: dict[Candidate, list | None] = {}
    found = []
    for member, name in zip(members, names, strict=True):
        candidate, length = (member.recipe, member.length) if isinstance(member, Member) else (name, 0)
        if candidate not in fitted:
            fitted[candidate] = _refit(candidate, series, horizon)
        again = fitted[candidate]
        found.append(again[length] if again and _is_finite(again[length]) else member)
    return tuple(found)


def _refit(candidate: Candidate, series: Series, horizon: int) -> list | None:
    try:
        return fit_candidate(candidate, series, horizon)
    except CANNOT_ANSWER as reason:
        log.warning("Auto does not fit %s again: %s", name_of(candidate), reason)
        return None


def _is_finite(member: Forecaster) -> bool:
    """Whether what a member learnt, if anything, are numbers."""
    return bool(np.isfinite(getattr(member, "parameters", 0.0)).all())
