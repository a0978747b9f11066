"""One reading of the dates for the whole column, told apart by the calendar, or asked."""

from datetime import date, timedelta

import pytest

from forecasting.messages import BadInput
from forecasting.reading import Choice, Question, read_views

FROM_FILE = Choice()


def read(files, dates, counts=None, choice=FROM_FILE, header=("Date", "Views")):
    counts = counts or files.counts(len(dates))
    return read_views(files.table([header, *zip(dates, counts, strict=True)]), "x.csv", choice)


def test_july_in_days_first_is_not_the_seventh_of_months(files, said):
    dates = [f"{day}/7/20" for day in range(1, 32)]
    channel = read(files, dates)
    assert channel.views.index[0].date() == date(2020, 7, 1) and len(channel.views) == 31
    assert "day, month, year" in said(channel) and channel.corrections[0].option == "dates"


def test_a_column_may_mix_separators(files, said):
    days = files.days(60, date(2014, 9, 1))
    dates = [f"{d.month}/{d.day}/{d.year}" if d.day > 12 else f"{d:%m-%d-%Y}" for d in days]
    channel = read(files, dates)
    assert channel.views.index[0].date() == days[0] and channel.views.tolist() == files.counts(60)
    assert "month, day, year" in said(channel)


def test_each_separator_may_have_its_own_order(files, said):
    days = files.days(90, date(2014, 9, 14))
    dates = [f"{d.month}/{d.day}/{d.year}" if d.day > 12 else f"{d:%d-%m-%Y}" for d in days]
    channel = read(files, dates)
    assert channel.views.tolist() == files.counts(90) and channel.views.index[-1].date() == days[-1]
    assert "day, month" in said(channel) and "month, day" in said(channel)


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_twelve_days_or_months_are_asked(files, count):
    dates = [f"{day}/7/2020" for day in range(1, count + 1)]
    with pytest.raises(Question, match="more than one way") as asked:
        read(files, dates)
    assert asked.value.asks == "dates" and [value for value, _ in asked.value.options] == ["dmy", "mdy"]
    assert len(read(files, dates, choice=Choice(dates="dmy")).views) == count


def test_monthly_rows_read_as_days_are_asked(files):
    dates = [f"{month}/1/{year}" for year in (2020, 2021, 2022) for month in range(1, 13)]
    with pytest.raises((Question, BadInput)):
        read(files, dates)


def test_a_chosen_order_that_does_not_fit_is_refused(files):
    with pytest.raises(BadInput, match="do not fit"):
        read(files, [f"{day}/7/20" for day in range(1, 32)], choice=Choice(dates="mdy"))


def test_orders_that_contradict_each_other_are_refused(files):
    with pytest.raises(BadInput, match="no single order"):
        read(files, [f"{day}/1/2021" for day in range(13, 25)] + [f"2/{day}/2021" for day in range(13, 25)])


def test_two_digit_years_first(files):
    dates = [f"{d:%y-%m-%d}" for d in files.days(40)]
    assert read(files, dates).views.index[0].date() == date(2021, 1, 1)


@pytest.mark.parametrize(
    "written",
    [
        "{0:%Y%m%d}",
        "{0:%b} {0.day}, {0.year}",
        "{0:%B} {0.day}, {0.year}",
        "{0.year}年{0.month}月{0.day}日",
        "{0.year}. {0.month}. {0.day}.",
        "{0:%a}, {0:%b} {0.day}, {0.year}",
        "{0:%A}, {0.day} {0:%B} {0.year}",
        "{0:%Y-%m-%d}T00:00:00Z",
        "{0:%Y-%m-%d} 00:00:00+08:00",
        "{0:%Y-%m-%dT00:00:00.000-05:00}",
        "{0:%Y-%m-%d} 00:00",
        "{0:%Y/%m/%d}",
        "{0.year}/{0.month}/{0.day}",
        "{0:%Y.%m.%d}",
        "{0:%d-%b-%Y}",
        "{0:%m/%d/%Y} 12:00:00 AM",
        "{0:%Y-%m-%d} (Mon)",
        "{0.year}年{0.month}月{0.day}日(日)",
        "{0.year}年{0.month}月{0.day}日 星期三",
        "'{0:%Y-%m-%d}",
        "{0.month}／{0.day}／{0.year}",
        "{0:%d} {0:%m} {0:%Y}",
    ],
)
def test_written_in_many_ways(files, written):
    days = files.days(40)
    channel = read(files, [written.format(d) for d in days])
    assert channel.views.index[0].date() == days[0] and channel.views.tolist() == files.counts(40)


def test_hours_are_added_up(files, said):
    stamps = [f"{d}T{hour:02}:00:00+01:00" for d in files.days(10) for hour in range(24)]
    channel = read(files, stamps, [n for n in files.counts(10) for _ in range(24)])
    assert channel.views.tolist() == [24 * n for n in files.counts(10)]
    assert "added up" in said(channel) and "time zone" in said(channel)
    packed = [f"{d:%Y%m%d}{hour:02}" for d in files.days(10) for hour in range(24)]
    assert read(files, packed, [1] * 239 + [2]).views.tolist() == [24] * 9 + [25]


def test_hours_in_their_own_column(files):
    rows = [
        ["Date", "Hour", "Views"],
        *([d, hour, n] for d, n in zip(files.days(10), files.counts(10), strict=True) for hour in range(24)),
    ]
    assert read_views(files.table(rows), "x.csv").views.tolist() == [24 * n for n in files.counts(10)]


@pytest.mark.parametrize(
    "dates, kind",
    [
        ([str(date(2020, 1, 5) + timedelta(7 * week)) for week in range(60)], "weeks"),
        ([str(date(2018 + month // 12, month % 12 + 1, 1)) for month in range(36)], "months"),
        ([f"{2018 + month // 12}-{month % 12 + 1:02}" for month in range(36)], "months"),
        ([f"{name} 20{year}" for year in (20, 21) for name in ("Jan", "Feb", "Mar")], "months"),
        ([f"{2018 + month // 12}年{month % 12 + 1}月" for month in range(36)], "months"),
        ([f"2021-W{week:02}" for week in range(1, 53)], "weeks"),
        ([f"{date(2020, 1, 5 + 7 * week)} - {date(2020, 1, 11 + 7 * week)}" for week in range(3)], "weeks"),
        ([str(date(2020, 1, 1) + timedelta(3 * step)) for step in range(40)], "3 days apart"),
    ],
)  # fmt: skip
def test_rows_that_are_no_days_are_refused(files, dates, kind):
    with pytest.raises(BadInput, match=kind):
        read(files, dates)


def test_an_impossible_date_is_left_out(files, said):
    dates = [f"{d:%d/%m/%Y}" for d in files.days(300)]
    channel = read(files, [*dates, "31/02/2021"])
    assert channel.views.tolist() == files.counts(300) and "impossible date" in said(channel)


def test_a_date_beside_other_dates(files):
    rows = [
        ["Video publish time", "Views", "Date"],
        *(["Jan 3, 2020", n, d] for d, n in zip(files.days(30), files.counts(30), strict=True)),
    ]
    assert read_views(files.table(rows), "x.csv").views.tolist() == files.counts(30)
