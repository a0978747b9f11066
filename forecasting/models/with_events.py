"""Any forecaster on a channel with events: it sees the views without their effects, which are multiplied on again."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from forecasting.models.bounds import bounded
from forecasting.models.ensemble.auto import Auto
from forecasting.models.event_effects import EventEffects
from forecasting.models.registry import Forecaster, fit
from forecasting.series import Series


@dataclass(frozen=True)
class WithEvents:
    """A `forecaster` that was fitted on a series without the effects of its events."""

    forecaster: Any  # a Forecaster
    effects: EventEffects

    @property
    def needs(self) -> int:
        """Days through the origin."""
        return self.forecaster.needs

    def predict(self, series: Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon), each origin's from the days of `series` through it and the days of its events."""
        usual = self.forecaster.predict(self.effects.without(series), origins, horizon)
        return bounded(usual * self.effects.ahead(series.events, origins, horizon), series, origins)


def fit_with_events(slug: str, series: Series, horizon: int, *, effects: EventEffects) -> WithEvents:
    """The method `slug` fitted on `series` without the `effects` of its events."""
    return WithEvents(fit(slug, effects.without(series), horizon), effects)


def refit_with_events(fitted: WithEvents, series: Series, *, effects: EventEffects) -> WithEvents:
    """Auto learnt from more days, whose `effects` of events are known by now."""
    return WithEvents(fitted.forecaster.refit(effects.without(series)), effects)


def auto_of(forecaster: Forecaster) -> Auto | None:
    """The Auto that forecasts, with or without events; None for any other forecaster."""
    inner = forecaster.forecaster if isinstance(forecaster, WithEvents) else forecaster
    return inner if isinstance(inner, Auto) else None
