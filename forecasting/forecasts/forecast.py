"""A forecast of the days to come and all that is said beside it, a plain record: a worker makes it, a page shows it.

`judge_held_out` asks a method from every day of the held-out period, alike with the baselines; `ahead_of` forecasts
from the last day, with intervals that the errors of all these days have taught.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from forecasting.evaluation.backtest import (
    Backtest,
    backtest,
    compare_backtests,
    joined,
    mean_over_days,
    origins_in,
    table,
    win_rate,
)
from forecasting.evaluation.calibration import CalibratedForecaster, fit_method
from forecasting.evaluation.comparison import FEWEST_DAYS, Answer, Comparison, Reason, answer_from
from forecasting.evaluation.conformal import LEVELS, Intervals, make_intervals
from forecasting.evaluation.scores import TOTALS, Scores
from forecasting.evaluation.scores import totals as totals_of
from forecasting.forecasts.totals_record import LEVEL as JUDGED_LEVEL
from forecasting.forecasts.totals_record import JudgedTotal, judge_totals
from forecasting.forecasts.track_record import TrackRecord
from forecasting.formats import format_percent
from forecasting.messages import N_, BadInput, Message
from forecasting.models.ensemble.report import notes_on
from forecasting.models.registry import BASELINES, METHODS, SKILL_BASELINE, Forecaster
from forecasting.models.with_events import auto_of
from forecasting.series import Series
from forecasting.settings import BOUNDS
from forecasting.split import Split

AT_AN_EDGE = 0.05  # of a total's interval: so near to its edge a total is said to lie at it
TOO_LOW = N_(
    "The total of the next {days} days lies at the lower edge of its {level} interval: past totals were nearly all"
    " higher than forecast."
)
TOO_HIGH = N_(
    "The total of the next {days} days lies at the upper edge of its {level} interval: past totals were nearly all"
    " lower than forecast."
)
LENGTHS = 5  # times its days that a total needs to be judged by


@dataclass(frozen=True)
class Band:
    """One interval of every day of a forecast."""

    level: float  # share of days that it should hold
    lower: tuple[float, ...]  # views
    upper: tuple[float, ...]


@dataclass(frozen=True)
class Total:
    """The sum of the next `days` days, in views, with `level` -> (lower, upper) as pairs of its own."""

    days: int
    point: float
    bands: tuple[tuple[float, float, float], ...]  # (level, lower, upper)

    @property
    def note(self) -> list[Message]:
        """That the total lies at an edge of its widest interval, and why; nothing where it lies within."""
        level, lower, upper = self.bands[-1]
        facts, margin = {"days": self.days, "level": format_percent(level)}, AT_AN_EDGE * (upper - lower)
        if not upper > lower:  # one total alone, or no interval
            return []
        if self.point <= lower + margin and lower > 0:  # nothing lies below 0 anyway
            return [Message(TOO_LOW, facts)]
        return [Message(TOO_HIGH, facts)] if self.point >= upper - margin else []


@dataclass(frozen=True)
class HeldOutScore:
    """How a method did on the held-out days, `horizon` days ahead. Errors and widths in views."""

    method: str
    horizon: int
    mae: float
    skill: float  # against the same day last week
    mase: float
    rmsse: float
    bias: float
    pinball: float
    coverage: tuple[float, ...]  # a level each, as `Forecast.bands` has them
    width: tuple[float, ...]
    difference: float  # MAE less that of the same day last week
    low: float  # the 90 % interval of the difference; NaN where `reason` says that there is none
    high: float
    won: float  # share of origins with a smaller error
    origins: int
    reason: Reason = ""
    over_days: bool = False  # whether errors are means over the days 1 to `horizon`, not of the last of them alone

    @property
    def comparison(self) -> Comparison:
        """Against the same day last week. An older record may have an interval of days that are too few for one."""
        reason = self.reason or ("few days" if self.origins < FEWEST_DAYS else "")
        answer: Answer = "cannot tell" if reason else answer_from(self.low, self.high)
        return Comparison(answer, self.difference, self.low, self.high, self.origins, 1, reason, self.horizon)


@dataclass(frozen=True)
class Forecast:
    """The days after `origin`, the last day known.

    An edge of an interval is NaN where too few days were forecast that a model had not learnt from.
    """

    method: str
    origin: date
    days: tuple[date, ...]
    point: tuple[float, ...]  # views
    bands: tuple[Band, ...]
    totals: tuple[Total, ...]
    judged: tuple[HeldOutScore, ...]  # the method first, then the baselines, each a horizon after the other
    notes: tuple[Message, ...] = ()  # what to know before one trusts it
    judged_totals: tuple[JudgedTotal, ...] = ()  # of the next days and calendar months, with how such came out before
    record: TrackRecord | None = None  # None in what older versions stored, and where nothing was held out

    def to_frame(self) -> pd.DataFrame:
        """Columns forecast, lower_90, upper_90 and so on in views, a row a day."""
        columns = {"forecast": self.point}
        for band in self.bands:
            columns |= {f"lower_{100 * band.level:g}": band.lower, f"upper_{100 * band.level:g}": band.upper}
        return pd.DataFrame(columns, index=pd.DatetimeIndex(self.days, name="date"))


def horizon_with_totals(horizon: int, days: int | None = None, method: str = "auto") -> int:
    """Days ahead that are worked out: those asked for, and those of the totals that `days` of views can judge.

    No total is worked out for which `method` would need more days than for what was asked.
    """
    least = METHODS[method].least
    return max(horizon, *(total for total in TOTALS if days is None or days >= max(LENGTHS * total, least(total))), 1)


def evaluate_held_out(
    series: Series,
    fitted: CalibratedForecaster,
    split: Split,
    *,
    horizon: int,
    beside: Sequence[str] = tuple(BASELINES),
    levels: Sequence[float] = LEVELS,
) -> tuple[Backtest, list[HeldOutScore]]:
    """Forecasts from every day since the end of training, and how they and the baselines did on the held-out days."""
    reach, views, learnt = fitted.scores.horizon, series.views, series.until(split.train.last)
    origins_in(views, split.held_out, 1)  # says so where there are none
    origins = views.index[(views.index >= learnt.last) & (views.index < views.index[-1])]
    done = backtest(series, fitted, origins, horizon=reach, levels=levels)
    baselines = [
        backtest(series, fit_method(name, learnt, reach), origins, horizon=reach, levels=levels)
        for name in dict.fromkeys((SKILL_BASELINE, *beside))
    ]
    usual = baselines[0].within(split.held_out)
    shown = [one.within(split.held_out) for one in (done, *(one for one in baselines if one.method in beside))]
    return done, [*judge_all(shown, usual, horizon), *_judge_over_days(shown[0], usual, horizon)]


def make_forecast(
    forecaster: Forecaster,
    fitted: CalibratedForecaster,
    series: Series,
    *,
    scores: Scores,
    horizon: int,
    levels: Sequence[float] = LEVELS,
    judged: Sequence[HeldOutScore] = (),
    record: TrackRecord | None = None,
    provisional: bool = False,
) -> Forecast:
    """The forecast from the last day of `series`, with adaptive intervals that `scores` of earlier days have taught.

    The rate of misses has been moving since the method was fitted. A run's intervals rest on the days after alone.
    A `provisional` one does without the record of its totals, which takes seconds where months are far ahead.
    """
    now = series.views.index[-1:]
    predicted = forecaster.predict(series, now, scores.horizon)
    scores = honest_scores(fitted, scores)
    found = _intervals_from(now, predicted, fitted, series, scores=scores, levels=levels)
    sums = _totals(found, scores.horizon)
    totals = [] if provisional else judge_totals(series, scores, predicted[0])
    days = pd.date_range(now[0] + pd.Timedelta(days=1), periods=horizon)
    return Forecast(
        fitted.method,
        now[0].date(),
        tuple(days.date),
        _floats(predicted[0, :horizon]),
        bands=tuple(
            Band(level, _floats(found.lower[level][0, :horizon]), _floats(found.upper[level][0, :horizon]))
            for level in levels
        ),
        totals=sums,
        judged=tuple(judged),
        notes=(
            *(notes_on(auto) if (auto := auto_of(forecaster)) else ()),
            *(note for one in sums for note in one.note),
        ),
        judged_totals=tuple(_as_shown(one, sums) for one in totals),
        record=record,
    )


def _as_shown(judged: JudgedTotal, shown: Sequence[Total]) -> JudgedTotal:
    """With the same figures as the total of the same days beside it, whose intervals move since the last fit alone."""
    for total in shown:
        band = next((one for one in total.bands if one[0] == JUDGED_LEVEL), None)
        if judged.kind == "days" and judged.days == total.days and band:
            return replace(judged, point=total.point, lower=band[1], upper=band[2])
    return judged


def honest_scores(fitted: CalibratedForecaster, scores: Scores) -> Scores:
    """Those of days that were not learnt from: a run may have learnt from every day before its training ended."""
    return scores if fitted.method in METHODS else scores.since(fitted.last)


def _intervals_from(
    now: pd.DatetimeIndex,
    predicted: np.ndarray,
    fitted: CalibratedForecaster,
    series: Series,
    *,
    scores: Scores,
    levels: Sequence[float],
) -> Intervals:
    """Intervals around `predicted` (1, horizon), by the scores before the method was fitted and since."""
    start = fitted.last + pd.Timedelta(days=1)
    not_known_yet = Scores(now, np.full((1, len(scores.delays)), np.nan), scores.delays)
    later = joined(scores.since(start), not_known_yet)
    return make_intervals(series, predicted, earlier=scores.before(start), later=later, levels=levels)


def _totals(found: Intervals, horizon: int) -> tuple[Total, ...]:
    """The totals, whose columns follow those of `horizon` days."""
    return tuple(
        Total(
            days,
            float(found.centre[0, column]),
            tuple(
                (level, float(found.lower[level][0, column]), float(found.upper[level][0, column]))
                for level in found.lower
            ),
        )
        for column, days in enumerate(totals_of(horizon), start=horizon)
    )


def judge_all(results: Sequence[Backtest], usual: Backtest, horizon: int) -> list[HeldOutScore]:
    """Every method at horizons 1, 7, 28 up to `horizon`, and at `horizon` itself, where any such day is known."""
    horizons = [ahead for ahead in judged_horizons(horizon) if np.isfinite(usual.actual[:, ahead - 1]).any()]
    found = []
    for result in results:
        rows = table(result, usual, horizons)
        for ahead in horizons:
            against, won = compare_backtests(result, usual, ahead), win_rate(result, usual, ahead)
            found.append(_score(result, rows.loc[ahead], against, won=won))
    return found


def _judge_over_days(result: Backtest, usual: Backtest, horizon: int) -> list[HeldOutScore]:
    """The method over the days 1 to 7, 28 up to `horizon`, and to `horizon` itself."""
    found = []
    for days in judged_horizons(horizon):
        near, usual_near = result.up_to(days), usual.up_to(days)
        row, against = mean_over_days(near, usual_near), compare_backtests(near, usual_near)
        found.append(_score(near, row, against, won=win_rate(near, usual_near), over_days=True))
    return found


def _score(
    result: Backtest, row: Mapping[Any, float] | pd.Series, against: Comparison, *, won: float, over_days: bool = False
) -> HeldOutScore:
    """From a row of `table` and the comparison with the usual baseline."""
    coverage, width = (
        tuple(float(row[f"{part}_{100 * level:g}"]) for level in result.lower) for part in ("coverage", "width")
    )
    errors = {name: float(row[name]) for name in ("mae", "skill", "mase", "rmsse", "bias", "pinball")}
    return HeldOutScore(
        result.method,
        against.ahead,
        **errors,
        coverage=coverage,
        width=width,
        difference=against.difference,
        low=against.low,
        high=against.high,
        won=won,
        origins=against.days,
        reason=against.reason,
        over_days=over_days,
    )


def judged_horizons(horizon: int) -> list[int]:
    """Days ahead that are reported: tomorrow, a week, four weeks, and the farthest."""
    return sorted({ahead for ahead in (1, 7, 28, horizon) if ahead <= horizon})


def check_horizon(horizon: int) -> None:
    """Raise BadInput where no forecast reaches so far."""
    low, high = BOUNDS["horizon"]
    if not low <= horizon <= high:
        raise BadInput(
            N_("A forecast {horizon} days ahead is not possible; choose from {low} to {high} days."),
            horizon=horizon,
            low=low,
            high=high,
        )


def _floats(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
