"""Months a year ahead: a known year is found, nothing later enters, and short or wild channels are too far to say."""

import numpy as np
import pandas as pd

from forecasting.forecasts.year_ahead import TWO_YEARS, past_errors, year_ahead
from forecasting.series import Series


def channel(days: int, last: str = "2022-12-31", growth: float = 0.2, noise: float = 0.02) -> Series:
    """A year, growth of a share a year, and noise."""
    rng, index = np.random.default_rng(1), pd.date_range(end=last, periods=days)
    years = np.arange(days) / 365.25
    season = 0.5 * np.sin(2 * np.pi * index.day_of_year.to_numpy() / 365.25)
    return Series(pd.Series(1000 * np.exp(season + np.log1p(growth) * years + rng.normal(0, noise, days)), index))


def test_a_year_and_growth_are_drawn_on():
    longer = channel(5 * 365 + 366, last="2023-12-31")
    found = year_ahead(longer.until("2022-12-31"))
    actual = longer.views["2023"].resample("MS").sum()
    assert len(found.months) == 12 and found.too_far is None
    for month, total in zip(found.months, actual, strict=True):
        assert abs(month.point / total - 1) < 0.05
        assert month.lower <= month.point <= month.upper
    inside = [month.lower <= total <= month.upper for month, total in zip(found.months, actual, strict=True)]
    assert sum(inside) >= 9
    assert found.median_error < 0.05 < found.usual_error  # the year before lacks a year of growth
    assert found.months[0].year_before == longer.views["2022-01"].sum()


def test_past_errors_are_those_of_forecasts_made_then():
    values = np.exp(np.random.default_rng(2).normal(0, 0.1, 40))
    errors = past_errors(values)
    level = {place: np.mean(values[place - 2 : place + 1]) for place in (8, 20)}
    guess = values[20 + 5 - 12] * level[20] / level[8]  # one past year is whole at month 20
    assert np.isclose(errors[20, 4], np.log(values[25] / guess))
    changed = values.copy()
    changed[31:] *= 9
    known = np.add.outer(np.arange(40), np.arange(1, 13)) <= 30
    np.testing.assert_array_equal(past_errors(changed)[known], errors[known])


def test_too_far_to_say():
    short = year_ahead(channel(TWO_YEARS - 1))
    assert short.months == () and "needs 730 measured days" in short.notes(729)[0].translated()
    two_years = year_ahead(channel(731))
    assert 4 <= len(two_years.months) < 12
    assert f"{two_years.too_far:%Y-%m} on" in two_years.notes(731)[-1].translated()
    views = channel(5 * 365).views * np.exp(np.repeat(np.random.default_rng(3).normal(0, 2, 61), 30)[: 5 * 365])
    assert len(year_ahead(Series(views)).months) < 12


def test_a_month_without_days_makes_no_noise():
    series = channel(3 * 365)
    gap = series.views.index[(series.views.index >= "2021-05-01") & (series.views.index < "2021-08-01")]
    found = year_ahead(Series(series.views, gap))
    assert all(np.isfinite(month.point) for month in found.months)
