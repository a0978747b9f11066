"""Whether a channel's events make its forecasts better: the same methods with and without them, on the same days.

Days of the training period, kept apart, say whether events are used; the held-out days say what that is worth, and had
no part in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from forecasting.evaluation.comparison import Comparison, compare
from forecasting.messages import BadInput
from forecasting.models.event_effects import EventEffects
from forecasting.models.registry import METHODS, fit
from forecasting.models.validation import validation_origins
from forecasting.models.with_events import fit_with_events, learn_effects
from forecasting.series import Series
from forecasting.split import Split
from forecasting.windows import futures

AHEAD = 7  # days: far enough for an effect to show, near enough for a few weeks to judge by
JUDGES = ("four-weeks", "ets", "linear")  # whose mean forecast is compared: quick, and much of what Auto averages


@dataclass(frozen=True)
class EventValue:
    """What events do to the error of forecasts 1 to AHEAD days ahead; None where there was nothing to compare."""

    validation: Comparison | None
    held_out: Comparison | None
    validation_error: float = 1.0  # without events, in views
    held_out_error: float = 1.0
    events: int = 0  # on held-out days, whose effect was known before

    @property
    def used(self) -> bool:
        """Whether forecasts take events into account: where validation days had no smaller error without them."""
        return self.validation is not None and self.validation.difference <= 0


def judge_events(series: Series, split: Split, methods: Sequence[str] = JUDGES) -> EventValue:
    """How much better the mean forecast of some `methods` is with the events of `series`."""
    learnt = series.until(split.train.last)
    origins = validation_origins(learnt, AHEAD)
    validation = _errors(learnt, learnt.until(origins[0]), origins, methods)
    held_out = _errors(series, learnt, _held_out_origins(series, split), methods) if validation else None
    return EventValue(
        _compared(validation),
        _compared(held_out),
        validation_error=_without(validation),
        held_out_error=_without(held_out),
        events=_known_events(series, learnt, split) if held_out else 0,
    )


def _held_out_origins(series: Series, split: Split) -> pd.DatetimeIndex:
    first = max(split.held_out.first - timedelta(days=1), split.train.last)
    last = min(split.held_out.last, series.last.date()) - timedelta(days=1)
    return series.views.loc[str(first) : str(last)].index


def _known_events(series: Series, learnt: Series, split: Split) -> int:
    """Events on held-out days whose effect `learnt` days tell."""
    known = {kind.kind for kind in learn_effects(learnt).kinds if kind.known}
    held_out = split.held_out
    return sum(held_out.first <= event.day <= held_out.last and event.kind in known for event in series.events)


def _without(errors: tuple[np.ndarray, np.ndarray] | None) -> float:
    return float(errors[1].mean()) or 1.0 if errors else 1.0


def _compared(errors: tuple[np.ndarray, np.ndarray] | None) -> Comparison | None:
    return errors and compare(errors[0][None], errors[1][None], ahead=AHEAD, seeded=(False, False))


def _errors(
    series: Series, learnt: Series, origins: pd.DatetimeIndex, methods: Sequence[str]
) -> tuple[np.ndarray, np.ndarray] | None:
    """Mean absolute errors (origins,) with and without the events; None where no effect can be told."""
    effects = learn_effects(learnt)
    if not effects.known or not len(origins):
        return None
    actual = futures(series.measured, origins, AHEAD)
    there = np.isfinite(actual).any(axis=1)
    try:
        both = _forecasts(series, learnt, origins, effects=effects, methods=methods)
    except BadInput:  # too few days for any of the methods
        return None
    first, second = (np.nanmean(np.abs(predicted - actual)[there], axis=1) for predicted in both)
    return (first, second) if there.any() else None


def _forecasts(
    series: Series, learnt: Series, origins: pd.DatetimeIndex, *, effects: EventEffects, methods: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Forecasts (origins, AHEAD) with the events and without, means of the methods that the days suffice for."""
    slugs = [slug for slug in methods if learnt.measured_days >= METHODS[slug].least(AHEAD)]
    fitted = (
        [fit_with_events(slug, learnt, AHEAD, effects=effects) for slug in slugs],
        [fit(slug, learnt, AHEAD) for slug in slugs],
    )
    with_events, without = (
        np.mean([one.predict(series, origins, AHEAD) for one in forecasters], axis=0) for forecasters in fitted
    )
    return with_events, without
