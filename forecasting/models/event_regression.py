"""How the effects of events are found: one penalised regression of the views' level, weekdays and events together.

log E(views) = level + weekday + effects of events. The level is a random walk, so that an event is compared with the
days around it (a local level model, Harvey 1989); effects are drawn towards 0, less on the day itself than later, and
towards their neighbours (a ridge whose covariance says so). Views near 0 need no care, since it is the views that
are fitted and not their logarithm (quasi-likelihood, McCullagh and Nelder 1989, with a variance of the mean plus a
share of its square); a viral day counts as CUT usual errors (Huber's modified residuals).

The covariance is that of the regression, widened where errors of neighbouring days are more alike, or events differ
more among each other, than the regression says.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.linalg import cho_solve_banded, cholesky_banded

from forecasting.events import EventKind
from forecasting.models.event_effects import FEWEST, LAGS, EventEffects, KindEffect, kinds_of, lagged
from forecasting.series import Series
from forecasting.typical_range import TO_NORMAL, WEEK

SIZE, DECAY, ALIKE = 0.8, 0.85, 0.8  # prior: standard deviation on the day itself, its share a day later, correlation
WEEKDAYS = 0.5  # prior standard deviation of a weekday's effect
WANDERING = (1e-4, 1e-3, 1e-2, 0.03, 0.1, 0.3, 1.0)  # variance of the level's steps beside that of a day's error
CUT = 2.5  # usual errors that one day counts for at most
STEPS = 20  # of the fit; views within a few per cent are reached after five
FEWEST_MEASURED = 56  # measured
MEMORY = 4 * LAGS  # days over which errors are alike; fewer would take for chance what the level made up for
APART = 0.2  # share of the events' days that weekdays and level must leave unexplained


def fit_event_effects(series: Series) -> EventEffects:
    """What the events of `series` did on its measured days; planned ones are not looked at."""
    measured = series.measured
    first = measured.first_valid_index()
    measured = measured.loc[first:] if first is not None else measured.iloc[:0]
    seen = [event for event in series.events if pd.Timestamp(event.day) <= series.last]
    counts = {kind: _learnt_from(measured, seen, kind) for kind in kinds_of(series.events)}
    enough = [kind for kind, count in counts.items() if count >= FEWEST]
    few = [KindEffect(kind, counts[kind], reason="few") for kind in counts if kind not in enough]
    if not enough or measured.notna().sum() < FEWEST_MEASURED or not measured.max() > 0:
        return EventEffects(tuple(KindEffect(kind, count, reason="few") for kind, count in counts.items()), series.last)
    columns = [lagged(seen, kind, measured.index) for kind in enough]
    fitted = _fit(measured, np.concatenate(columns, axis=1))
    found = [_kind_effect(fitted, kind, place, count=counts[kind]) for place, kind in enumerate(enough)]
    return EventEffects(tuple(found + few), series.last)


def _learnt_from(measured: pd.Series, events, kind: EventKind) -> int:
    days = {pd.Timestamp(event.day) for event in events if event.kind == kind and event.learn}
    return int(measured.reindex(sorted(days)).notna().sum())


@dataclass(frozen=True)
class _Fit:
    """The regression at its end."""

    columns: np.ndarray  # (days, 7 + effects): weekdays, then events
    weights: np.ndarray  # (days,), 0 where not measured
    factor: np.ndarray  # of the level's precision, banded
    estimate: np.ndarray  # (7 + effects,)
    inverse: np.ndarray  # their covariance, as the regression has it
    residuals: np.ndarray  # (days,), cut, in logarithms


def _fit(measured: pd.Series, events: np.ndarray) -> _Fit:
    views = measured.to_numpy(float)
    there = np.isfinite(views)
    views = np.where(there, views, 0.0)
    columns = np.concatenate([np.eye(WEEK)[measured.index.day_of_week], events], axis=1)
    prior = np.linalg.inv(_prior(events.shape[1] // LAGS))
    floor = 0.05 * views[there].mean()
    wandering, noise = WANDERING[3], 0.04
    response, weights = np.log(np.maximum(views, floor)), there / noise
    for step in range(STEPS):
        if step in (3, 8):
            wandering = _best_wandering(response, there.astype(float), columns)
        fit, linear = _solve(response, weights, columns, prior=prior, wandering=wandering * noise)
        mean = np.exp(np.clip(linear, -20, 40))
        off = np.clip((views - mean) / mean, -1, 1e6)[there]
        noise = float(np.clip((TO_NORMAL * np.median(np.abs(off))) ** 2 - np.median(1 / mean[there]), 4e-4, 4))
        usual = np.sqrt(noise + 1 / mean)
        residuals = np.where(there, np.clip((views - mean) / mean, -CUT * usual, CUT * usual), 0.0)
        response, weights = linear + residuals, there / usual**2
    return _Fit(columns, weights, fit[0], fit[1], fit[2], residuals)


def _solve(response, weights, columns, *, prior: np.ndarray, wandering: float):
    """Weighted least squares with a level that wanders: (factor, estimate, inverse), and the fitted values."""
    factor = _factor(weights, wandering)
    projected = _project(factor, weights, columns)
    inverse = np.linalg.inv(columns.T @ projected + prior)
    estimate = inverse @ (projected.T @ response)
    level = cho_solve_banded((factor, False), weights * (response - columns @ estimate))
    return (factor, estimate, inverse), level + columns @ estimate


def _factor(weights: np.ndarray, wandering: float) -> np.ndarray:
    """Cholesky factor of the level's precision: the days' weights, and steps of variance `wandering`."""
    diagonal = np.full(len(weights), 2.0)
    diagonal[[0, -1]] = 1.0
    bands = np.stack([np.full(len(weights), -1.0), diagonal]) / wandering
    bands[1] += weights + 1e-9
    return cholesky_banded(bands)


def _project(factor: np.ndarray, weights: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """`columns` (days, some) as the errors weigh them: weighted, without what the level explains."""
    weighted = weights[:, None] * columns
    return weighted - weights[:, None] * cho_solve_banded((factor, False), weighted)


def _best_wandering(response: np.ndarray, there: np.ndarray, columns: np.ndarray) -> float:
    """How much the level wanders beside a day's error: the likeliest of WANDERING (restricted likelihood)."""
    scores = [_deviance(response, there, columns, wandering) for wandering in WANDERING]
    return WANDERING[int(np.argmin(scores))]


def _deviance(response: np.ndarray, there: np.ndarray, columns: np.ndarray, wandering: float) -> float:
    factor = _factor(there, wandering)
    projected = _project(factor, there, columns)
    ridge = 1e-3 * np.eye(columns.shape[1])
    explained = projected.T @ response
    rest = response @ _project(factor, there, response[:, None])[:, 0]
    rest -= explained @ np.linalg.solve(columns.T @ projected + ridge, explained)
    determinant = 2 * np.log(factor[1]).sum() + (len(response) - 1) * np.log(wandering)
    return float(there.sum() * np.log(max(rest, 1e-12)) + determinant)


def _prior(kinds: int) -> np.ndarray:
    """Covariance (7 + effects,) squared before anything was seen: weekdays, then each kind's days."""
    lags = np.arange(LAGS)
    sizes = SIZE * DECAY**lags
    one = np.outer(sizes, sizes) * ALIKE ** np.abs(lags[:, None] - lags)
    found = np.zeros((WEEK + kinds * LAGS,) * 2)
    found[:WEEK, :WEEK] = WEEKDAYS**2 * np.eye(WEEK)
    for kind in range(kinds):
        mine = slice(WEEK + kind * LAGS, WEEK + (kind + 1) * LAGS)
        found[mine, mine] = one
    return found


def _kind_effect(fit: _Fit, kind: EventKind, place: int, *, count: int) -> KindEffect:
    mine = slice(WEEK + place * LAGS, WEEK + (place + 1) * LAGS)
    if _told_by_weekday(fit, mine):
        return KindEffect(kind, count, reason="weekday")
    covariance = fit.inverse[mine, mine]
    wider = max(_long_run_variance(fit, mine) / float(covariance.sum()), 1.0)
    return KindEffect(
        kind,
        count,
        tuple(map(float, fit.estimate[mine])),
        tuple(tuple(map(float, row)) for row in covariance * wider),
        spread=_spread(fit, mine),
    )


def _long_run_variance(fit: _Fit, mine: slice) -> float:
    """Of the effect's sum over the days: neighbouring days' contributions are alike (Newey and West 1987)."""
    by_day = fit.columns[:, mine] @ fit.inverse[mine, mine].sum(axis=0) * fit.weights * fit.residuals
    lags = range(1, min(MEMORY, len(by_day)))
    return float(by_day @ by_day + 2 * sum((1 - lag / MEMORY) * (by_day[lag:] @ by_day[:-lag]) for lag in lags))


def _spread(fit: _Fit, mine: slice) -> float:
    """Standard deviation of the effect's sum from event to event, beyond what such sums vary by on other days."""
    padded = np.concatenate([fit.weights * fit.residuals, np.zeros(LAGS - 1)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, LAGS)
    sums = windows @ fit.inverse[mine, mine].sum(axis=0)
    events = np.flatnonzero(fit.columns[:, mine][:, 0])
    more = float((sums[events] ** 2).mean() - (sums**2).mean())
    return len(events) * float(np.sqrt(max(more, 0.0)))


def _told_by_weekday(fit: _Fit, mine: slice) -> bool:
    """Whether weekdays and level nearly say on which days there are events: then nobody can tell them apart."""
    event = fit.columns[:, mine][:, :1]
    weekdays = fit.columns[:, :WEEK]
    projected = _project(fit.factor, fit.weights, np.concatenate([event, weekdays], axis=1))
    cross = weekdays.T @ projected
    left = float((event.T @ projected[:, :1])[0, 0])
    explained = cross[:, 0] @ np.linalg.solve(cross[:, 1:] + 1e-6 * np.eye(WEEK) * np.trace(cross[:, 1:]), cross[:, 0])
    return left - float(explained) < APART * left
