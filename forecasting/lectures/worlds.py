"""When the world changes (Lee 2021, videos 1 and 3: mismatch): whether the training days still tell of today.

A line over four weeks, in closed form, learns from all training days or the last of them, once or again and again.
Whether two periods differ is asked of three things: the level, the share of each weekday, and the errors of a line.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

import numpy as np
import pandas as pd

from forecasting.diagnosis.changes import week_profile
from forecasting.evaluation.bootstrap import block_means, enough_blocks, spread_out
from forecasting.evaluation.comparison import FEWEST_DAYS, LEVEL, interval
from forecasting.formats import Views, format_percent
from forecasting.lectures.claims import (
    ALIKE_DAYS,
    TOO_FEW_DAYS,
    Answer,
    Claim,
    Judgement,
    answer_from,
    cannot_tell,
    claim,
    judge_days,
    judge_fact,
)
from forecasting.lectures.learning_curves import Experiment
from forecasting.messages import N_, BadInput, Message
from forecasting.series import Series
from forecasting.settings import Architecture, Regularisation, RunSettings, Training
from forecasting.split import YEAR, Period, Split
from forecasting.typical_range import RECENT, WEEK
from forecasting.windows import Windows, make_windows

WINDOW = 28  # days of input
FEWEST_TO_FIT = 2 * (WINDOW + 1)  # training days: two for each unknown
RIDGE = 1e-6  # of the mean square of a column
MONTH = 28  # days: whole weeks
Refit = Literal["never", "monthly", "weekly"]
EVERY: dict[Refit, int] = {"never": 0, "monthly": MONTH, "weekly": WEEK}  # days between two fits
HISTORIES = (91, 182, YEAR, 2 * YEAR, 0)  # training days that are used, the last ones; 0 is all
SAME_SEASON = 52 * WEEK  # days: the same weekday a year before
MOST_UNPAIRED = 0.5  # of the held-out days that have none: then the level is not compared
FOLDS = 5  # of the training days, for errors on days not learnt from
LIMITS = {"level": 0.15, "week": 0.05, "errors": 0.3}  # differences that are no drift; two as the diagnosis has them
LARGEST = {"level": N_("Level"), "week": N_("Weekday shares"), "errors": N_("Errors")}
BLOCK, FEWEST_WEEKS = 4, 12  # weeks: of the bootstrap of weekdays' shares, and below which it says nothing
UNITS, EPOCHS, SEEDS = 100, 60, 5  # of the networks; units are the lecture's
FORESEEN = 0.5  # of the largest day's rise above the usual


@dataclass(frozen=True, eq=False)
class World:
    """All windows of both periods in a row; `border` is the place of the first held-out one."""

    windows: Windows
    border: int

    @property
    def train(self) -> Windows:
        """To learn from."""
        return self.windows[: self.border]

    @property
    def held_out(self) -> Windows:
        """To be judged on."""
        return self.windows[self.border :]

    @property
    def train_days(self) -> int:
        """Calendar days of training targets."""
        return (self.windows.days[self.border - 1] - self.windows.days[0]).days + 1

    def last(self, history: int) -> "World":
        """The same with the last `history` training days only; 0 is all, and so is what is too few for a line."""
        first = self._first(self.windows.days[self.border], history)
        if self.border - first < FEWEST_TO_FIT:
            return self
        return World(self.windows[first:], self.border - first)

    def _first(self, before: pd.Timestamp, history: int) -> int:
        """The place of the first window that is learnt from, `history` days before a day."""
        return int(self.windows.days.searchsorted(before - pd.Timedelta(days=history))) if history else 0


def world_of(series: Series, split: Split) -> World:
    """Both periods of a split. Raises BadInput where there are too few training days for a line."""
    parts = [make_windows(series, period, WINDOW) for period in (split.train, split.held_out)]
    if len(parts[0]) < FEWEST_TO_FIT:
        text = N_("There are {days} training days; a line needs at least {needed}.")
        raise BadInput(text, days=len(parts[0]), needed=FEWEST_TO_FIT)
    both = Windows(
        np.concatenate([part.inputs for part in parts]),
        np.concatenate([part.targets for part in parts]),
        parts[0].days.append(parts[1].days),
    )
    return World(both, len(parts[0]))


def split_at(series: Series, border: date) -> Split:
    """Trained on all days before `border`, judged on a year from there on at most."""
    first, last = series.first.date(), series.last.date()
    end = min(border + timedelta(days=YEAR - 1), last)
    return Split(Period(first, border - timedelta(days=1)), Period(border, end))


@dataclass(frozen=True, eq=False)
class Line:
    """y = intercept + weights x; `weights` (days,), the day before last."""

    weights: np.ndarray
    intercept: float

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Views (days,)."""
        return self.intercept + inputs @ self.weights


def fit_line(windows: Windows) -> Line:
    """Least squares from the normal equations."""
    mean, level = windows.inputs.mean(axis=0), float(windows.targets.mean())
    inputs = windows.inputs - mean
    gram = inputs.T @ inputs
    ridge = RIDGE * np.trace(gram) / len(gram) or 1.0
    weights = np.linalg.solve(gram + ridge * np.eye(len(gram)), inputs.T @ (windows.targets - level))
    return Line(weights, level - float(mean @ weights))


def refit(world: World, *, every: int, history: int = 0) -> np.ndarray:
    """Views (held-out days,) one day ahead by a line that is fitted anew `every` so many days; 0 is never.

    Each fit learns from the `history` days before it, held-out ones among them, or from all (0). Where so few have no
    line, it keeps the one before.
    """
    held_out = world.held_out
    since = (held_out.days - held_out.days[0]).days.to_numpy()
    turns = since // every if every else np.zeros(len(since), int)
    predicted, line = np.empty(len(held_out)), fit_line(world.train)
    for turn in np.unique(turns):
        places = np.flatnonzero(turns == turn)
        last = world.border + places[0]
        learnt = world.windows[world._first(world.windows.days[last], history) : last]
        line = fit_line(learnt) if len(learnt) >= FEWEST_TO_FIT else line
        predicted[places] = line.predict(held_out.inputs[places])
    return predicted


def errors_of(world: World, predicted: np.ndarray) -> np.ndarray:
    """Absolute errors (held-out days,) in views."""
    return np.abs(predicted - world.held_out.targets)


def last_week(world: World) -> np.ndarray:
    """The views of the same day last week (held-out days,): the baseline."""
    return world.held_out.inputs[:, -WEEK]


@dataclass(frozen=True, eq=False)
class Months:
    """Blocks of MONTH held-out days, the last one shorter: their first day's place and mean errors."""

    begins: np.ndarray
    errors: np.ndarray  # (of each prediction, months)


def by_month(world: World, predictions: list[np.ndarray]) -> Months:
    """Mean absolute error of each prediction by month."""
    since = (world.held_out.days - world.held_out.days[0]).days.to_numpy() // MONTH
    begins, places = np.unique(since, return_index=True)
    sums = np.add.reduceat(np.stack([errors_of(world, each) for each in predictions]), places, axis=1)
    return Months(begins * MONTH, sums / np.diff(np.append(places, len(since))))


# Drift


@dataclass(frozen=True)
class Difference:
    """One difference between the periods, as a share, with its interval; NaN where there are too few days."""

    name: str  # of LIMITS
    effect: float
    low: float
    high: float

    @property
    def answer(self) -> Answer:
        """Whether the periods differ in this. A difference counts in both directions."""
        if not np.isfinite(self.low):
            return "cannot tell"
        turned = -1 if self.effect < 0 else 1
        low, high = sorted((turned * self.low, turned * self.high))
        return answer_from(abs(self.effect), low, high, margin=LIMITS[self.name])


def differences(world: World) -> list[Difference]:
    """Level, week and errors of the held-out days against the training days.

    `tests/benchmark/drift.py` measures how often they are found where nothing changes.
    """
    return [measure(world) for measure in (level_difference, week_difference, error_difference)]


def level_difference(world: World) -> Difference:
    """Of the mean logarithm, against the same weeks of the years before: a season that comes every year is no drift.

    Where training days of a year before are lacking, a season cannot be told from a change, so there is no interval.
    """
    logs = np.log1p(world.windows.targets)
    apart = logs[world.border :] - _same_season(world, logs)
    known = np.isfinite(apart)
    if known.mean() <= MOST_UNPAIRED:
        change = float(np.expm1(logs[world.border :].mean() - logs[: world.border].mean()))
        return Difference("level", change, np.nan, np.nan)
    return _difference("level", [apart[known]])


def week_difference(world: World) -> Difference:
    """Of the share of that weekday whose share changed most, for its chance."""
    shares = [_weekly_shares(part) for part in (world.held_out, world.train)]
    if min(map(len, shares)) < FEWEST_WEEKS:
        return Difference("week", _largest_change(world), np.nan, np.nan)
    found = shares[0].mean(axis=0) - shares[1].mean(axis=0)
    draws = np.subtract(*(_drawn_means(part, seed) for seed, part in enumerate(shares)))
    spread = draws.std(axis=1)
    spread = np.where(spread > 0, spread, np.inf)
    most = float(np.quantile((np.abs(draws - found[:, None]) / spread[:, None]).max(axis=0), LEVEL))
    place = int((np.abs(found) / spread).argmax())
    reach = most * float(spread[place]) if np.isfinite(spread[place]) else 0.0
    return Difference("week", float(found[place]), float(found[place]) - reach, float(found[place]) + reach)


def error_difference(world: World) -> Difference:
    """Of the mean absolute error, each as a share of the level of its window: days not learnt from in both periods."""
    held_out = _relative(np.abs(fit_line(world.train).predict(world.held_out.inputs) - world.held_out.targets), world)
    train = _relative(_cross_validated(world.train), world, world.train)
    return _difference("errors", [held_out, train], ratio=True)


def _difference(name: str, parts: list[np.ndarray], *, ratio: bool = False) -> Difference:
    """Of the means of one or two independent samples by day; the logarithm of a ratio, or the difference of logs."""
    change = (lambda means: np.log(np.maximum(means, 1e-12))) if ratio else (lambda means: means)
    means = [change(part.mean()) for part in parts]
    found = float(means[0] - (means[1] if len(parts) > 1 else 0.0))
    if not all(len(part) >= FEWEST_DAYS and enough_blocks(part) for part in parts):
        return Difference(name, float(np.expm1(found)), np.nan, np.nan)
    draws = [change(_draws(part, seed)) for seed, part in enumerate(parts)]
    low, high = interval(draws[0] - (draws[1] if len(parts) > 1 else 0.0))
    return Difference(name, *map(float, np.expm1([found, low, high])))


def _draws(values: np.ndarray, seed: int) -> np.ndarray:
    """Draws (DRAWS,) of the mean of values by day."""
    return spread_out(block_means(values, seed=seed), float(values.mean()), values, seed=seed + 1)


def _drawn_means(shares: np.ndarray, seed: int) -> np.ndarray:
    """Draws (WEEK, DRAWS) of the mean share of each weekday, from shares (weeks, WEEK)."""
    drawn = block_means(shares.T, BLOCK, seed=seed)
    means = shares.mean(axis=0)
    return np.stack(
        [
            spread_out(draws, mean, weeks, block=BLOCK, seed=seed + 1)
            for draws, mean, weeks in zip(drawn, means, shares.T, strict=True)
        ]
    )


def _weekly_shares(part: Windows) -> np.ndarray:
    """Views of each weekday (weeks, WEEK), Monday first, over the mean of its week; whole weeks with views only."""
    table = pd.Series(part.targets, part.days).asfreq("D")
    first = -table.index[0].day_of_week % WEEK
    values = table.to_numpy()[first:]
    weeks = values[: len(values) // WEEK * WEEK].reshape(-1, WEEK)
    means = weeks.mean(axis=1)
    kept = np.isfinite(means) & (means > 0)
    return weeks[kept] / means[kept, None]


def _largest_change(world: World) -> float:
    """Of a weekday's share, whatever chance there is in it."""
    profiles = [week_profile(part.targets, part.days) for part in (world.held_out, world.train)]
    changes = np.nan_to_num(profiles[0] - profiles[1])
    return float(changes[np.abs(changes).argmax()])


def _same_season(world: World, logs: np.ndarray) -> np.ndarray:
    """Mean of the days 1, 2, ... times 52 weeks before (held-out days,), of those trained on; NaN where none is."""
    train = pd.Series(logs[: world.border], world.train.days)
    years = range(1, world.train_days // SAME_SEASON + 2)
    before = [train.reindex(world.held_out.days - pd.Timedelta(days=year * SAME_SEASON)).to_numpy() for year in years]
    known = np.isfinite(before)
    total = np.where(known, before, 0.0).sum(axis=0)
    return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)


def _relative(errors: np.ndarray, world: World, part: Windows | None = None) -> np.ndarray:
    """Errors over the mean of their window's days; of the training mean where a window has no views."""
    means = (part or world.held_out).inputs.mean(axis=1)
    return errors / np.where(means > 0, means, max(float(world.train.targets.mean()), 1.0))


def _cross_validated(train: Windows) -> np.ndarray:
    """Absolute errors (days,) of a line that did not learn from the fifth of the days around."""
    folds = np.arange(len(train)) * FOLDS // len(train)
    errors = np.empty(len(train))
    for fold in range(FOLDS):
        rest = folds != fold
        line = fit_line(Windows(train.inputs[rest], train.targets[rest], train.days[rest]))
        errors[~rest] = np.abs(line.predict(train.inputs[~rest]) - train.targets[~rest])
    return errors


# Networks


def network_runs(series: Series, split: Split, history: int) -> tuple[RunSettings, ...]:
    """A network that learns once from all days, once from the last `history`, then anew for every MONTH held out.

    The months are judged on the held-out days of the first, one after the other; those without measured days are left
    out.
    """
    once = RunSettings(split, Architecture("relu", WINDOW, 1, UNITS), Training(epochs=EPOCHS, seeds=SEEDS))
    shorter = replace(once, regularisation=Regularisation(train_days=history))
    return (once, shorter, *(replace(once, split=part) for part in _monthly(series, split)))


def _monthly(series: Series, split: Split) -> Iterator[Split]:
    first = split.held_out.first
    while first <= split.held_out.last:
        last = min(first + timedelta(days=MONTH - 1), split.held_out.last)
        part = Split(Period(split.train.first, first - timedelta(days=1)), Period(first, last))
        try:
            make_windows(series, part.held_out, WINDOW)
        except BadInput:
            pass
        else:
            yield part
        first = last + timedelta(days=1)


def network_claims(found: Experiment, history: int) -> tuple[Claim, Claim]:
    """Whether fitting anew every MONTH and a shorter history help a network; of all runs of `network_runs`."""
    once, shorter, *months = found.curves
    anew = np.concatenate([month.errors for month in months], axis=1)
    return (
        _less(REFIT_MONTHLY, anew, once.errors, ANEW_OR_ONCE),
        _less(SHORTER, shorter.errors, once.errors, LAST_OR_ALL, days=history),
    )


# Claims

DIFFER, REFIT, REFIT_MONTHLY, SHORTER, FORESEEABLE = (
    N_("The two periods differ"),
    N_("Refitting every week helps"),
    N_("Refitting every 4 weeks helps"),
    N_("A shorter history helps"),
    N_("The largest day was foreseeable"),
)
ANEW_OR_ONCE = N_("Held-out MAE {first} views, {second} fitted once.")
LAST_OR_ALL = N_("Held-out MAE {first} views from the last {days} days, {second} from all.")


def periods_differ(world: World) -> Claim:
    """Whether level, week or errors changed; the statistic is of the largest change for its limit."""
    found = differences(world)
    answers = [one.answer for one in found]
    told = [one for one in found if one.answer == "holds"] or [one for one in found if np.isfinite(one.low)] or found
    most = max(told, key=lambda one: abs(one.effect) / LIMITS[one.name])
    answer: Answer = "holds" if "holds" in answers else "cannot tell"
    if set(answers) == {"does not hold here"}:
        answer = "does not hold here"
    lacking = None if any(np.isfinite(one.low) for one in found) else _lacking(world)
    facts: dict[str, object] = {one.name: _signed(one.effect) for one in found}
    sentence = N_("Level {level}, weekday shares up to {week}, errors {errors}. {largest}:")
    if lacking:
        sentence = N_("Level {level}, weekday shares up to {week}, errors {errors}.")
    facts |= {"largest": Message(LARGEST[most.name])}
    judged = Judgement(answer, 100 * most.effect, 100 * most.low, 100 * most.high, lacking)
    return claim(DIFFER, judged, unit="%", sentence=Message(sentence, facts))


def _signed(share: float) -> str:
    return f"{100 * share:+.0f} %".replace("-", "−")


def _lacking(world: World) -> Message:
    days = len(world.held_out)
    return Message(TOO_FEW_DAYS, {"days": days, "needed": FEWEST_DAYS}) if days < FEWEST_DAYS else Message(ALIKE_DAYS)


def refit_helps(world: World, *, every: int = WEEK, history: int = 0) -> Claim:
    """Whether a line that is fitted anew errs less than one that is not."""
    anew, once = (errors_of(world, refit(world, every=days, history=history)) for days in (every, 0))
    return _less(REFIT if every == WEEK else REFIT_MONTHLY, anew, once, ANEW_OR_ONCE)


def shorter_helps(world: World, history: int = YEAR) -> Claim:
    """Whether a line errs less that learnt from the last days only."""
    if world.train_days <= history:
        lacking = Message(TOO_FEW_DAYS, {"days": world.train_days, "needed": history + 1})
        return cannot_tell(SHORTER, lacking)
    last, whole = (errors_of(world, refit(world, every=0, history=days)) for days in (history, 0))
    return _less(SHORTER, last, whole, LAST_OR_ALL, days=history)


def _less(name: str, first: np.ndarray, second: np.ndarray, sentence: str, **facts: object) -> Claim:
    """Whether errors ([seeds,] days) are smaller than others; those with seeds are of networks."""
    judged = judge_days(first, second, seeded=(first.ndim > 1, second.ndim > 1))
    means = {"first": Views(first.mean()), "second": Views(second.mean())}
    return claim(name, judged, unit=N_("views"), sentence=Message(sentence, means | facts))


@dataclass(frozen=True)
class LargestDay:
    """The largest held-out day, in views: what came, what was predicted the day before, and what was usual then."""

    day: date
    actual: float
    predicted: float
    usual: float

    @property
    def foreseen(self) -> float:
        """The share of its rise above the usual that was predicted."""
        rise = self.actual - self.usual
        return (self.predicted - self.usual) / rise if rise > 0 else np.nan


def largest_day(world: World, predicted: np.ndarray) -> LargestDay:
    """Of the held-out days; the usual is the median of the weeks before, as long as the window."""
    place = int(world.held_out.targets.argmax())
    recent = world.windows.targets[max(world.border + place - RECENT, 0) : world.border + place]
    return LargestDay(
        world.held_out.days[place].date(),
        float(world.held_out.targets[place]),
        float(predicted[place]),
        float(np.median(recent)),
    )


def largest_foreseeable(world: World, predicted: np.ndarray | None = None) -> Claim:
    """Whether at least half of the largest day's rise above the usual was predicted the day before."""
    found = largest_day(world, refit(world, every=0) if predicted is None else predicted)
    facts = {name: Views(getattr(found, name)) for name in ("actual", "predicted", "usual")}
    sentence = N_("{day}: {actual} views, {predicted} predicted, {usual} usual: {foreseen} of the rise.")
    message = Message(sentence, facts | {"day": found.day, "foreseen": format_percent(found.foreseen)})
    if not np.isfinite(found.foreseen):
        judged = Judgement("cannot tell", np.nan, lacking=Message(ALIKE_DAYS))
    else:
        judged = judge_fact(100 * abs(1 - found.foreseen), 100 * (1 - FORESEEN))
    return claim(FORESEEABLE, judged, unit="%", sentence=message)


def channel_claims(series: Series, split: Split) -> Iterator[Claim]:
    """What this chapter claims of a channel, by lines."""
    try:
        world = world_of(series, split)
    except BadInput as short:
        yield from (cannot_tell(name, short.message) for name in (DIFFER, REFIT, SHORTER, FORESEEABLE))
        return
    yield periods_differ(world)
    yield refit_helps(world)
    yield shorter_helps(world)
    yield largest_foreseeable(world)
