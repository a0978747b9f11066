"""What a method would have said on each day of the held-out period, and how far it was off."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from forecasting.evaluation.calibration import CalibratedForecaster, refit
from forecasting.evaluation.comparison import Comparison, compare
from forecasting.evaluation.conformal import LEVELS, make_intervals
from forecasting.evaluation.scores import Scores, make_scores
from forecasting.messages import N_, BadInput
from forecasting.metrics import bias, coverage, mae, mase, pinball, rmsse, skill, width
from forecasting.models.registry import Forecaster
from forecasting.series import Series
from forecasting.split import Period
from forecasting.windows import futures


@dataclass(frozen=True)
class Backtest:
    """Forecasts from many origins. Columns of `lower` and `upper` are the days ahead, then totals of the next days."""

    method: str
    origins: pd.DatetimeIndex  # the last day known to each forecast
    predicted: np.ndarray  # (origins, horizon), views
    actual: np.ndarray  # the same, NaN where not known
    lower: dict[float, np.ndarray]  # level -> (origins, columns), views
    upper: dict[float, np.ndarray]
    train_views: np.ndarray  # (days,) before the first origin, for errors without unit
    scores: Scores  # of the validation and these origins together, for whoever forecasts on

    @property
    def horizon(self) -> int:
        """Days ahead."""
        return self.predicted.shape[1]

    def within(self, period: Period) -> "Backtest":
        """Only the forecasts whose first day lies in `period`."""
        first = self.days(1)
        kept = (first >= pd.Timestamp(period.first)) & (first <= pd.Timestamp(period.last))
        return replace(
            self,
            origins=self.origins[kept],
            predicted=self.predicted[kept],
            actual=self.actual[kept],
            lower={level: edge[kept] for level, edge in self.lower.items()},
            upper={level: edge[kept] for level, edge in self.upper.items()},
        )

    def up_to(self, horizon: int) -> "Backtest":
        """Only the days ahead up to `horizon`, without totals."""
        return replace(
            self,
            predicted=self.predicted[:, :horizon],
            actual=self.actual[:, :horizon],
            lower={level: edge[:, :horizon] for level, edge in self.lower.items()},
            upper={level: edge[:, :horizon] for level, edge in self.upper.items()},
        )

    def days(self, ahead: int) -> pd.DatetimeIndex:
        """The days predicted `ahead` days before."""
        return self.origins + pd.Timedelta(days=ahead)


def origins_in(views: pd.Series, held_out: Period, horizon: int, *, count: int = 0) -> pd.DatetimeIndex:
    """Origins whose next `horizon` days lie in `held_out`: every one, or `count` spread evenly."""
    period = held_out.clip(views)
    if period is None:
        raise BadInput(
            N_("The channel has no views from {first} to {last}; it covers {begin} to {end}."),
            first=held_out.first,
            last=held_out.last,
            begin=views.index[0].date(),
            end=views.index[-1].date(),
        )
    first, last = pd.Timestamp(period.first) - pd.Timedelta(days=1), pd.Timestamp(period.last)
    every = pd.date_range(first, last - pd.Timedelta(days=horizon))
    every = every[every >= views.index[0]]
    if not len(every):
        raise BadInput(
            N_("The period from {first} to {last} is shorter than {horizon} days; hold out more days."),
            first=period.first,
            last=period.last,
            horizon=horizon,
        )
    if not 0 < count < len(every):
        return every
    return every[np.unique(np.linspace(0, len(every) - 1, count).round().astype(int))]


def backtest(
    series: Series,
    fitted: CalibratedForecaster,
    origins: pd.DatetimeIndex,
    *,
    horizon: int,
    refit_days: int = 0,
    levels: Sequence[float] = LEVELS,
) -> Backtest:
    """Forecasts of `fitted` from each of `origins`, with adaptive intervals of `levels`.

    `refit_days` after a fit the method is fitted again on all views since known, 0 for never.
    """

    def again(last: pd.Timestamp) -> Forecaster:
        return refit(fitted, series.until(last), horizon)

    predicted = np.concatenate(
        [
            forecaster.predict(series, part, horizon)
            for forecaster, part in _fits(fitted.forecaster, fitted.last, origins, refit_days, again)
        ]
    )
    actual = futures(series.measured, origins, horizon)
    later = make_scores(series, origins, predicted)
    found = make_intervals(series, predicted, earlier=fitted.scores, later=later, levels=levels)
    train_views = series.measured.loc[: fitted.last].to_numpy(float)
    scores = joined(fitted.scores, later)
    return Backtest(fitted.method, origins, predicted, actual, found.lower, found.upper, train_views, scores)


def joined(earlier: Scores, later: Scores) -> Scores:
    """One after the other; an origin of both counts once, as the later one has it."""
    kept = ~earlier.origins.isin(later.origins)
    origins = earlier.origins[kept].append(later.origins)
    values, predicted = (
        np.concatenate([one[kept], other])
        for one, other in ((earlier.values, later.values), (earlier.predicted, later.predicted))
    )
    return Scores(origins, values, later.delays, predicted)


def table(result: Backtest, baseline: Backtest, horizons: Sequence[int] = ()) -> pd.DataFrame:
    """A row for each of `horizons`, by default every day ahead: errors in views, `skill` against `baseline`, mase,
    rmsse, coverage and width."""
    horizons = horizons or range(1, result.horizon + 1)
    rows = [_row(result, baseline, ahead) for ahead in horizons]
    return pd.DataFrame(rows, index=pd.Index(horizons, name="horizon"))


def _row(result: Backtest, baseline: Backtest, ahead: int) -> dict[str, float]:
    column = ahead - 1
    known = np.isfinite(result.actual[:, column])
    if not known.any():
        raise BadInput(
            N_("There is no day with known views {ahead} days after the forecasts; choose another period."), ahead=ahead
        )
    actual, predicted = result.actual[known, column], result.predicted[known, column]
    error, usual = mae(actual, predicted), mae(actual, baseline.predicted[known, column])
    row: dict[str, Any] = {"mae": error, "skill": skill(error, usual) if usual else 0.0}
    with np.errstate(divide="ignore", invalid="ignore"):  # a week that repeats itself has no usual error
        row["mase"] = mase(actual, predicted, result.train_views)
        row["rmsse"] = rmsse(actual, predicted, result.train_views)
    row |= {"bias": bias(actual, predicted), **_interval_scores(result, column, known)}
    return {name: float(value) for name, value in row.items()}


def _interval_scores(result: Backtest, column: int, known: np.ndarray) -> dict[str, float]:
    """Mean pinball loss over all levels, and coverage and width of each; NaN where no origin has an interval."""
    rows = known & np.isfinite(result.lower[min(result.lower)][:, column])  # a run has none before it has errors
    if not rows.any():
        names = [f"{name}_{100 * level:g}" for level in result.lower for name in ("coverage", "width")]
        return dict.fromkeys(("pinball", *names), np.nan)
    actual = result.actual[rows, column]
    losses = []
    scores: dict[str, float] = {}
    for level in result.lower:
        low, high = result.lower[level][rows, column], result.upper[level][rows, column]
        losses += [pinball(actual, low, (1 - level) / 2), pinball(actual, high, (1 + level) / 2)]
        scores[f"coverage_{100 * level:g}"] = float(coverage(actual, low, high))
        scores[f"width_{100 * level:g}"] = float(width(low, high))
    median_loss = mae(actual, result.predicted[rows, column]) / 2  # the forecast is the median
    return {"pinball": float(np.mean([*losses, median_loss])), **scores}


def mean_over_days(result: Backtest, baseline: Backtest) -> dict[str, float]:
    """The row of `table` for all days ahead at once: a forecast's errors are their mean over its known days."""
    row = _row(_as_one_day(result), _as_one_day(baseline), 1)
    error, usual = (float(one.mean()) for one in daily_errors(result, baseline))
    mase_of_one = row["mase"] / row["mae"] if row["mae"] else 0.0
    return row | {"mae": error, "skill": 1 - error / usual if usual else 0.0, "mase": error * mase_of_one}


def _as_one_day(result: Backtest) -> Backtest:
    """Every day ahead of every forecast in one column."""
    one: dict[str, Any] = {name: getattr(result, name).reshape(-1, 1) for name in ("predicted", "actual")}
    for name in ("lower", "upper"):
        edges = {level: edge[:, : result.horizon].reshape(-1, 1) for level, edge in getattr(result, name).items()}
        one[name] = edges
    return replace(result, **one)


def errors_by(result: Backtest, part: str) -> pd.DataFrame:
    """MAE in views and the number of days it is a mean over, by `part`: "ahead" (the days ahead), or of the predicted
    day "day_of_week" (0 is Monday) or "month".

    Over all days ahead; a day predicted from several origins counts as one day. Columns error and days.
    """
    ahead = np.arange(1, result.horizon + 1)
    days = np.asarray(result.origins)[:, None] + ahead.astype("timedelta64[D]")
    index = pd.DatetimeIndex(days.ravel())
    groups = np.tile(ahead, len(days)) if part == "ahead" else np.asarray(getattr(index, part))
    frame = pd.DataFrame({"error": np.abs(result.predicted - result.actual).ravel(), "day": index, part: groups})
    found = frame.dropna(subset="error").groupby(part)
    return pd.DataFrame({"error": found["error"].mean(), "days": found["day"].nunique()})


def compare_backtests(result: Backtest, baseline: Backtest, ahead: int | None = None) -> Comparison:
    """Hold two backtests of the same origins against each other, `ahead` days before, or over all days ahead."""
    errors = daily_errors(result, baseline, ahead)
    return compare(*errors, ahead=ahead or result.horizon, seeded=(False, False))


def win_rate(result: Backtest, baseline: Backtest, ahead: int | None = None) -> float:
    """Share of origins from which `result` errs less than `baseline`; ties count half.

    `ahead` days before, or over all days ahead.
    """
    gap = np.subtract(*daily_errors(result, baseline, ahead))
    return float(((gap < 0) + 0.5 * (gap == 0)).mean())


def daily_errors(result: Backtest, baseline: Backtest, ahead: int | None = None) -> list[np.ndarray]:
    """Absolute errors (origins,) of both where the views are known, means over the days ahead."""
    column = slice(None) if ahead is None else slice(ahead - 1, ahead)
    there = np.isfinite(result.actual[:, column]).any(axis=1)
    return [np.nanmean(np.abs(one.predicted - result.actual)[there, column], axis=1) for one in (result, baseline)]


def _fits(forecaster, last: pd.Timestamp, origins: pd.DatetimeIndex, refit_days: int, again):
    """Forecaster and the origins it serves, in order."""
    if not refit_days:
        yield forecaster, origins
        return
    since = (origins - last).days // refit_days
    for turn in np.unique(since):
        if turn:
            forecaster = again(last + pd.Timedelta(days=int(turn) * refit_days))
        yield forecaster, origins[since == turn]
