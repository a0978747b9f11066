"""What a page shows of a forecast while it is made, and once it is there."""

from dataclasses import dataclass

from forecasting.forecasts.forecast import Forecast
from forecasting.models.ensemble.candidates import TrialResult


@dataclass(frozen=True)
class ForecastReport:
    """What is known so far: what Auto has tried, then the forecast."""

    trials: tuple[TrialResult, ...] = ()  # of Auto
    shares: tuple[tuple[str, tuple[float, ...]], ...] = ()  # each candidate's of the ensemble, a day ahead each
    forecast: Forecast | None = None
    without_holidays: tuple[float, ...] = ()  # views, where days were taken for holidays: the calendar as it is
