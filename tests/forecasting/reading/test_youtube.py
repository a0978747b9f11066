"""The exports of YouTube Studio: a zip of three files, in four languages."""

import unicodedata

import numpy as np
import pytest

from forecasting.messages import BadInput
from forecasting.reading import SUM_OF_ALL, Choice, Question, list_channels, read_views

LANGUAGES = {
    "English": ("Table data", "Chart data", "Totals", "Date", "Views", "Total", "Content"),
    "zh-TW": ("表格資料", "圖表資料", "總計", "日期", "觀看次數", "總計", "內容"),
    "zh-CN": ("表格数据", "图表数据", "总计", "日期", "观看次数", "总计", "内容"),
    "Japanese": ("表データ", "グラフデータ", "合計", "日付", "視聴回数", "合計", "コンテンツ"),
}


def export(files, language="English", metric=None, count=60):
    """The zip as Studio makes it for the videos of a channel: the chart holds fewer rows than the totals count."""
    table, chart, totals, day, views, total, content = LANGUAGES[language]
    metric = metric or views
    days, counts = files.days(count), files.counts(count)
    title = 'Say "hi", then\nrun 😀'
    return files.zipped(
        {
            f"{table}.csv": files.table([[content, metric], [total, sum(counts)], ["abc", sum(counts) // 2]]),
            f"{chart}.csv": files.table(
                [[day, content, "Video title", "Video publish time", "Duration", metric]]
                + [[d, "abc", title, "Jan 3, 2020", 61, n // 2] for d, n in zip(days, counts, strict=True)]
                + [[d, "def", "Other", "Feb 4, 2020", 75, n // 4] for d, n in zip(days, counts, strict=True)]
            ),
            f"{totals}.csv": files.table([[day, metric], *zip(days, counts, strict=True)]),
        }
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_zip_gives_the_totals(files, language):
    channel = read_views(export(files, language), "x.zip")
    assert channel.views.tolist() == files.counts(60)
    assert channel.metric == "views" and channel.corrections == ()


def test_total_row_of_the_table_by_date(files):
    rows = [["Date", "Views", "Watch time (hours)"], ["Total", "", ""]]
    rows += [[d, n, n / 7] for d, n in zip(files.days(30), files.counts(30), strict=True)]
    for top in (["Total", 38935, 1234.5], ["總計", 38935, 1234.5], ["合計", "38,935", "1,234.5"]):
        rows[1] = top
        channel = read_views(files.table(rows), "Table data.csv")
        assert channel.views.tolist() == files.counts(30)
        assert [correction.facts for correction in channel.corrections] == [{"rows": 1}]
    assert read_views(files.table(rows[:1] + rows[2:] + rows[1:2]), "x.csv").views.tolist() == files.counts(30)


def test_totals_of_another_metric_are_not_taken_in_silence(files):
    for metric in ("Engaged views", "Subscribers", "New viewers", "エンゲージ ビュー"):
        data = export(files, metric=metric)
        with pytest.raises(Question, match=metric) as asked:
            read_views(data, "x.zip")
        assert asked.value.asks == "metric" and asked.value.options == ((metric, f"{metric}: 1000  1101  1202"),)
        channel = read_views(data, "x.zip", Choice(metric=metric))
        assert channel.metric == metric and channel.views.tolist() == files.counts(60)


def test_average_view_duration_is_not_views(files):
    values = ["0:00:28", "", "0:01:05", *(f"0:00:{10 + i}" for i in range(17))]
    data = files.table([["Date", "Average view duration"], *zip(files.days(20), values, strict=True)])
    with pytest.raises(Question, match="Average view duration"):
        read_views(data, "Totals.csv")
    channel = read_views(data, "Totals.csv", Choice(metric="Average view duration"))
    assert channel.views.iloc[0] == 28 and channel.views.iloc[2] == 65


def test_views_by_date_beat_another_metric_in_totals(files):
    rows = list(zip(files.days(30), files.counts(30), strict=True))
    totals = files.table([["Date", "Subscribers"], *((d, 5) for d, _ in rows)])
    data = files.zipped({"Totals.csv": totals, "Table data.csv": files.table([["Date", "Views"], ["Total", 1], *rows])})
    assert read_views(data, "x.zip").views.tolist() == files.counts(30)


def long(files, names, key):
    return [["Date", key, "Views"]] + [
        [d, name, n * (place + 1)]
        for place, name in enumerate(names)
        for d, n in zip(files.days(40), files.counts(40), strict=True)
    ]


@pytest.mark.parametrize("key", ["Geography", "Traffic source"])
def test_chart_data_is_long_and_adds_up(files, key, said):
    data = files.table(long(files, ["US", "DE"], key))
    assert list_channels(data, "Chart data.csv") == (SUM_OF_ALL, "DE", "US")
    channel = read_views(data, "Chart data.csv")
    assert channel.name == SUM_OF_ALL and channel.views.tolist() == [3 * n for n in files.counts(40)]
    assert "total may be higher" in said(channel)
    assert read_views(data, "Chart data.csv", Choice(channel="DE")).views.tolist() == [2 * n for n in files.counts(40)]


def test_chart_data_by_content_goes_by_title(files):
    days, counts = files.days(30), files.counts(30)
    title = 'Commas, "quotes"\nline breaks and 😀'
    rows = [["Date", "Content", "Video title", "Video publish time", "Duration", "Views"]]
    rows += [[d, "abc", title, "Jan 3, 2020", 61, n] for d, n in zip(days, counts, strict=True)]
    rows += [[d, "def", "Other", "Feb 4, 2020", 75, 1] for d in days]
    data = files.table(rows)
    assert list_channels(data, "Chart data.csv") == (SUM_OF_ALL, title.replace("\n", " "), "Other")
    assert read_views(data, "Chart data.csv", Choice(channel=title)).views.tolist() == counts


def test_70_000_rows_are_normal(files):
    names = [f"{a}{b}" for a in "ABCDEFGHIJ" for b in "ABCDEFGHIJKLMNOPQRST"]
    rows = [["Date", "Geography", "Views"]] + [[d, name, 3] for name in names for d in files.days(350)]
    rows[1][2] = 4
    channel = read_views(files.table(rows), "Chart data.csv")
    assert channel.views.iloc[0] == 601 and (channel.views.iloc[1:] == 600).all()


def test_table_without_dates_says_so(files):
    with pytest.raises(BadInput, match="no column of dates"):
        read_views(files.table([["Geography", "Views"], ["Total", 10], ["US", 6], ["DE", 4]]), "Table data.csv")


def test_lifetime_export_starts_with_the_channel(files):
    counts = [0] * 700 + files.counts(60)
    data = files.table([["Date", "Views"], *zip(files.days(760), counts, strict=True)])
    channel = read_views(data, "Totals.csv")
    assert channel.views.tolist() == files.counts(60)
    (correction,) = channel.corrections
    assert len(correction.days) == 700 and correction.option == "keep_zeros"
    assert len(read_views(data, "Totals.csv", Choice(keep_zeros=True)).views) == 760


@pytest.mark.parametrize("last", [[0, 0], [40, 3], [0], [300, 20, 0]])
def test_lagging_last_days_are_left_out_and_named(files, last):
    counts = files.counts(60)
    counts[-len(last) :] = last
    data = files.table([["Date", "Views"], *zip(files.days(60), counts, strict=True)])
    channel = read_views(data, "Totals.csv")
    assert channel.views.tolist() == counts[: -len(last)]
    assert [correction.days for correction in channel.corrections] == [tuple(files.days(60)[-len(last) :])]
    assert channel.corrections[0].option == "keep_last"
    assert read_views(data, "Totals.csv", Choice(keep_last=True)).views.tolist() == counts


def test_empty_last_days_are_left_out(files):
    counts = [*files.counts(58), "", ""]
    data = files.table([["Date", "Views"], *zip(files.days(60), counts, strict=True)])
    assert read_views(data, "Totals.csv").views.tolist() == files.counts(58)


def test_names_written_by_a_mac(files):
    rows = list(zip(files.days(30), files.counts(30), strict=True))
    name = unicodedata.normalize("NFD", "グラフデータ.csv")
    assert name != "グラフデータ.csv"
    data = files.zipped(
        {
            name: files.table([["日付", "地域", "視聴回数"], *((d, "JP", 2 * n) for d, n in rows)]),
            unicodedata.normalize("NFD", "合計.csv"): files.table([["日付", "視聴回数"], *rows]),
        }
    )
    assert read_views(data, "x.zip").views.tolist() == files.counts(30)


def test_views_are_floats_on_a_whole_daily_index(files):
    channel = read_views(export(files), "x.zip")
    assert channel.views.dtype == np.float64 and channel.views.index.freqstr == "D"
