from datetime import date

import numpy as np
import pandas as pd
import pytest

from forecasting.messages import BadInput
from forecasting.split import LECTURE, YEAR_2022, Period, Split, clipped, default_split, fits, last_part, why_last_part


def views(first: str, last: str) -> pd.Series:
    days = pd.date_range(first, last, freq="D")
    return pd.Series(np.arange(len(days), dtype=float), index=days)


def test_default_trains_to_2021_and_holds_out_2022():
    split = default_split(views("2017-01-01", "2022-12-31"))
    assert str(split.train) == "2017-01-01:2021-12-31"
    assert str(split.held_out) == "2022-01-01:2022-12-31"


def test_lecture_split_is_2017_to_2020_then_2021():
    split = clipped(LECTURE, views("2015-07-01", "2022-02-06"))
    assert (str(split.train), str(split.held_out)) == ("2017-01-01:2020-12-31", "2021-01-01:2021-12-31")


def test_short_reach_into_2022_is_enough_from_four_weeks_on():
    assert fits(YEAR_2022, views("2017-01-01", "2022-01-28"))
    assert not fits(YEAR_2022, views("2017-01-01", "2022-01-27"))


@pytest.mark.parametrize(
    ("first", "last", "held_out", "why"),
    [
        ("2017-01-01", "2022-12-31", "2022-01-01:2022-12-31", None),
        ("2017-01-01", "2023-03-31", "2022-01-01:2022-12-31", None),  # 90 days later
        ("2017-01-01", "2023-04-01", "2022-04-02:2023-04-01", "after 2022 come 91 days more"),
        ("2018-01-01", "2025-10-31", "2024-11-01:2025-10-31", "after 2022 come 1035 days more"),
        ("2017-01-01", "2022-03-31", "2022-01-01:2022-03-31", None),  # 90 days
        ("2015-07-01", "2022-02-06", "2021-02-07:2022-02-06", "of 2022 there are only 37 days"),
        ("2015-07-01", "2022-01-01", "2021-01-02:2022-01-01", "of 2022 there is only 1 day."),
        ("2021-03-05", "2022-02-06", "2022-01-01:2022-02-06", None),  # 37 of 339 days are more than a tenth
        ("2016-01-01", "2020-12-31", "2020-01-02:2020-12-31", "2022 is not covered"),
        ("2022-03-01", "2022-12-31", "2022-11-01:2022-12-31", "not with enough days before it"),
    ],
)
def test_2022_is_held_out_where_it_judges_by_days_of_today(first, last, held_out, why):
    series = views(first, last)
    split = default_split(series)
    assert str(split.held_out) == held_out
    assert split.train.last.toordinal() + 1 == split.held_out.first.toordinal()
    said = why_last_part(series)
    assert said is None if why is None else why in said.translated()
    if why:
        assert said.translated().startswith(f"The last {split.held_out.days} days are held out: ")


@pytest.mark.parametrize(
    ("first", "last", "held_out"),
    [
        ("2020-12-31", "2021-12-30", "2021-10-19:2021-12-30"),  # 365 days: the last fifth, 73 of them
        ("2016-01-01", "2020-12-31", "2020-01-02:2020-12-31"),  # years of it: the last 365 days
    ],
)
def test_data_before_2022_hold_out_their_last_part(first: str, last: str, held_out: str):
    series = views(first, last)
    split = default_split(series)
    assert str(split.held_out) == held_out
    assert split.train.last.toordinal() + 1 == split.held_out.first.toordinal()
    assert split == last_part(series)


def test_every_day_of_a_default_split_is_in_one_period():
    for days in range(2, 1500, 37):
        series = views("2019-03-04", "2019-03-04").reindex(pd.date_range("2019-03-04", periods=days), fill_value=1.0)
        split = default_split(series)
        assert split.train.first == series.index[0].date()
        assert split.held_out.last <= series.index[-1].date()


def test_split_without_views_says_what_the_channel_covers():
    with pytest.raises(BadInput, match="no views from 2022-01-01 to 2022-12-31; it covers 2018-01-01 to 2018-03-01"):
        clipped(YEAR_2022, views("2018-01-01", "2018-03-01"))


def test_periods_in_the_wrong_order_are_refused():
    early, late = Period(date(2020, 1, 1), date(2020, 12, 31)), Period(date(2020, 12, 31), date(2021, 12, 31))
    with pytest.raises(BadInput, match="let it begin later"):
        Split(early, late)
    with pytest.raises(BadInput, match="before it begins"):
        Period(date(2021, 1, 2), date(2021, 1, 1))


@pytest.mark.parametrize("text", ["", "2021", "2021-01-01:", "2021-13-01:2021-12-31", "a:b:c"])
def test_period_that_is_none_is_refused(text: str):
    with pytest.raises(BadInput, match="write it as"):
        Period.parse(text)
