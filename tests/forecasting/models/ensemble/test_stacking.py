"""The correction of a mixture by its members' disagreement, against regressions fitted anew on every day."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from forecasting.models.ensemble.stacking import (
    FLOOR,
    HALF_LIFE,
    PENALTY,
    REMEMBERED,
    Days,
    Evidence,
    bands_of,
    correct,
)

MEMBERS, DAYS, HORIZON = 3, 60, 5


@pytest.fixture
def made() -> Days:
    """Members of which the third errs least, which their mean does not know; some errors are unknown."""
    rng = np.random.default_rng(3)
    actual = 100 + 20 * rng.normal(size=(DAYS, HORIZON))
    forecasts = actual + rng.normal(size=(MEMBERS, DAYS, HORIZON)) * np.array([20, 10, 2])[:, None, None]
    actual[[10, 31], [0, 3]] = np.nan
    return Days(forecasts, forecasts.mean(axis=0), actual, np.full((DAYS, 1), 10.0), np.zeros(DAYS, bool))


def slow(days: Days, day: int) -> np.ndarray:
    """The corrected mixture (HORIZON,) of a day: for each band a ridge regression on all errors that show by then."""
    corrected = days.mixture[day].copy()
    for band in np.unique(bands_of(HORIZON)):
        mine = np.flatnonzero(bands_of(HORIZON) == band)
        rows, usual, known, updates = [], 0.0, 0.0, 0
        for now in range(day + 1):  # the floor of a weight rests on what is known when an error shows
            shown = [(now - ahead - 1, ahead) for ahead in mine if now > ahead]
            shown = [(made, ahead) for made, ahead in shown if np.isfinite(days.actual[made, ahead])]
            if not shown:
                continue
            fade, updates = 0.5 ** (1 / HALF_LIFE), updates + 1
            off = [(days.actual[p] - days.mixture[p]) / days.units[p[0], 0] for p in shown]
            usual = fade * usual + np.abs(off).sum() / len(mine)
            known = fade * known + len(off) / len(mine)
            for place, error in zip(shown, off, strict=True):
                away = (days.forecasts[:, *place] - days.mixture[place]) / days.units[place[0], 0]
                weight = 1 / max(abs(error), FLOOR * usual / known) / len(mine)
                rows.append((updates, away, error, weight))
        if rows:
            ages, away, errors, weights = (np.array(column) for column in zip(*rows, strict=True))
            strength = PENALTY * np.sqrt((mine + 1).mean()) * usual / known
            ridge = Ridge(alpha=strength, fit_intercept=False)
            ridge.fit(away, errors, sample_weight=weights * 0.5 ** ((updates - ages) / HALF_LIFE))
            now_away = (days.forecasts[:, day] - days.mixture[day]) / days.units[day]
            corrected[mine] += days.units[day] * (ridge.coef_ @ now_away)[mine]
    return np.clip(corrected, days.forecasts[:, day].min(axis=0), days.forecasts[:, day].max(axis=0))


def test_each_day_is_corrected_by_a_regression_on_what_is_known_by_then(made):
    found, _evidence = correct(made, Evidence.empty(MEMBERS, HORIZON))
    for day in (0, 1, 7, 33, DAYS - 1):
        np.testing.assert_allclose(found[day], slow(made, day), rtol=1e-8)


def test_a_member_that_is_right_draws_the_mixture_to_it(made):
    many = Days(
        *(
            np.concatenate([part] * 10, axis=part.ndim - 2)
            for part in (made.forecasts, made.mixture, made.actual, made.units)
        ),
        np.zeros(10 * DAYS, bool),
    )
    found, _evidence = correct(many, Evidence.empty(MEMBERS, HORIZON))
    late = slice(5 * DAYS, None)
    before, after = (np.nanmean(np.abs(one[late] - many.actual[late])) for one in (many.mixture, found))
    assert after < 0.6 * before


def test_what_shows_later_corrects_nothing_before(made):
    other = replace(made, actual=np.where(np.arange(DAYS)[:, None] + np.arange(HORIZON) + 1 > 40, 1e6, made.actual))
    one, two = (correct(days, Evidence.empty(MEMBERS, HORIZON))[0] for days in (made, other))
    np.testing.assert_array_equal(one[:41], two[:41])
    assert (one[42:] != two[42:]).any()


def test_before_any_error_is_known_nothing_is_corrected(made):
    unknown = replace(made, actual=np.full_like(made.actual, np.nan))
    found, _evidence = correct(unknown, Evidence.empty(MEMBERS, HORIZON))
    np.testing.assert_array_equal(found, made.mixture)


def test_no_correction_leaves_what_members_forecast(made):
    """All members lie on the right side, and none far enough: tomorrow the correction ends at the farthest of them."""
    rng = np.random.default_rng(5)
    lean = rng.normal(size=(10 * DAYS, HORIZON))
    forecasts = 100 + 10 * lean * np.array([1.0, 0.6, 0.2])[:, None, None]
    units, calm = np.full((10 * DAYS, 1), 10.0), np.zeros(10 * DAYS, bool)
    days = Days(forecasts, forecasts.mean(axis=0), 100 + 18 * lean, units, calm)
    found, _evidence = correct(days, Evidence.empty(MEMBERS, HORIZON))
    low, high = forecasts.min(axis=0), forecasts.max(axis=0)
    assert (found >= low).all() and (found <= high).all()
    assert (found[-DAYS:, 0] == np.where(lean > 0, high, low)[-DAYS:, 0]).all()


def test_a_change_of_level_leaves_a_share_of_what_is_known(made):
    first = Evidence.empty(MEMBERS, HORIZON)
    _found, known = correct(made, first)
    one = Days(made.forecasts[:, :1], made.mixture[:1], np.full((1, HORIZON), np.nan), made.units[:1], np.array([True]))
    _found, after = correct(one, known)
    np.testing.assert_allclose(after.products, REMEMBERED * known.products)
    np.testing.assert_allclose(after.counts, REMEMBERED * known.counts)


def test_of_days_that_are_not_asked_for_errors_count_all_the_same(made):
    wanted = np.arange(DAYS) == DAYS - 1
    every, one = (correct(made, Evidence.empty(MEMBERS, HORIZON), wanted=asked) for asked in (None, wanted))
    np.testing.assert_array_equal(one[0][-1], every[0][-1])
    np.testing.assert_array_equal(
        one[0][:-1], np.clip(made.mixture, made.forecasts.min(axis=0), made.forecasts.max(axis=0))[:-1]
    )


def test_sums_that_do_not_fit_together_are_refused():
    with pytest.raises(ValueError, match="other members"):
        Evidence(np.zeros((2, 3, 3)), np.zeros((2, 4)), np.zeros(2), np.zeros(2))
