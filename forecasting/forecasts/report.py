"""What a page shows of a forecast while it is made, and once it is there."""

from dataclasses import dataclass
from datetime import date

from forecasting.forecasts.forecast import Forecast
from forecasting.forecasts.holiday_report import HolidaysReport
from forecasting.forecasts.what_if import EventsReport
from forecasting.models.ensemble.candidates import TrialResult


@dataclass(frozen=True)
class ProvisionalForecast:
    """What Auto would say if its search ended now: an average of the first `models` of the `planned`.

    They have learnt from the days to `last` alone, and nothing has been judged on the held-out days.
    """

    forecast: Forecast
    models: int
    planned: int
    last: date


@dataclass(frozen=True)
class ForecastReport:
    """What is known so far: what Auto has tried and its provisional forecast, then the forecast."""

    trials: tuple[TrialResult, ...] = ()  # of Auto
    shares: tuple[tuple[str, tuple[float, ...]], ...] = ()  # each candidate's of the ensemble, a day ahead each
    forecast: Forecast | None = None
    without_holidays: tuple[float, ...] = ()  # views, where days were taken for holidays: the calendar as it is
    provisional: ProvisionalForecast | None = None  # of Auto, until there is the forecast
    events: EventsReport | None = None  # of a channel that has some
    holidays: HolidaysReport | None = None  # that Auto takes into account
