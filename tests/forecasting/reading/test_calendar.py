"""Duplicate days, missing days, order, junk rows; and the switches that undo a correction."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from forecasting.messages import BadInput
from forecasting.reading import Choice, Question, read_views, to_csv
from forecasting.series import Channel

FROM_FILE = Choice()


def rows_of(files, count=60):
    return [[d, n] for d, n in zip(files.days(count), files.counts(count), strict=True)]


def read(files, rows, choice=FROM_FILE, header=("Date", "Views")):
    return read_views(files.table([header, *rows]), "x.csv", choice)


def test_rows_in_any_order(files, said):
    rows = rows_of(files)
    assert "newest first" in said(read(files, rows[::-1]))
    shuffled = [rows[i] for i in np.random.default_rng(1).permutation(60)]
    assert read(files, shuffled).views.tolist() == files.counts(60)


def test_the_same_row_twice_counts_once(files, said):
    rows = rows_of(files)
    channel = read(files, [*rows[:40], *rows[30:]])
    assert channel.views.tolist() == files.counts(60) and "same number, counted once: 10." in said(channel)
    assert channel.corrections[0].days == tuple(files.days(60)[30:40])
    assert read(files, [*rows, *rows], Choice(duplicates="sum")).views.iloc[0] == 2000


def test_rows_that_disagree_are_asked(files):
    rows = [*rows_of(files), [files.days(60)[5], 1]]
    with pytest.raises(Question, match="2021-01-06") as asked:
        read(files, rows)
    assert asked.value.asks == "duplicates"
    got = {how: read(files, rows, Choice(duplicates=how)).views.iloc[5] for how, _ in asked.value.options}
    assert got == {"sum": 1506, "last": 1, "first": 1505}


@pytest.mark.parametrize("fill", ["none", "interpolate", "same-weekday"])
def test_missing_days_are_filled_by_rule(files, fill):
    rows = rows_of(files)
    channel = read(files, rows[:20] + rows[23:], Choice(fill=fill))
    (correction,) = channel.corrections
    assert correction.days == tuple(files.days(60)[20:23]) and correction.option == "fill"
    filled = channel.views.iloc[20:23]
    if fill == "none":
        assert filled.isna().all()
    elif fill == "interpolate":
        assert np.allclose(filled, np.interp([20, 21, 22], [19, 23], [rows[19][1], rows[23][1]]))
    else:
        assert np.allclose(filled, files.counts(60)[20:23], rtol=0.02)


def test_long_gaps_stay_unknown(files, said):
    rows = rows_of(files)
    channel = read(files, rows[:20] + rows[40:])
    assert len(channel.views) == 60 and channel.views.iloc[20:40].isna().all()
    assert "20 days lie in gaps of more than 14 days" in said(channel)


def test_total_rows_first_or_last(files, said):
    rows = rows_of(files)
    for junk in (["Total", 5], ["總計", "5"], ["合計", ""], ["Grand Total", 5]):
        for mixed in ([junk, *rows], [*rows, junk]):
            channel = read(files, mixed)
            assert channel.views.tolist() == files.counts(60) and "Rows with a total, left out: 1." in said(channel)


def test_junk_rows_are_named_and_many_are_refused(files, said):
    rows = rows_of(files)
    assert "Rows without a date, left out: 1." in said(read(files, [*rows, ["exported by me", ""]]))
    with pytest.raises(BadInput, match="no readable date"):
        read(files, [*rows, *([f"note {i}", 1] for i in range(30))])


def test_several_header_lines(files):
    top = [["Channel", "Mine"], ["日期", "播放量"]]
    assert read(files, [top[1], *rows_of(files)], header=top[0]).views.tolist() == files.counts(60)
    rows = [["", "Web", "App"], ["Date", "Views", "Views"], *([d, n, 2 * n] for d, n in rows_of(files))]
    channel = read_views(files.table(rows), "x.csv")
    assert channel.channel_names[:2] == ("Web Views", "App Views") and channel.views.tolist() == files.counts(60)


def test_several_value_columns_with_views_among_them(files):
    rows = [["Date", "Likes", "Views", "Watch time (hours)"], *([d, 3, n, n / 10] for d, n in rows_of(files))]
    channel = read_views(files.table(rows), "x.csv")
    assert channel.views.tolist() == files.counts(60) and channel.channel_names == ("x",)
    assert read_views(files.table(rows), "x.csv", Choice(metric="watch time (hours)")).views.iloc[0] == 100


def test_unquoted_thousands_are_refused(files):
    text = "Date,Views\n" + "".join(f"{d},{n:,}\n" for d, n in rows_of(files))
    with pytest.raises(BadInput, match="more columns than the header"):
        read_views(text.encode(), "x.csv")
    text = "Date,Views\n" + "".join(f"{d},{n:,}\n" if n > 1400 else f"{d},{n - 1000}\n" for d, n in rows_of(files))
    with pytest.raises(BadInput):
        read_views(text.encode(), "x.csv")


def test_few_days_are_left_to_the_next_step(files):
    assert len(read(files, rows_of(files, 3)).views) == 3


def test_an_unknown_channel_or_column_is_refused(files):
    with pytest.raises(BadInput, match="no channel nobody"):
        read(files, rows_of(files), Choice(channel="nobody"))
    with pytest.raises(BadInput, match="no column likes"):
        read(files, rows_of(files), Choice(metric="likes"))


def test_export_writes_whole_numbers_whole_and_unknown_days_empty():
    days = pd.date_range("2021-01-01", periods=3)
    text = to_csv(Channel("mine", pd.Series([5.0, np.nan, 2.5], days)))
    assert text == "Date,Views\n2021-01-01,5\n2021-01-02,\n2021-01-03,2.5\n"


def test_export_reads_back_and_starts_no_formula(files):
    channel = read(files, rows_of(files)[:20] + rows_of(files)[40:])
    again = read_views(to_csv(channel).encode(), "x.csv")
    assert again.fingerprint == channel.fingerprint
    evil = read(files, [[d, -n] for d, n in rows_of(files)], Choice(metric="=cmd()"), ("Date", "=cmd()"))
    cells = [cell for line in to_csv(evil).splitlines() for cell in line.split(",")]
    assert all(float(cell) < 0 for cell in cells if cell[0] in "=+-@")  # a number is no formula
    assert read_views(to_csv(evil).encode(), "x.csv", Choice(metric="'=cmd()")).views.tolist() == evil.views.tolist()


def test_whole_days_only(files):
    assert read(files, rows_of(files)).views.index[0].date() == date(2021, 1, 1)


def test_a_long_table_written_twice_counts_once(files, said):
    rows = [[d, name, n] for name in ("US", "DE") for d, n in rows_of(files)]
    header = ("Date", "Geography", "Views")
    channel = read(files, [*rows, *rows], header=header)
    assert channel.views.tolist() == [2 * n for n in files.counts(60)] and "left out: 120." in said(channel)
    with pytest.raises(Question) as asked:
        read(files, [*rows, [*rows[0][:2], 5]], header=header)
    assert asked.value.asks == "duplicates"
    assert read(files, [*rows, [*rows[0][:2], 5]], Choice(duplicates="last"), header).views.iloc[0] == 1005
    assert read(files, [*rows, [*rows[0][:2], 5]], Choice(duplicates="sum"), header).views.iloc[0] == 2005


def test_a_long_table_with_two_splits_adds_up(files):
    rows = [[d, name, kind, n] for name in ("US", "DE") for kind in ("web", "app") for d, n in rows_of(files)]
    header = ("Date", "Geography", "Device", "Views")
    assert read(files, rows, header=header).views.tolist() == [4 * n for n in files.counts(60)]
    assert read(files, rows, Choice(channel="US"), header).views.tolist() == [2 * n for n in files.counts(60)]


def test_channels_that_follow_each_other_stay_apart(files):
    rows = [["ab"[place >= 30], d, n] for place, (d, n) in enumerate(rows_of(files))]
    channel = read(files, rows, Choice(channel="a"), ("unique_id", "ds", "y"))
    assert channel.views.tolist() == files.counts(60)[:30]


def test_notes_name_no_channels(files):
    rows = [[d, n, "new video" if place % 9 == 0 else ""] for place, (d, n) in enumerate(rows_of(files))]
    assert read(files, rows, header=("Date", "Views", "Notes")).channel_names == ("x",)
    with pytest.raises(Question):
        read(files, [*rows, [rows[3][0], 7, "again"]], header=("Date", "Views", "Notes"))


def test_total_of_a_long_table_is_its_own_channel(files):
    rows = [[d, name, n * times] for name, times in (("US", 1), ("Total", 5)) for d, n in rows_of(files)]
    channel = read(files, rows, header=("Date", "Geography", "Views"))
    assert channel.name == "Total" and channel.channel_names == ("Total", "US")


def test_two_tables_in_one_file_are_asked(files):
    first = files.table([["Date", "Views"], *rows_of(files)])
    second = files.table([["Date", "Views"], *([d, 2 * n] for d, n in rows_of(files))])
    with pytest.raises(Question) as asked:
        read_views(first + b"\n" + second, "x.csv")
    assert [value for value, _ in asked.value.options] == ["x.csv:1", "x.csv:63"]
    assert read_views(first + b"\n" + second, "x.csv", Choice(table="x.csv:63")).views.iloc[0] == 2000


def test_a_table_that_cannot_be_read_is_not_passed_over(files):
    chart = files.table([["Date", "Geography", "Views"], *([d, "US", 1 + n] for d, n in rows_of(files))])
    broken = b"Date,Views\n" + b"2021-01-01,5\n2021-01-02,6,7\n" * 30
    with pytest.raises(BadInput, match="another number of columns"):
        read_views(files.zipped({"Chart data.csv": chart, "Totals.csv": broken}), "x.zip")


@pytest.mark.parametrize("gap", ["\n", ",,\n", "# a new month\n"])
def test_empty_rows_part_no_table(files, gap):
    lines = [f"{d},{n},3\n" for d, n in rows_of(files)]
    text = "Date,Views,Likes\n" + "".join(lines[:20]) + gap + "".join(lines[20:40]) + gap + "".join(lines[40:])
    assert read_views(text.encode(), "x.csv").views.tolist() == files.counts(60)
    assert read_views(("Date,Views,Likes\n" + gap + "".join(lines)).encode(), "x.csv").channel_names == ("x",)
    each = "Date,Views,Likes\n" + gap.join(lines)
    assert read_views(each.encode(), "x.csv").views.tolist() == files.counts(60)
