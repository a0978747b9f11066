"""Earlier forecasts beside what came: their errors, intervals and totals, and whether a model has gone stale.

A record has the forecast as it was made and the views as they were known then; of later days what was measured alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from forecasting.evaluation.bootstrap import block_length
from forecasting.evaluation.comparison import compare, fewest_days
from forecasting.evaluation.coverage import judge_coverage
from forecasting.forecasts.forecast import Forecast
from forecasting.formats import Views, format_percent
from forecasting.messages import N_, Message
from forecasting.models.registry import SKILL_BASELINE, baseline
from forecasting.series import Series

Reason = Literal["errors", "intervals", "", "few days", "alike days", "not judged"]

FEWEST_SPANS = 3  # horizons that days must fill before intervals are found too narrow: one forecast alone is one chance
RECENT_BLOCKS = 8  # blocks of days, the last ones, that say whether a model is stale now
SENTENCES = {
    "errors": N_(
        "“{model}” has gone stale since {since}: it errs by {error} views a day, where its held-out days promise"
        " {expected} ({days} days judged). Train or forecast again."
    ),
    "intervals": N_(
        "“{model}” has gone stale since {since}: its {level} intervals held only {held} of {judged} days. Train or"
        " forecast again."
    ),
    "": N_(
        "Nothing says that “{model}” has gone stale: it errs by {error} views a day, where its held-out days promise"
        " {expected} ({days} days judged)."
    ),
    "few days": N_(
        "Cannot tell yet whether “{model}” has gone stale: {days} days of its forecasts can be judged, {needed} are"
        " needed."
    ),
    "alike days": N_(
        "Cannot tell whether “{model}” has gone stale: errors of neighbouring days are so alike that {days} days count"
        " for too few."
    ),
    "not judged": N_("Cannot tell whether “{model}” has gone stale: it was not judged on held-out days."),
}


@dataclass(frozen=True, eq=False)
class PastForecast:
    """A forecast made earlier, and the days that have come since. All in views."""

    model: str  # which model: forecasts of the same are judged together
    name: str  # what the model is called
    forecast: Forecast
    actual: np.ndarray  # (days,), NaN where a day has not come or was not measured
    usual: np.ndarray  # (days,), the same day last week, as it was known then

    @property
    def measured(self) -> np.ndarray:
        """Which days have come, (days,)."""
        return np.isfinite(self.actual)

    @property
    def come(self) -> int:
        """How many of its days have come."""
        return int(self.measured.sum())

    @property
    def errors(self) -> np.ndarray:
        """Absolute errors (days,), NaN where a day has not come."""
        return np.abs(np.array(self.forecast.point) - self.actual)

    @property
    def usual_errors(self) -> np.ndarray:
        """The same of the same day last week."""
        return np.abs(self.usual - self.actual)

    @property
    def mae(self) -> float:
        """Mean absolute error over the days that have come; NaN before there is one."""
        return _mean(self.errors)

    @property
    def usual_mae(self) -> float:
        """The same of the same day last week, from the same day and over the same days."""
        return _mean(np.where(self.measured, self.usual_errors, np.nan))

    @property
    def skill(self) -> float:
        """How much smaller the error is; NaN where that cannot be said."""
        return 1 - self.mae / self.usual_mae if self.usual_mae else np.nan

    @property
    def said(self) -> float:
        """What was forecast for the days that have come, together."""
        return float(np.array(self.forecast.point)[self.measured].sum())

    @property
    def came(self) -> float:
        """The views of these days, together."""
        return float(self.actual[self.measured].sum())

    @property
    def within(self) -> np.ndarray:
        """Whether its widest interval held each day (days,): 1 or 0, NaN where there is no day or no interval."""
        band = self.forecast.bands[-1]
        low, high = np.array(band.lower, float), np.array(band.upper, float)
        known = self.measured & np.isfinite(low) & np.isfinite(high)
        return np.where(known, (low <= self.actual) & (self.actual <= high), np.nan)

    @property
    def held(self) -> tuple[int, int]:
        """How many days their widest interval held, and of how many."""
        return int(np.nansum(self.within)), int(np.isfinite(self.within).sum())

    def total_interval(self) -> tuple[float, float] | None:
        """The widest interval of the total of all its days; None where it has none, or not all have come."""
        if self.come < len(self.actual):
            return None
        whole = next((total for total in self.forecast.totals if total.days == len(self.actual)), None)
        return whole.bands[-1][1:] if whole and np.isfinite(whole.bands[-1][1:]).all() else None

    def to_frame(self) -> pd.DataFrame:
        """Columns actual and usual beside those of `Forecast.to_frame`, a row a day."""
        return self.forecast.to_frame().assign(actual=self.actual, usual=self.usual)


def past_forecast(forecast: Forecast, *, then: Series, now: Series, model: str, name: str) -> PastForecast:
    """A forecast made on the series `then`, beside the days measured `now`."""
    days, origin = pd.DatetimeIndex(forecast.days), pd.Timestamp(forecast.origin)
    usual, known = baseline(SKILL_BASELINE), then.until(origin)
    enough = known.measured_days and len(known.known) >= usual.needs
    week = usual.predict(known, known.views.index[-1:], len(days))[0] if enough else np.full(len(days), np.nan)
    return PastForecast(model, name, forecast, now.measured.reindex(days).to_numpy(float), week)


def summary(past: Sequence[PastForecast]) -> pd.DataFrame:
    """A line a forecast: origin, name, days, come, mae, usual_mae, said, came, held and of (days with an interval)."""
    return pd.DataFrame(
        {
            "origin": [one.forecast.origin for one in past],
            "name": [one.name for one in past],
            "days": [len(one.actual) for one in past],
            "come": [one.come for one in past],
            "mae": [one.mae for one in past],
            "usual_mae": [one.usual_mae for one in past],
            "said": [one.said for one in past],
            "came": [one.came for one in past],
            "held": [one.held[0] for one in past],
            "of": [one.held[1] for one in past],
        }
    )


# Whether a model has gone stale


@dataclass(frozen=True)
class Freshness:
    """Whether a model's recent forecasts are as good as its held-out days promised."""

    name: str
    reason: Reason  # what says that it is stale; or why nothing can be told; nothing where it is not
    since: date | None
    days: int
    needed: int
    error: float  # MAE in views over the recent days
    expected: float  # what its skill on the held-out days makes of the usual baseline's error on the same days
    held: int
    judged: int  # days with an interval
    level: float  # of these

    @property
    def stale(self) -> bool:
        """Whether it has."""
        return self.since is not None

    @property
    def message(self) -> Message:
        """The sentence."""
        facts: dict[str, object] = {"model": self.name, "since": self.since, "days": self.days, "needed": self.needed}
        facts |= {"error": Views(self.error), "expected": Views(self.expected)}
        facts |= {"held": self.held, "judged": self.judged, "level": format_percent(self.level)}
        return Message(SENTENCES[self.reason], facts)


def freshness(past: Sequence[PastForecast]) -> Freshness:
    """Whether the model that made all these forecasts has gone stale.

    Its error on each day that has come is compared with what its skill on the held-out days makes of the error of the
    same day last week on that very day: days that are hard for everyone make no model stale. A day forecast several
    times counts once, with the mean. Else its intervals may hold too few days.
    """
    ahead = max(len(one.actual) for one in past)
    whole, level = _by_day(past), past[0].forecast.bands[-1].level
    recent = whole.iloc[-RECENT_BLOCKS * block_length(ahead) :]
    judged, within = recent[["error", "expected"]].dropna(), recent["within"].dropna()
    reason = _reason(judged, within, ahead=ahead, level=level)
    excess = {"errors": whole["error"] - whole["expected"], "intervals": level - whole["within"]}.get(reason)
    return Freshness(
        past[0].name,
        reason,
        since=None if excess is None else _since(excess.dropna()),
        days=len(judged),
        needed=fewest_days(ahead),
        error=_mean(judged["error"].to_numpy()),
        expected=_mean(judged["expected"].to_numpy()),
        held=round(float(within.sum())),
        judged=len(within),
        level=level,
    )


def _reason(judged: pd.DataFrame, within: pd.Series, *, ahead: int, level: float) -> Reason:
    """Why a model is stale, or why that cannot be told."""
    errors, expected = (judged[name].to_numpy() for name in ("error", "expected"))
    found = compare(errors, expected, ahead=ahead, seeded=(False, False)) if len(judged) else None
    if found and found.answer == "worse":
        return "errors"
    spans, held = len(within) >= FEWEST_SPANS * ahead, _mean(within.to_numpy())
    if spans and judge_coverage(held, level, origins=len(within), ahead=ahead) == "narrower":
        return "intervals"
    if found is None:
        return "not judged"
    return "few days" if found.reason == "few days" else "alike days" if found.reason else ""


def _since(excess: pd.Series) -> date:
    """The first day of the part whose mean `excess` differs most from that of the days before (least squares).

    The very first day where the days before are no better than half of it.
    """
    values, count = excess.to_numpy(float), len(excess)
    before = np.arange(1, count)
    gap = np.cumsum(values)[:-1] - before / count * values.sum()
    place = int(before[(gap**2 / (before * (count - before))).argmax()]) if count > 1 else 0
    changed = place and values[:place].mean() < values[place:].mean() / 2
    return excess.index[place if changed else 0].date()


def _by_day(past: Sequence[PastForecast]) -> pd.DataFrame:
    """Mean error, expected error and share within the interval of each day that has come, over the forecasts of it."""
    rows = [
        pd.DataFrame(
            {"error": one.errors, "expected": _expected(one), "within": one.within},
            index=pd.DatetimeIndex(one.forecast.days),
        )[one.measured]
        for one in past
    ]
    every = pd.concat(rows)
    return every.groupby(level=0).mean().sort_index()


def _expected(one: PastForecast) -> np.ndarray:
    """What its skill on the held-out days, so many days ahead, leaves of the usual error (days,); NaN without."""
    own = {score.horizon: score.skill for score in one.forecast.judged if score.method == one.forecast.method}
    if not own:
        return np.full(len(one.actual), np.nan)
    horizons = sorted(own)
    skill = np.interp(np.arange(1, len(one.actual) + 1), horizons, [own[horizon] for horizon in horizons])
    return (1 - skill) * one.usual_errors


def _mean(values: np.ndarray) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else np.nan
