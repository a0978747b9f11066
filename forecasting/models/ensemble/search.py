"""How Auto is found: every candidate is tried on the last part of the training days.

Nothing of the held-out period is seen. The mixture's weights on a validation day rest on the days before it, so its
forecasts of those days are forecasts too, and their errors are what intervals rest on.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

import numpy as np

from forecasting.models.ensemble import stacking
from forecasting.models.ensemble.auto import CANNOT_ANSWER, Auto, fit_candidate, forecasts_of, refit_members
from forecasting.models.ensemble.candidates import (
    ALWAYS_INCLUDED,
    Candidate,
    TrialResult,
    always_included,
    kinds_of,
    name_of,
    recipes,
    settings_of,
    work_of,
)
from forecasting.models.ensemble.level_changes import units_and_changes
from forecasting.models.ensemble.weights import WEIGHTING, ErrorHistory, update_online
from forecasting.models.holiday_effects import FIND
from forecasting.models.holiday_regression import learn_holidays
from forecasting.models.registry import Forecaster
from forecasting.models.validation import validation_origins
from forecasting.series import Series
from forecasting.windows import futures

SMALLEST = 0.002  # share of the mixture below which a member is not fitted again
BURN_IN = 7  # first origins whose weights rest on no weekday's errors yet; left out where MANY times as many follow
MANY = 4
SEARCHED = 0.65  # share of Auto's seconds that is for the search; in the rest its choice is judged, and fitted again
REFIT = 1.3  # times what the fit on the days before validation took
AHEAD = (1, 7, 28, 90)  # days ahead whose errors are told


def search(
    series: Series,
    horizon: int,
    *,
    budget: float = 600.0,
    country: str = FIND,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[TrialResult | Auto]:
    """Try every candidate in order, so that the same days give the same Auto; a TrialResult each, then the Auto."""
    found = Search(series, horizon, budget=budget, country=country, stop=stop)
    yield from found.trials()
    yield found.mixture()


def planned(series: Series, horizon: int) -> list[Candidate]:
    """What a search tries, in order, where its budget suffices."""
    early = series.until(validation_origins(series, horizon)[0])
    return [*always_included(series), *recipes(len(early.known), horizon)]


def fit_auto(
    series: Series, horizon: int, *, budget: float, note: Callable[[TrialResult], None], country: str = FIND
) -> Auto:
    """Search to the end, telling `note` of each trial."""
    for found in search(series, horizon, budget=budget, country=country):
        if isinstance(found, Auto):
            return found
        note(found)
    raise AssertionError("a search ends in its Auto")


class Search:
    """Members fitted on the days before validation, and their forecasts from its origins.

    The work is the same on every machine. `budget` seconds are its limit: where they do not suffice the search ends
    early and says so in the Auto; the time to fit again on all days is kept aside. Told to stop, it averages what it
    has.
    """

    def __init__(
        self,
        series: Series,
        horizon: int,
        *,
        budget: float = 600.0,
        country: str = FIND,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.horizon, self.budget, self.country, self.stop = horizon, budget, country, stop
        self.origins = validation_origins(series, horizon)
        self.original = series
        self.holidays = learn_holidays(series.until(self.origins[0]), country)  # of no day that validates
        self.series = self.holidays.without(series)
        self.early = self.series.until(self.origins[0])
        self.actual = futures(self.series.without_spikes.measured, self.origins, horizon)
        values = self.early.without_spikes.known.to_numpy()
        changes = np.abs(values[7:] - values[:-7])
        self.usual = float(changes.mean()) or 1.0 if len(changes) else 1.0  # what MASE divides by
        self.units, self.changed = units_and_changes(self.series, self.origins)
        self.members: list = []
        self.forecasts: list[np.ndarray] = []
        self.groups: list[int] = []  # the place in `names` of each member
        self.names: list[str] = []
        self.works: list[float] = []  # of each name
        self.work_kept = 0.0  # of those that count so far, and are fitted again
        self.tried: list[TrialResult] = []
        self.reason = ""  # why the last candidate was left out
        self.limit = 0.0  # seconds that ended the search early

    @property
    def learnt_until(self) -> date:
        """The last day that any member has learnt from, until all are fitted again."""
        return self.early.last.date()

    def trials(self) -> Iterator[TrialResult]:
        """Try one candidate after the other."""
        begun, fitting = time.perf_counter(), 0.0
        candidates = planned(self.series, self.horizon)
        first = sum(isinstance(candidate, str) for candidate in candidates)
        for place, candidate in enumerate(candidates):
            spent, tried = time.perf_counter() - begun, place - first
            next_one = fitting / max(tried, 1)
            over = spent + next_one + REFIT * (fitting + next_one) > self.budget
            if tried > 0 and (over or self.stop()):
                self.limit = self.budget if over else 0.0
                break
            self._add(candidate)
            took = time.perf_counter() - begun - spent
            fitting += took
            yield self._result(candidate, seconds=took, left=self.budget - spent - took)

    def _add(self, candidate: Candidate) -> None:
        """Fit a candidate on the days before validation; one that cannot be fitted, or diverges, is left out."""
        self.reason = ""
        try:
            for member in fit_candidate(candidate, self.early, self.horizon):
                self._add_member(member)
        except CANNOT_ANSWER as reason:
            self.reason = str(reason)
        if len(self.names) in self.groups:
            self.names.append(name_of(candidate))
            self.works.append(work_of(candidate))

    def _add_member(self, member: Forecaster) -> None:
        self.forecasts.append(forecasts_of(member, self.series, self.origins, horizon=self.horizon))
        self.members.append(member)
        self.groups.append(len(self.names))

    def _result(self, candidate: Candidate, *, seconds: float, left: float) -> TrialResult:
        """How the last candidate did."""
        name, mine = name_of(candidate), np.flatnonzero(np.array(self.groups) == len(self.names) - 1)
        alone = self._errors(self._mixed(mine, self._weights(mine))) if len(mine) and self.names[-1] == name else ()
        mean = np.mean([error for _ahead, error in alone]) if alone else np.inf
        best = all(mean < np.mean([error for _ahead, error in trial.errors]) for trial in self.tried if trial.errors)
        every = np.arange(len(self.members))
        weights = self._weights(every)
        self.work_kept = sum(self.works[group] for group in {*np.array(self.groups)[self._kept(weights)]})
        mixed = self._errors(self._mixed(every, weights))
        result = TrialResult(name, settings_of(candidate), alone, mixed, seconds, left, bool(best), self.reason)
        self.tried.append(result)
        return result

    def mixture(self) -> Auto:
        """All that counts, fitted again on every day."""
        found, holidays = self.mixture_so_far(), learn_holidays(self.original, self.country)
        usual = holidays.without(self.original)
        again = refit_members(found.members, found.member_names, usual, horizon=self.horizon)
        return replace(found, members=again, holidays=holidays)

    def mixture_so_far(self) -> Auto:
        """All that counts of what has been tried; its members have learnt from the days before validation alone."""
        groups, every = np.array(self.groups), np.arange(len(self.members))
        weights = self._weights(every)
        kept = self._kept(weights)
        mixed = self._mixed(every, weights)
        seen = stacking.Days(np.stack(self.forecasts), mixed, self.actual, self.units, self.changed)
        predicted, evidence = stacking.correct(seen, stacking.Evidence.empty(len(every), self.horizon))
        burn_in = BURN_IN if len(self.origins) > (MANY + 1) * BURN_IN else 0
        left, places = np.unique(groups[kept], return_inverse=True)
        return Auto(
            tuple(self.members[place] for place in kept),
            places,
            tuple(self.names[group] for group in left),
            self.series.last,
            self._error_history(every).at(-1).of(kept),
            (self.origins[burn_in:], self.holidays.added(predicted, self.origins)[burn_in:]),
            tuple(self.tried),
            self.limit,
            WEIGHTING,
            self.country,
            self.holidays,
            evidence.of(kept),
            recorded=len(self.origins) - 1,
        )

    @property
    def _always_included(self) -> np.ndarray:
        return np.isin([self.names[group] for group in self.groups], ALWAYS_INCLUDED)

    def _error_history(self, members: np.ndarray) -> ErrorHistory:
        forecasts = np.stack([self.forecasts[member] for member in members])
        nothing = ErrorHistory.empty(len(members), self.horizon)
        return update_online(forecasts / self.units, self.actual / self.units, nothing, changed=self.changed)

    def _weights(self, members: np.ndarray) -> np.ndarray:
        """Weights (origins, members, horizon) of a mixture of some `members`."""
        kinds = kinds_of(np.array(self.groups)[members], self.names)
        return self._error_history(members).weights(kinds, WEIGHTING, np.arange(len(self.origins)))

    def _kept(self, weights: np.ndarray) -> np.ndarray:
        """Places of the members that count, by the weights (origins, members, horizon) of all."""
        return np.flatnonzero((weights[-1].max(axis=1) >= SMALLEST) | self._always_included)

    def _mixed(self, members: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Forecasts (origins, horizon) of a mixture of some `members`."""
        return np.einsum("moh,omh->oh", np.stack([self.forecasts[member] for member in members]), weights)

    def _errors(self, predicted: np.ndarray) -> tuple[tuple[int, float], ...]:
        """MASE a few days ahead."""
        off = np.abs(predicted - self.actual) / self.usual
        ahead = [days for days in AHEAD if days <= self.horizon and np.isfinite(off[:, days - 1]).any()]
        return tuple((days, float(np.nanmean(off[:, days - 1]))) for days in ahead)
