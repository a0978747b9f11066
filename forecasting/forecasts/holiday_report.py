"""The public holidays that Auto takes into account, and what it expects of those to come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from forecasting.calendar_features import public_holidays
from forecasting.formats import format_percent
from forecasting.messages import N_, Message
from forecasting.models.ensemble.auto import Auto
from forecasting.models.holiday_effects import FELT

MOST = 6  # days that a sentence names


@dataclass(frozen=True)
class HolidayAhead:
    """A day to come that is not expected to be like others."""

    day: date
    name: str  # as its country names it; "" for a day beside a holiday
    change: float  # of what a usual day would have: -0.4 is 40 % less


@dataclass(frozen=True)
class HolidaysReport:
    """Whose holidays they are, and those among the days to come that change the forecast."""

    country: str  # two letters
    ahead: tuple[HolidayAhead, ...]

    def said(self, country: str) -> Message:
        """In a sentence, with the name of the `country`; of many days those that change most."""
        if not self.ahead:
            return Message(
                N_("Auto allows for public holidays of {country}; none changes the days ahead."),
                {"country": country},
            )
        most = sorted(sorted(self.ahead, key=lambda one: -abs(one.change))[:MOST], key=lambda one: one.day)
        return Message(
            N_("Public holidays of {country}: compared with usual days Auto expects {days}."),
            {"country": country, "days": tuple(map(_in_words, most))},
        )


def report_on_holidays(auto: Auto | None, days: Sequence[date]) -> HolidaysReport | None:
    """Of the `days` to come; None where Auto takes no holidays into account."""
    if auto is None or not auto.holidays.calendar:
        return None
    country, _, region = auto.holidays.calendar.partition("-")
    names = public_holidays(country, range(days[0].year, days[-1].year + 1), region=region)
    logs = auto.holidays.log_effect(pd.DatetimeIndex(days))
    felt = [place for place in range(len(days)) if abs(logs[place]) > FELT]
    ahead = (HolidayAhead(days[at], names.get(days[at], ""), float(np.expm1(logs[at]))) for at in felt)
    return HolidaysReport(country, tuple(ahead))


def _in_words(one: HolidayAhead) -> str:
    named = f"{one.day} ({one.name})" if one.name else f"{one.day}"
    return f"{named} {'+' if one.change > 0 else ''}{format_percent(one.change)}"
