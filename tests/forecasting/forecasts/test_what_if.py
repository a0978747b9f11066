"""What further events change: the views of their days and the days after, the totals, and how sure they are."""

from datetime import date, timedelta

import numpy as np
import pytest

from forecasting.forecasts.forecast import Band, Forecast, Total
from forecasting.forecasts.totals_record import NO_RECORD, JudgedTotal
from forecasting.forecasts.what_if import assume_events, planned_on
from forecasting.models.event_effects import LAGS, EventEffects, KindEffect
from tests.support.event_channels import UPLOAD, gain_of

ORIGIN = date(2024, 5, 31)
DAYS = tuple(ORIGIN + timedelta(days=1 + ahead) for ahead in range(28))
VIEWS = 1000.0


def effects(variance: float = 1e-10) -> EventEffects:
    covariance = tuple(tuple(map(float, row)) for row in variance * np.eye(LAGS))
    return EventEffects((KindEffect("upload", 40, tuple(UPLOAD), covariance),), ORIGIN)


def forecast() -> Forecast:
    """A thousand views a day, from 800 to 1300; the last four weeks' total from 25k to 32k."""
    bands = (Band(0.9, (800.0,) * 28, (1300.0,) * 28),)
    totals = (Total(28, 28 * VIEWS, ((0.9, 25_000.0, 32_000.0),)),)
    june = JudgedTotal("this month", DAYS[0], date(2024, 6, 30), 0.0, 30 * VIEWS, 26_000.0, 35_000.0, NO_RECORD)
    return Forecast("auto", ORIGIN, DAYS, (VIEWS,) * 28, bands, totals, (), judged_totals=(june,))


def test_an_upload_brings_its_effect_on_each_day():
    found = assume_events(forecast(), effects(), events=(), further=planned_on([DAYS[3]], "upload"))
    expected = np.full(28, VIEWS)
    expected[3 : 3 + LAGS] *= np.exp(UPLOAD)
    assert found.forecast.point == pytest.approx(expected)
    assert found.without == (VIEWS,) * 28
    assert found.change == pytest.approx(VIEWS * gain_of(UPLOAD))
    assert found.forecast.totals[0].point == pytest.approx(28 * VIEWS + found.change)
    assert found.forecast.judged_totals[0].point == pytest.approx(30 * VIEWS + found.change)
    assert found.forecast.judged_totals[0].upper > 35_000 + found.change
    assert (found.forecast.bands[0].lower[0], found.forecast.bands[0].upper[0]) == pytest.approx((800, 1300))
    assert found.forecast.bands[0].upper[3] == pytest.approx(1300 * np.exp(UPLOAD[0]), rel=0.001)


def test_intervals_are_wider_where_the_effect_is_less_sure():
    upload = planned_on([DAYS[3]], "upload")
    sure, unsure = (
        assume_events(forecast(), effects(variance), events=(), further=upload) for variance in (1e-10, 0.05)
    )
    assert unsure.low < sure.low < sure.change < sure.high < unsure.high
    (_level, low, high), (_same, wider_low, wider_high) = (one.forecast.totals[0].bands[0] for one in (sure, unsure))
    assert wider_low < low < high < wider_high


def test_planned_events_are_in_the_forecast_already():
    past, planned = planned_on([ORIGIN], "upload"), planned_on([DAYS[5]], "upload")
    found = assume_events(forecast(), effects(), events=(*past, *planned), further=())
    assert found.planned and found.forecast == forecast()
    after = np.array(found.without)
    assert after[:5] == pytest.approx(np.full(5, VIEWS))
    assert after[5] == pytest.approx(VIEWS / np.exp(UPLOAD[0]))
    assert found.change == pytest.approx(28 * VIEWS - after.sum())
