"""Auto: many models are tried on the last part of the training days, and all good ones are averaged by how good.

Choosing the single best of many is mostly luck, an average is not: errors of different models partly cancel. So a
member's weight falls with a high power of its recent error at that distance, first among the lengths of training of one
recipe, then among recipes. Weights follow the errors that have become known by the origin, so they move as views do.
Nothing of the held-out period is seen: the weights' path through the validation days is itself a forecast, and its
errors are those that intervals rest on.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd

from forecasting.baselines import NAIVE, Naive
from forecasting.errors import N_, BadInput
from forecasting.members import Member, Recipe, fit_members
from forecasting.mixing import Record, follow
from forecasting.smoothing import Smoothing, fit_smoothing
from forecasting.windows import futures

SMALLEST = 0.002  # share of the mixture below which a member is not fitted again
SHARE, FEWEST, MOST = 5, 56, 365  # validation: one day in five, at least and at most so many beside the horizon
SHORTEST = 60  # days before validation, beside the horizon
REFIT = 1.3  # times what the fit on the days before validation took
FAR = 28  # days that far members predict at once

# In the order in which they are tried: cheap and good first, so that a short budget has a mixture too.
LADDER = tuple(
    Recipe(family, layers, reach, log, centred, clip, year, window)
    for family, layers, reach, log, centred, clip, year, window in (
        ("linear", 1, 1, True, True, 0.0, False, 56),
        ("linear", 1, FAR, True, False, 1.0, False, 56),
        ("linear", 1, 1, False, True, 0.0, False, 56),
        ("linear", 1, FAR, False, False, 1.0, False, 56),
        ("relu", 2, 1, True, True, 0.0, False, 56),
        ("relu", 1, FAR, True, False, 1.0, False, 56),
        ("relu", 1, 7, False, True, 1.5, False, 56),
        ("linear", 1, FAR, True, False, 1.0, True, 56),
        ("relu", 1, FAR, True, True, 1.0, False, 56),
        ("relu", 2, 1, False, True, 0.0, False, 56),
        ("linear", 1, 1, True, False, 0.0, False, 56),
        ("relu", 1, FAR, False, False, 1.0, False, 56),
        ("relu", 1, 7, True, True, 1.5, False, 56),
        ("linear", 1, FAR, False, False, 1.0, True, 56),
        ("relu", 1, FAR, True, False, 1.0, True, 56),
        ("linear", 1, FAR, True, True, 1.0, False, 56),
        ("relu", 1, 1, True, True, 0.0, False, 56),
        ("linear", 1, 1, True, True, 0.0, False, 14),
        ("linear", 1, 1, True, True, 0.0, False, 28),
        ("linear", 1, FAR, True, True, 1.5, False, 28),
        ("linear", 1, FAR, False, True, 1.0, False, 56),
        ("relu", 1, FAR, False, True, 1.0, False, 56),
    )
)
PLAIN = (*NAIVE, "ets")


@dataclass(frozen=True)
class Rung:
    """One step of the ladder: what was tried, and its MASE on the validation days.

    `errors` and `mixed` are (days ahead, MASE) pairs: of this one alone, and of the mixture of all so far.
    """

    name: str
    settings: dict[str, object]
    errors: tuple[tuple[int, float], ...]
    mixed: tuple[tuple[int, float], ...]
    seconds: float  # it took
    left: float  # seconds of the budget
    best: bool  # the smallest mean error of all single ones so far

    @classmethod
    def of_record(cls, record: dict) -> "Rung":
        """Back from JSON."""
        pairs = {
            name: tuple((int(ahead), float(error)) for ahead, error in record[name]) for name in ("errors", "mixed")
        }
        return cls(**record | pairs)


@dataclass(frozen=True)
class Auto:
    """A mixture of `members`, whose weights at an origin come from the errors known there."""

    members: tuple  # Member, Smoothing or Naive
    groups: np.ndarray  # (members,), the recipe of each
    names: tuple[str, ...]  # of the recipes
    last: pd.Timestamp  # the last day that members have learnt from
    record: Record  # of errors known by then
    validated: tuple[pd.DatetimeIndex, np.ndarray]  # origins, and the mixture's forecasts from them without these days
    ladder: tuple[Rung, ...] = ()

    @property
    def horizon(self) -> int:
        """Days ahead at most."""
        return len(self.record.counts)

    def predict(self, views: pd.Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon), each origin's from the `views` through it alone."""
        days, forecasts = self._forecasts(views, origins)
        wanted = days.get_indexer(origins)
        weights = self._follow(views, days, forecasts)[0][wanted]
        return np.einsum("moh,omh->oh", forecasts[:, wanted], weights)[:, :horizon]

    def shares(self) -> list[tuple[str, np.ndarray]]:
        """Each recipe and its share (horizon,) of the mixture on the last day learnt from."""
        weights = self.record.weights(self.groups)
        return [(name, weights[self.groups == group].sum(axis=0)) for group, name in enumerate(self.names)]

    def refit(self, known: pd.Series, plain: pd.Series) -> "Auto":
        """The same choice fitted on more days; what became known since `last` has its say in the weights."""
        _weights, record = self._follow(known, *self._forecasts(known, known.index[-1:]))
        return replace(self, members=_fit_again(self.members, known, plain), last=known.index[-1], record=record)

    def _forecasts(self, views: pd.Series, origins: pd.DatetimeIndex) -> tuple[pd.DatetimeIndex, np.ndarray]:
        """Forecasts (members, days, horizon) from every day since `last` through the last origin."""
        days = pd.date_range(min(self.last, origins.min()), origins.max())
        return days, np.stack([member.predict(views, days, self.horizon) for member in self.members])

    def _follow(self, views: pd.Series, days: pd.DatetimeIndex, forecasts: np.ndarray) -> tuple[np.ndarray, Record]:
        actual = futures(views.loc[: days[-1]], days, self.horizon)
        actual[days < self.last] = np.nan  # members have learnt from what came next
        return follow(forecasts, actual, self.groups, self.record)


def climb(
    known: pd.Series,
    plain: pd.Series,
    horizon: int,
    budget: float = 60.0,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Rung | Auto]:
    """Try the ladder as far as `budget` seconds reach; a Rung each, and at the end the Auto that comes of them.

    `known` are the views with none missing, `plain` those measured. The time to fit again on all days is kept aside.
    Told to stop, it mixes what it has.
    """
    begun, fitting, trial = time.perf_counter(), 0.0, _Trial(known, plain, horizon)
    for place, step in enumerate([*PLAIN, *_ladder(len(trial.early), horizon)]):
        spent = time.perf_counter() - begun
        next_one = fitting / max(place - len(PLAIN), 1)
        if place > len(PLAIN) and (stop() or spent + next_one + REFIT * (fitting + next_one) > budget):
            break
        trial.add(step)
        took = time.perf_counter() - begun - spent
        fitting += took
        yield trial.rung(step, took, budget - spent - took)
    yield trial.mixture()


def fit_auto(known: pd.Series, plain: pd.Series, horizon: int, budget: float, note: Callable[[Rung], None]) -> Auto:
    """Climb to the end, telling `note` of each rung."""
    for step in climb(known, plain, horizon, budget):
        if isinstance(step, Auto):
            return step
        note(step)
    raise AssertionError("a climb ends in its Auto")


class _Trial:
    """Members fitted on the days before validation, and their forecasts from its origins."""

    def __init__(self, known: pd.Series, plain: pd.Series, horizon: int) -> None:
        days = min(max(len(known) // SHARE, FEWEST + horizon), MOST + horizon)
        if len(known) - days < SHORTEST + horizon:
            raise BadInput(
                N_("{days} days of views are too few for Auto to try models on; at least {needed} are needed."),
                days=len(known),
                needed=SHORTEST + FEWEST + 2 * horizon,
            )
        self.known, self.plain, self.horizon = known, plain, horizon
        self.early = known.iloc[: len(known) - days]
        self.origins = known.index[len(known) - days - 1 : -1]
        self.actual = futures(plain.reindex(known.index), self.origins, horizon)
        values = self.early.to_numpy()
        self.usual = float(np.abs(values[7:] - values[:-7]).mean()) or 1.0  # what MASE divides by
        self.members, self.forecasts, self.groups, self.names = [], [], [], []
        self.rungs: list[Rung] = []

    def add(self, step: str | Recipe) -> None:
        """Fit one step of the ladder; what has left the numbers is left out."""
        for member in _fit_step(step, self.early, self.plain.loc[: self.early.index[-1]]):
            forecasts = member.predict(self.known, self.origins, self.horizon)
            if np.isfinite(forecasts).all():
                self.members.append(member)
                self.forecasts.append(forecasts)
                self.groups.append(len(self.names))
        if len(self.names) in self.groups:
            self.names.append(_name(step))

    def rung(self, step: str | Recipe, seconds: float, left: float) -> Rung:
        """How the last step did."""
        name, mine = _name(step), np.flatnonzero(np.array(self.groups) == len(self.names) - 1)
        alone = self._errors(self._mixed(mine)) if self.names[-1] == name else ()
        mean = np.mean([error for _ahead, error in alone]) if alone else np.inf
        best = all(mean < np.mean([error for _ahead, error in rung.errors]) for rung in self.rungs if rung.errors)
        settings = {"method": step} if isinstance(step, str) else asdict(step)
        mixed = self._errors(self._mixed(np.arange(len(self.members))))
        self.rungs.append(Rung(name, settings, alone, mixed, seconds, left, bool(best)))
        return self.rungs[-1]

    def mixture(self) -> Auto:
        """All that counts, fitted again on every day."""
        weights, record = follow(np.stack(self.forecasts), self.actual, np.array(self.groups), self._nothing())
        predicted = np.einsum("moh,omh->oh", np.stack(self.forecasts), weights)
        kept = np.flatnonzero(weights[-1].max(axis=1) >= SMALLEST)
        groups, places = np.unique(np.array(self.groups)[kept], return_inverse=True)
        return Auto(
            _fit_again([self.members[place] for place in kept], self.known, self.plain),
            places,
            tuple(self.names[group] for group in groups),
            self.known.index[-1],
            record.of(kept),
            (self.origins, predicted),
            tuple(self.rungs),
        )

    def _nothing(self) -> Record:
        return Record.empty(len(self.members), self.horizon)

    def _mixed(self, members: np.ndarray) -> np.ndarray:
        """Forecasts (origins, horizon) of a mixture of some `members`."""
        forecasts = np.stack([self.forecasts[member] for member in members])
        _names, groups = np.unique(np.array(self.groups)[members], return_inverse=True)
        weights, _record = follow(forecasts, self.actual, groups, Record.empty(len(members), self.horizon))
        return np.einsum("moh,omh->oh", forecasts, weights)

    def _errors(self, predicted: np.ndarray) -> tuple[tuple[int, float], ...]:
        """MASE a few days ahead."""
        off = np.nanmean(np.abs(predicted - self.actual), axis=0) / self.usual
        return tuple((ahead, float(off[ahead - 1])) for ahead in (1, 7, 28, 90) if ahead <= self.horizon)


def _ladder(days: int, horizon: int) -> list[Recipe]:
    """What is tried on so many days: windows leave as many days again to learn from, outputs no more than are asked."""
    longest = max((days - horizon) // 3, 7)
    short = [replace(recipe, window=min(recipe.window, longest), reach=min(recipe.reach, horizon)) for recipe in LADDER]
    return list(dict.fromkeys(short))


def _fit_step(step: str | Recipe, known: pd.Series, plain: pd.Series) -> list:
    """The members of one step of the ladder."""
    if isinstance(step, Recipe):
        return fit_members(step, known, plain)
    return [fit_smoothing(known) if step == "ets" else Naive(step)]


def _fit_again(members: Sequence, known: pd.Series, plain: pd.Series) -> tuple:
    """The same members learnt from other days; one that leaves the numbers stays as it was."""
    fitted: dict[Recipe, list] = {}
    found = []
    for member in members:
        if isinstance(member, Smoothing):
            member = fit_smoothing(known)
        elif isinstance(member, Member):
            if member.recipe not in fitted:
                fitted[member.recipe] = fit_members(member.recipe, known, plain)
            again = fitted[member.recipe][member.length]
            member = again if np.isfinite(again.parameters).all() else member
        found.append(member)
    return tuple(found)


def _name(step: str | Recipe) -> str:
    return step if isinstance(step, str) else step.name
