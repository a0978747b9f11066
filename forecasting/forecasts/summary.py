"""A channel and its forecast as one flat record: what comes, what came, how far to trust it, what needs attention."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd

from forecasting.evaluation.comparison import FEWEST_DAYS, Answer
from forecasting.forecasts.forecast import Forecast, HeldOutScore
from forecasting.forecasts.past import Freshness, PastForecast, freshness
from forecasting.formats import Views, format_percent
from forecasting.messages import N_, Message, Translate, english, join_sentences
from forecasting.models.registry import METHODS, method_in_words
from forecasting.names import name_in_words
from forecasting.series import Channel, Series

Attention = Literal["falling", "stale", "missing", "late", "failed", "unread"]

URGENCY: tuple[Attention, ...] = ("falling", "stale", "missing", "late", "failed", "unread")  # the most urgent first
RECENT_DAYS = 56  # whose views are shown beside the forecast
MISSING_AMONG = 28  # days, the last ones
MOST_MISSING = 2  # of these, which need no attention
LATE_DAYS = 14  # since the last day: exports come days late themselves
ENDED_DAYS = 365  # since the last day: a channel of long ago is a record, and not late

FALLING = N_(
    "Falling: {total} in the next {days} days, at most {high} ({level} interval), after {before} in the last {days}."
)
OUTDATED = N_("Views have come since the forecast from {origin}: forecast again.")
MISSING = N_("{count} of the last {days} days is missing.", "{count} of the last {days} days are missing.")
LATE = N_("No views since {last}: bring newer days.")
VERDICTS: dict[Answer, str] = {"better": N_("better"), "worse": N_("worse"), "cannot tell": N_("cannot tell")}


@dataclass(frozen=True)
class Need:
    """Something about a channel that needs its owner's attention, and why."""

    kind: Attention
    reason: Message


@dataclass(frozen=True)
class ChannelSummary:
    """Figures are in views; NaN where there is none, as of a channel without a forecast."""

    channel: str
    metric: str
    first_day: date
    last_day: date
    recent: tuple[float, ...]  # views of the last RECENT_DAYS days
    corrections: int  # things that the reader put right
    days: int  # ahead that the total is of
    method: str = ""  # what made the forecast; nothing where there is none
    origin: date | None = None  # the last day that the forecast knew
    total: float = np.nan  # of the `days` days after `origin`
    low: float = np.nan  # its interval
    high: float = np.nan
    level: float = np.nan
    before: float = np.nan  # of the `days` days up to `origin`
    skill: float = np.nan  # against the same day last week, on the held-out days
    verdict: Answer | None = None  # against the same
    needs: tuple[Need, ...] = ()  # the most urgent first

    @property
    def change(self) -> float:
        """By what share the total is above that of as many days before; NaN where there were none or no views."""
        return self.total / self.before - 1 if self.before > 0 else np.nan

    @property
    def urgency(self) -> tuple[int, float, str]:
        """The smaller, the sooner it is to be looked at: the kind of need, then the steepest fall, then the name."""
        rank = URGENCY.index(self.needs[0].kind) if self.needs else len(URGENCY)
        return rank, self.change if np.isfinite(self.change) else 0.0, self.channel

    def to_row(self, translate: Translate = english) -> dict[str, object]:
        """What a table has of it; texts are in the language of `translate`, columns always the same."""
        return {
            "channel": name_in_words(self.channel, translate),
            "metric": name_in_words(self.metric, translate),
            "last_day": self.last_day,
            "forecast_from": self.origin,
            "method": method_in_words(self.method, translate),
            "days": self.days,
            "total": self.total,
            "low": self.low,
            "high": self.high,
            "level": self.level,
            "before": self.before,
            "change": self.change,
            "skill": self.skill,
            "verdict": translate(VERDICTS[self.verdict]) if self.verdict else "",
            "corrections": self.corrections,
            "attention": self.needs[0].kind if self.needs else "",
            "reason": join_sentences(need.reason.translated(translate) for need in self.needs),
        }


def summarize(
    channel: Channel, forecast: Forecast | None = None, *, days: int, today: date, needs: Iterable[Need] = ()
) -> ChannelSummary:
    """The record of a channel and its forecast over the next `days` days; `needs` are what is known from elsewhere.

    A total is there where the forecast has one of as many days.
    """
    series = channel.series
    found = ChannelSummary(
        channel.name,
        channel.metric,
        first_day=series.first.date(),
        last_day=series.last.date(),
        recent=tuple(map(float, channel.views.iloc[-RECENT_DAYS:])),
        corrections=len(channel.corrections),
        days=days,
    )
    if forecast:
        found = _with_forecast(found, forecast, series)
    every = [*needs, *_needs_of_forecast(found), *_needs_of_views(series, today)]
    return replace(found, needs=tuple(sorted(every, key=lambda need: URGENCY.index(need.kind))))


def _with_forecast(summary: ChannelSummary, forecast: Forecast, series: Series) -> ChannelSummary:
    total = next((one for one in forecast.totals if one.days == summary.days), None)
    level, low, high = total.bands[-1] if total else (np.nan, np.nan, np.nan)
    score = next((one for one in forecast.judged if _is_own(one, forecast, summary.days)), None)
    return replace(
        summary,
        method=forecast.method,
        origin=forecast.origin,
        total=total.point if total else np.nan,
        low=low,
        high=high,
        level=level,
        before=_sum_before(series, forecast.origin, summary.days),
        skill=score.skill if score and score.origins >= FEWEST_DAYS else np.nan,
        verdict=score.comparison.answer if score else "cannot tell",
    )


def _is_own(score: HeldOutScore, forecast: Forecast, days: int) -> bool:
    return score.method == forecast.method and score.over_days and score.horizon == days


def _sum_before(series: Series, origin: date, days: int) -> float:
    """The views of the last days up to `origin`, those not measured as a forecaster sees them; NaN of too few."""
    known = series.known.loc[: pd.Timestamp(origin)]
    return float(known.iloc[-days:].sum()) if len(known) >= days else np.nan


def _needs_of_forecast(one: ChannelSummary) -> list[Need]:
    found = []
    if one.high < one.before:
        facts: dict[str, object] = {name: Views(getattr(one, name)) for name in ("total", "high", "before")}
        facts |= {"days": one.days, "level": format_percent(one.level)}
        found.append(Need("falling", Message(FALLING, facts)))
    if one.origin and one.origin < one.last_day:
        found.append(Need("stale", Message(OUTDATED, {"origin": one.origin})))
    return found


def needs_of_past(past: Iterable[PastForecast | None]) -> list[Need]:
    """For each model that has gone stale by what came after its forecasts, that it has. None is passed over."""
    by_model: dict[str, list[PastForecast]] = {}
    for one in past:
        if one and one.come:
            by_model.setdefault(one.model, []).append(one)
    judged = map(freshness, by_model.values())
    return [Need("stale", _in_words(one)) for one in judged if one.stale]


def _in_words(one: Freshness) -> Message:
    """With a method's label, which is translated."""
    said = one.message
    if one.name not in METHODS:
        return said
    return Message(said.text, {**said.facts, "model": Message(METHODS[one.name].label)})


def _needs_of_views(series: Series, today: date) -> list[Need]:
    found = []
    recent = series.views.iloc[-MISSING_AMONG:]
    absent = int((recent.isna() | recent.index.isin(series.filled)).sum())
    if absent > MOST_MISSING:
        found.append(Need("missing", Message(MISSING, {"count": absent, "days": len(recent)})))
    if LATE_DAYS < (today - series.last.date()).days <= ENDED_DAYS:
        found.append(Need("late", Message(LATE, {"last": series.last.date()})))
    return found
