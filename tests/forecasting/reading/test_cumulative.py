"""Totals so far, as a counter shows them: asked about, and never added up."""

from itertools import accumulate

import numpy as np
import pytest

from forecasting.messages import BadInput
from forecasting.reading import SUM_OF_ALL, Choice, Question, read_views

FROM_FILE = Choice()
YES = Choice(cumulative="yes")
NO = Choice(cumulative="no")


def totals(counts, start=48_000):
    return list(accumulate(counts, initial=start))[1:]


def asked(data, name="x.csv", choice=FROM_FILE):
    with pytest.raises(Question, match="totals so far") as question:
        read_views(data, name, choice)
    assert question.value.asks == "cumulative" and [value for value, _ in question.value.options] == ["yes", "no"]


def table(files, numbers, header=("Date", "Views")):
    return files.table([header, *zip(files.days(len(numbers)), numbers, strict=True)])


@pytest.mark.parametrize("count", [8, 17, 60, 400])
def test_numbers_that_never_fall_are_asked(files, count, said):
    counts = [n * (1 + n % 3) for n in files.counts(count)]
    data = table(files, totals(counts))
    asked(data)
    channel = read_views(data, "x.csv", YES)
    assert channel.views.tolist() == counts[1:] and channel.views.index[0].date() == files.days(2)[1]
    assert "difference between days was taken" in said(channel)
    assert read_views(data, "x.csv", NO).views.tolist() == totals(counts)


@pytest.mark.parametrize("order", [slice(None, None, -1), slice(None, None, None)])
def test_the_order_of_rows_makes_no_difference(files, order):
    rows = list(zip(files.days(30), totals(files.counts(30)), strict=True))[order]
    data = files.table([["Date", "Views"], *rows])
    asked(data)
    assert read_views(data, "x.csv", YES).views.tolist() == files.counts(30)[1:]


@pytest.mark.parametrize(
    "word",
    [
        "Lifetime views",
        "Cumulative views",
        "Views to date",
        "Gesamtaufrufe kumuliert",
        "累计播放量",
        "累計視聴回数",
        "누적 조회수",
        "Накопленные просмотры",
        "Vues cumulées",
        "Visualizaciones acumuladas",
    ],
)
def test_a_word_for_totals_is_believed_sooner(files, word):
    data = table(files, totals(files.counts(4)), ("Date", word))
    asked(data, choice=Choice(metric=word))
    assert read_views(data, "x.csv", Choice(metric=word, cumulative="yes")).views.tolist() == files.counts(4)[1:]


def test_a_count_that_was_corrected_downwards(files, said):
    numbers = totals(files.counts(60))
    numbers[30:] = [n - 2500 for n in numbers[30:]]
    data = table(files, numbers)
    asked(data)
    views = read_views(data, "x.csv", Choice(cumulative="yes", fill="none")).views
    assert (
        np.isnan(views.iloc[29])
        and views.drop(views.index[29]).tolist() == files.counts(60)[1:30] + files.counts(60)[31:]
    )
    assert "total fell, taken as unknown: 1" in said(read_views(data, "x.csv", YES))


def test_a_counter_that_begins_anew_each_month(files):
    counts = files.counts(90)
    numbers, total = [], 0
    for day, count in zip(files.days(90), counts, strict=True):
        total = count if day.day == 1 else total + count
        numbers.append(total)
    data = table(files, numbers)
    asked(data)
    assert read_views(data, "x.csv", YES).views.tolist() == counts[1:]


def test_missing_days_share_what_was_added(files, said):
    rows = list(zip(files.days(60), totals(files.counts(60)), strict=True))
    data = files.table([["Date", "Views"], *rows[:20], *rows[23:]])
    asked(data)
    channel = read_views(data, "x.csv", YES)
    counts = files.counts(60)
    assert channel.views.sum() == pytest.approx(sum(counts[1:])) and len(set(channel.views.iloc[19:23])) == 1
    assert [day.date() for day in channel.series.filled] == files.days(60)[20:24]
    unknown = read_views(data, "x.csv", Choice(cumulative="yes", fill="none")).views
    assert unknown.iloc[19:23].isna().all() and unknown.dropna().tolist() == counts[1:20] + counts[24:]


def test_several_snapshots_a_day_are_never_added(files):
    counts = files.counts(30)
    rows = []
    for day, total, count in zip(files.days(30), totals(counts), counts, strict=True):
        rows += [[f"{day}T{hour:02}:00:00+01:00", total - count * (23 - hour) // 24] for hour in (5, 11, 23)]
    data = files.table([["timestamp", "views"], *rows])
    asked(data)
    assert read_views(data, "x.csv", YES).views.tolist() == counts[1:]
    short = files.table([["timestamp", "views"], *rows[1:7]])  # so few rows alone would prove nothing
    asked(short)


def test_four_snapshots_of_a_clip(files):
    stamps = ["2026-01-10T17:00", "2026-01-10T23:00", "2026-01-11T17:00", "2026-01-12T17:00"]
    rows = [[f"{stamp}:00+01:00", n, "Clip"] for stamp, n in zip(stamps, (2500, 2600, 2900, 3100), strict=True)]
    data = files.table([["timestamp", "views", "title"], *rows])
    asked(data)
    assert read_views(data, "x.csv", YES).views.tolist() == [300, 200]


def test_totals_of_several_videos(files):
    """Each video's total grows by itself; what was added is added up over all."""
    first, second = files.counts(30), [2 * n for n in files.counts(30)]
    rows = [["Date", "Video", "Views"]]
    for name, counts in (("a", first), ("b", second)):
        rows += [[day, name, n] for day, n in zip(files.days(30), totals(counts), strict=True)]
    data = files.table(rows)
    asked(data)
    assert read_views(data, "x.csv", YES).views.tolist() == [a + b for a, b in zip(first[1:], second[1:], strict=True)]
    assert read_views(data, "x.csv", Choice(cumulative="yes", channel="b")).views.tolist() == second[1:]
    wide = [["Date", "Views", "Views"], *zip(files.days(30), totals(first), totals(second), strict=True)]
    assert read_views(files.table(wide), "x.csv", Choice(cumulative="yes", channel=SUM_OF_ALL)).views.iloc[0] == 3303


@pytest.mark.parametrize(
    "numbers",
    [
        [5, 6, 7, 8, 9, 10, 11],  # a week may rise by chance
        [0, 0, 0, 1, 0, 0, 2, 0, 0, 0, 0, 1, 0],
        [0] * 40 + [1],
        [n % 7 + n // 7 for n in range(60)],
        [1000 + 3 * n - 40 * (n % 7 == 6) for n in range(60)],  # it rises all week and falls on Sundays
    ],
)
def test_daily_numbers_are_not_asked(files, numbers):
    assert read_views(table(files, numbers), "x.csv", Choice(keep_zeros=True)).views.tolist() == numbers


def test_hours_are_no_snapshots(files):
    """Views by the hour may rise all day, and the next day begins low again."""
    rows = [[f"{d}T{hour:02}:00:00", 10 + hour] for d in files.days(10) for hour in range(24)]
    rows[-1][1] += 1
    views = read_views(files.table([["timestamp", "views"], *rows]), "x.csv").views
    assert views.tolist() == [516] * 9 + [517]


def test_a_single_total_has_no_difference(files):
    with pytest.raises(BadInput, match="two days"):
        read_views(table(files, [5]), "x.csv", YES)
