"""Public holidays: whose they are and what they do, on channels that were made with some, and with none."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from forecasting.messages import BadInput
from forecasting.models import holiday_regression
from forecasting.models.ensemble import search as searching
from forecasting.models.ensemble.auto import Auto
from forecasting.models.ensemble.candidates import Recipe
from forecasting.models.ensemble.search import search
from forecasting.models.holiday_effects import NO_HOLIDAYS, HolidayEffects
from forecasting.models.holiday_regression import (
    CALENDARS,
    PENALTIES,
    Deviations,
    calendars_of,
    columns_of,
    fits_of,
    holidays_by_ordinal,
    learn_holidays,
)
from forecasting.series import Series
from tests.forecasting.conftest import make_views
from tests.support.holiday_channel import CZECH, DAYS, FACTOR, with_holidays


def test_the_country_is_found_and_what_its_holidays_do():
    found = learn_holidays(Series(with_holidays()))
    assert found.calendar == "CZ"
    christmas = pd.DatetimeIndex(["2023-12-25", "2023-12-26", "2023-12-19"])  # three weeks from the last known day
    assert found.log_effect(christmas) == pytest.approx([np.log(FACTOR), np.log(FACTOR), 0], abs=0.15)


@pytest.mark.parametrize("seed", range(4))
def test_where_no_holiday_matters_none_is_found(seed):
    assert learn_holidays(Series(with_holidays(factor=1.0, seed=seed))) == NO_HOLIDAYS


def test_in_less_than_a_year_none_is_found():
    assert learn_holidays(Series(with_holidays(DAYS[:364]))) == NO_HOLIDAYS


def test_a_country_that_is_named_needs_less_to_be_believed():
    faint = Series(with_holidays(DAYS[:300], factor=0.8))
    assert learn_holidays(faint) == NO_HOLIDAYS
    assert learn_holidays(faint, "CZ").calendar == "CZ"
    assert learn_holidays(Series(with_holidays()), "") == NO_HOLIDAYS
    with pytest.raises(BadInput, match="No holidays are known for “XX”"):
        learn_holidays(faint, "XX")
    assert calendars_of("AU") == ["AU-NSW", "AU-VIC", "AU-QLD"] and calendars_of("LI") == ["LI"]


def test_names_are_the_same_in_every_language_of_a_machine(monkeypatch):
    names = set(holidays_by_ordinal("DE", 2022, 2022).values())
    for language in ("de_DE.UTF-8", "zh_CN.UTF-8"):
        monkeypatch.setenv("LANGUAGE", language)
        monkeypatch.setenv("LANG", language)
        holidays_by_ordinal.cache_clear()
        assert set(holidays_by_ordinal("DE", 2022, 2022).values()) == names
    holidays_by_ordinal.cache_clear()
    assert not [name for name in holidays_by_ordinal("TW", 2023, 2023).values() if "substituted" in name]


@pytest.mark.parametrize(("calendar", "at_weekend"), [("EG", True), ("DE", False)])
def test_weekends_are_those_of_the_country(calendar, at_weekend):
    """The first of May is a holiday in both; in 2020 it was a Friday."""
    found = columns_of(calendar, date(2020, 5, 1), 1)[0]
    assert {(weekend, holiday_too) for name, beside, weekend, holiday_too in found if not name and not beside} == {
        (at_weekend, at_weekend)
    }


def test_every_calendar_is_known():
    for calendar in CALENDARS:
        assert len(holiday_regression.columns_of(calendar, date(2022, 1, 1), 365)) >= 7, calendar


def test_an_effect_is_judged_by_a_regression_without_its_holiday():
    rng = np.random.default_rng(1)
    columns, off = rng.integers(0, 2, (24, 6)).astype(float), rng.normal(size=24)
    penalties, apart = np.array([0.3, 1, 1, 3, 3, 0.5]), np.repeat(np.arange(8), 3)
    effects, unseen = holiday_regression.ridge(columns, off, penalties, apart)
    root = np.sqrt(penalties)  # a penalty of its own for each column is one penalty on columns made smaller
    whole = Ridge(alpha=1, fit_intercept=False).fit(columns / root, off)
    np.testing.assert_allclose(effects, whole.coef_ / root)
    for holiday in range(8):
        rest = apart != holiday
        without = Ridge(alpha=1, fit_intercept=False).fit((columns / root)[rest], off[rest])
        np.testing.assert_allclose(unseen[~rest], (columns / root)[~rest] @ without.coef_)


def test_a_day_is_compared_with_same_weekdays_that_are_no_holidays():
    deviations = Deviations.of(Series(with_holidays()))
    easter = np.array([(pd.Timestamp("2022-04-18") - DAYS[0]).days])
    felt = np.zeros(len(DAYS), bool)
    felt[easter + 14] = True
    around = [np.log1p(with_holidays().iloc[easter[0] + 7 * week]) for week in (-3, -2, -1, 1, 3)]
    assert deviations.at(easter, felt)[0] == pytest.approx(deviations.logs[easter[0]] - np.median(around))


def test_a_calendar_with_too_few_holidays_is_not_judged():
    assert fits_of("CZ", Deviations.of(Series(with_holidays(DAYS[30:80]))), PENALTIES) == []


def test_views_without_holidays_are_what_they_would_have_been():
    series = Series(with_holidays())
    found = learn_holidays(series).without(series)
    off = np.array([day in CZECH for day in DAYS.date]) & (np.arange(len(DAYS)) > 60)
    usual = with_holidays(factor=1.0)
    assert np.abs(found.views / usual - 1)[off].mean() < 0.1
    beside = ~off & ~np.roll(off, 1) & ~np.roll(off, -1)
    assert (found.views == series.views)[beside].mean() > 0.99


def test_what_a_day_would_have_been_rests_on_days_before_it():
    series = Series(with_holidays())
    found = learn_holidays(series)
    later = with_holidays()
    later.iloc[1000:] *= 9
    one, other = found.without(series), found.without(Series(later))
    np.testing.assert_array_equal(one.views.iloc[:1000], other.views.iloc[:1000])


def test_effects_are_added_to_the_days_they_belong_to():
    effects = HolidayEffects("CZ", (date(2024, 5, 1),), (np.log(0.5),))
    origins = pd.DatetimeIndex(["2024-04-28", "2024-04-30", "2024-05-01"])
    found = effects.added(np.full((3, 4), 999.0), origins)
    np.testing.assert_allclose(found, [[999, 999, 499, 999], [499, 999, 999, 999], [999, 999, 999, 999]])


def test_unknown_days_stay_unknown_and_a_day_without_views_is_no_trap():
    views = with_holidays()
    views.iloc[500:504] = np.nan
    views[pd.Timestamp("2022-12-25")] = 0
    series = Series(views)
    found = learn_holidays(series).without(series)
    assert found.views.isna().sum() == 4 and found.views[pd.Timestamp("2022-12-25")] > 0
    assert np.isfinite(found.known).all()


@pytest.mark.parametrize(("days", "logs"), [((date(2024, 1, 1),), ()), ((date(2024, 1, 1),), (np.inf,))])
def test_effects_that_cannot_be_are_refused(days, logs):
    with pytest.raises(ValueError, match="effects"):
        HolidayEffects("CZ", days, logs)


@pytest.fixture(scope="module")
def auto() -> Auto:
    """Of the channel with holidays, by one recipe beside the methods that are always included."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "recipes", lambda days, horizon: [Recipe("linear")])
        *_trials, found = search(Series(with_holidays()), 28)
    return found


@pytest.mark.slow
def test_auto_foresees_christmas(auto):
    series = Series(with_holidays())
    days = pd.date_range(series.last + pd.Timedelta(days=1), periods=28)
    truth = with_holidays(days, seed=5)
    found = auto.predict(series, series.views.index[-1:], 28)[0]
    assert auto.holidays.calendar == "CZ"
    assert np.abs(found - truth).mean() < 0.1 * truth.mean()


@pytest.mark.slow
def test_auto_starts_from_a_holiday_as_from_any_day(auto):
    """2022-11-17, a Thursday: whoever takes it for what is usual now forecasts the next days too low."""
    day = DAYS.get_loc("2022-11-17")
    usual = with_holidays(factor=1.0).iloc[day + 1 : day + 8]
    found = auto.predict(Series(with_holidays()), DAYS[[day]], 7)[0]
    assert found.sum() == pytest.approx(usual.sum(), rel=0.05)


@pytest.mark.slow
def test_forecasts_that_validate_auto_foresee_holidays(auto):
    origins, predicted = auto.validated
    before = origins.get_indexer(
        pd.DatetimeIndex(["2023-11-16", "2023-11-09"])
    )  # the days before a holiday, and before none
    holiday, usual = predicted[before, 0]
    assert holiday / usual == pytest.approx(FACTOR, abs=0.1)


@pytest.mark.slow
def test_auto_says_the_same_whatever_comes_after_the_origin(auto):
    origin, later = DAYS[1200:1201], with_holidays()
    later.iloc[1201:] *= 5
    one, other = (auto.predict(Series(views), origin, 28) for views in (with_holidays(), later))
    np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_what_validates_auto_has_taught_its_holidays_nothing():
    """The effects of a mixture that is not fitted again are those of the days before validation."""
    views = with_holidays()
    found = searching.Search(Series(views), 28)
    assert found.holidays == learn_holidays(Series(views).until(found.origins[0]))
    assert found.holidays != learn_holidays(Series(views))


def test_models_are_weighed_on_days_without_holidays():
    """The first trial errs in validation about as much as on the same views without any holiday."""
    with_some, without = (next(search(Series(with_holidays(factor=one)), 28)) for one in (FACTOR, 1.0))
    assert dict(with_some.errors)[1] == pytest.approx(dict(without.errors)[1], rel=0.06)


def test_a_usual_channel_needs_no_calendar():
    assert learn_holidays(Series(make_views(500))) == NO_HOLIDAYS
