"""Any forecaster on a channel with events: it sees the views without their effects, which are multiplied on again."""

from dataclasses import dataclass, field, replace
from pkgutil import resolve_name
from typing import Any

import numpy as np
import pandas as pd

from forecasting.models.bounds import bounded
from forecasting.models.ensemble.auto import Auto
from forecasting.models.event_effects import EventEffects
from forecasting.models.registry import Forecaster, fit
from forecasting.models.validation import validation_origins
from forecasting.series import Series


@dataclass(frozen=True)
class WithEvents:
    """A `forecaster` that was fitted on a series without the effects of its events."""

    forecaster: Any  # a Forecaster
    effects: EventEffects
    # Of Auto: origins, and forecasts from them by effects and members that knew none of these days.
    validated: tuple[pd.DatetimeIndex, np.ndarray] = field(default=(pd.DatetimeIndex([]), np.empty((0, 0))))

    @property
    def needs(self) -> int:
        """Days through the origin."""
        return self.forecaster.needs

    @property
    def horizon(self) -> int:
        """Days ahead at most, of Auto."""
        return self.forecaster.horizon

    @property
    def last(self) -> pd.Timestamp:
        """The last day that Auto's members have learnt from."""
        return self.forecaster.last

    def shares(self) -> list[tuple[str, np.ndarray]]:
        """Each method's or recipe's share of Auto's mixture."""
        return self.forecaster.shares()

    def predict(self, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon), each origin's from the days of `series` through it and the days of its events."""
        usual = self.forecaster.predict(self.effects.without(series), origins, horizon)
        return bounded(usual * self.effects.ahead(series.events, origins, horizon), series, origins)

    def refit(self, series: Series) -> "WithEvents":
        """Auto's choice and the effects of events learnt from more days."""
        effects = learn_effects(series)
        return replace(self, forecaster=self.forecaster.refit(effects.without(series)), effects=effects)


def learn_effects(series: Series) -> EventEffects:
    """What the events of `series` did."""
    fitted: EventEffects = resolve_name("forecasting.models.event_regression:fit_event_effects")(series)  # loads scipy
    return fitted


def fit_with_events(slug: str, series: Series, horizon: int, *, effects: EventEffects | None = None) -> WithEvents:
    """The method `slug` fitted on `series` without the `effects` of its events, by default those it learns from it."""
    effects = effects or learn_effects(series)
    return WithEvents(fit(slug, effects.without(series), horizon), effects)


@dataclass(frozen=True)
class EventsOfSearch:
    """What a search for Auto on `learnt` days sees of their events: it validates with effects of earlier ones alone."""

    learnt: Series
    early: EventEffects | None  # of the events before its validation; None to leave them out

    @classmethod
    def of(cls, learnt: Series, horizon: int, *, used: bool = True) -> "EventsOfSearch":
        """For a search among methods that predict `horizon` days ahead."""
        return cls(learnt, learn_effects(learnt.until(validation_origins(learnt, horizon)[0])) if used else None)

    @property
    def series(self) -> Series:
        """What the search sees."""
        return self.early.without(self.learnt) if self.early else self.learnt

    def restored(self, found: Auto, *, provisional: bool = False) -> Auto | WithEvents:
        """What it found with the effects multiplied on again, a `provisional` one's as of before its validation."""
        if not self.early:
            return found
        origins, usual = found.validated
        predicted = usual * self.early.ahead(self.learnt.events, origins, found.horizon) if len(origins) else usual
        return WithEvents(found, self.early if provisional else learn_effects(self.learnt), (origins, predicted))


def auto_of(forecaster: Forecaster) -> Auto | None:
    """The Auto that forecasts, with or without events; None for any other forecaster."""
    inner = forecaster.forecaster if isinstance(forecaster, WithEvents) else forecaster
    return inner if isinstance(inner, Auto) else None
