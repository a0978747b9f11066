"""Search Console, Analytics, Wikipedia, Bilibili, spreadsheets, Prophet and Nixtla."""

import csv
import gzip
from datetime import date, datetime

import pytest

from forecasting.reading import EVERY_COLUMN, SUM_OF_ALL, Choice, Question, list_channels, read_views

EVERY = Choice(metric=EVERY_COLUMN)


def search_console(files, header, newest_first):
    rows = [[d, n, 20 * n, "0.18%", "12.34"] for d, n in zip(files.days(40), files.counts(40), strict=True)]
    return files.table([header, *(rows[::-1] if newest_first else rows)])


@pytest.mark.parametrize("name", ["Chart.csv", "Dates.csv"])
@pytest.mark.parametrize("newest_first", [False, True])
def test_search_console(files, name, newest_first, said):
    table = search_console(files, ["Date", "Clicks", "Impressions", "CTR", "Position"], newest_first)
    other = files.table([["Top queries", "Clicks", "Impressions", "CTR", "Position"], ["views", 1, 2, "50%", 3.1]])
    data = files.zipped({"Queries.csv": other, name: table, "Filters.csv": b"Filter,Value\nDate,Last 3 months\n"})
    with pytest.raises(Question) as asked:
        read_views(data, "x.zip")
    assert [value for value, _ in asked.value.options] == ["Clicks", "Impressions", "Position", "CTR"]
    channel = read_views(data, "x.zip", Choice(metric="Clicks"))
    assert channel.metric == "Clicks" and channel.views.tolist() == files.counts(40)
    assert ("newest first" in said(channel)) == newest_first


def test_search_console_in_chinese(files):
    data = files.zipped({"图表.csv": search_console(files, ["日期", "点击次数", "展示", "点击率", "排名"], True)})
    with pytest.raises(Question):
        read_views(data, "x.zip")
    assert read_views(data, "x.zip", Choice(metric="展示")).views.tolist() == [20 * n for n in files.counts(40)]


def test_analytics_4(files):
    comments = "# ----------------\n# Free form\n# Account: Mine, and more\n# 20260101-20260209\n# ----------------\n"
    rows = [["Date", "Views", "Active users"]]
    rows += [
        [f"{d:%Y%m%d}", n, n // 2] for d, n in zip(files.days(40, date(2026, 5, 12)), files.counts(40), strict=True)
    ]
    data = (comments + "\n").encode() + files.table(rows)
    for marked in (b"\xef\xbb\xbf" + data, data):
        channel = read_views(marked, "download.csv")
        assert channel.views.tolist() == files.counts(40)
        assert channel.views.index[19].date() == date(2026, 5, 31)


def test_universal_analytics(files):
    top = ["# ----------------------------------------", "# All Web Site Data", "# Pages", "# 20210101-20210209"]
    top += ["# ----------------------------------------", ""]
    pages = [["Page", "Pageviews", "Bounce Rate"], ["/a", "1,234", "12.00%"], ["", "1,234", "12.00%"]]
    rows = [["Day Index", "Pageviews"]]
    rows += [[f"{d.month}/{d.day}/{d:%y}", f"{n:,}"] for d, n in zip(files.days(40), files.counts(40), strict=True)]
    rows += [["", f"{sum(files.counts(40)):,}"]]
    data = "\n".join(top).encode() + b"\n" + files.table(pages) + b"\n" + files.table(rows)
    assert read_views(data, "Analytics.csv").views.tolist() == files.counts(40)


def test_wikipedia_has_a_column_an_article(files):
    rows = [["Date", "Article one", "Article, two"]]
    rows += [[d, n, 2 * n] for d, n in zip(files.days(40), files.counts(40), strict=True)]
    data = files.table(rows)
    name = "pageviews-20210101-20210209.csv"
    assert list_channels(data, name) == ("Article one", "Article, two", SUM_OF_ALL)
    channel = read_views(data, name)
    assert channel.name == "Article one" and channel.metric == "views" and channel.views.tolist() == files.counts(40)
    assert channel.channel_names == list_channels(data, name)
    assert read_views(data, name, Choice(channel="Article, two")).views.tolist() == [2 * n for n in files.counts(40)]
    assert read_views(data, name, Choice(channel=SUM_OF_ALL)).views.tolist() == [3 * n for n in files.counts(40)]
    alone = files.table([row[:2] for row in rows])
    assert read_views(alone, name).views.tolist() == files.counts(40)


def test_bilibili_by_hand(files):
    rows = [["日期", "播放量"], *((f"{d:%Y/%m/%d}", n) for d, n in zip(files.days(40), files.counts(40), strict=True))]
    for first in (b"", "说明：数据来自创作中心，仅供参考\n".encode(), "说明,仅供参考\n".encode()):
        assert read_views(b"\xef\xbb\xbf" + first + files.table(rows), "b.csv").views.tolist() == files.counts(40)


@pytest.mark.parametrize(
    "style",
    ["%d-%m-%Y", "%m/%d/%Y", "%d/%m/%y", "%d.%m.%Y", "%b %d, %Y", "%d %B %Y", "%Y年%m月%d日", "%Y%m%d", "%d-%b-%y"],
)
def test_dates_of_spreadsheets(files, style):
    assert read_views(files.plain(style=style), "x.csv").views.tolist() == files.counts(40)


def test_semicolons_with_decimal_commas(files):
    rows = [["Datum", "Views"]]
    rows += [[f"{d:%d.%m.%Y}", f"{n},5"] for d, n in zip(files.days(40), files.counts(40), strict=True)]
    assert read_views(files.table(rows, ";"), "x.csv").views.tolist() == [n + 0.5 for n in files.counts(40)]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators(files, separator, quoting, end):
    data = files.plain(separator=separator, quoting=quoting, end=end)
    assert read_views(data, "x.csv").views.tolist() == files.counts(40)


@pytest.mark.parametrize(
    "encoding, header",
    [
        ("utf-8-sig", ("日期", "观看次数")),
        ("utf-16", ("Date", "Views")),
        ("utf-16", ("日期", "播放量")),
        ("utf-16-le", ("Date", "Views")),
        ("utf-16-be", ("Date", "Views")),
        ("utf-32", ("Date", "Views")),
        ("gb18030", ("日期", "播放量")),
        ("gb18030", ("日期", "观看次数")),
        ("big5", ("日期", "觀看次數")),
        ("shift-jis", ("日付", "視聴回数")),
    ],
)
def test_encodings(files, encoding, header):
    data = files.plain(header=header, separator="\t", encoding=encoding)
    assert read_views(data, "x.txt").views.tolist() == files.counts(40)


def test_old_encodings_keep_the_names_of_channels(files):
    for encoding, names in (
        ("gb18030", ["日期", "视频甲", "视频乙"]),
        ("cp1252", ["Date", "Café à gogo", "Münchner Straße"]),
    ):
        rows = [names, *([d, n, n] for d, n in zip(files.days(30), files.counts(30), strict=True))]
        assert list_channels(files.table(rows, encoding=encoding), "x.csv", EVERY)[:2] == tuple(names[1:])


def test_gzip(files):
    assert read_views(gzip.compress(files.plain()), "x.csv.gz").views.tolist() == files.counts(40)


def test_workbook(files, said):
    rows = [["My channel"], [], ["Date", "Views"]]
    rows += [[d, n] for d, n in zip(files.days(40), files.counts(40), strict=True)]
    channel = read_views(files.workbook([*rows, ["Total", 12345]], [["Notes"]]), "x.xlsx")
    assert channel.views.tolist() == files.counts(40) and "total" in said(channel)
    times = [[datetime(d.year, d.month, d.day), float(n)] for d, n in rows[3:]]
    assert read_views(files.workbook([["日期", "播放量"], *times]), "x.xlsx").views.tolist() == files.counts(40)


def test_workbook_with_text_dates_and_decimals(files):
    rows = [
        ["Date", "Views"],
        *([f"{d:%d-%m-%Y}", 1 + n / 1000] for d, n in zip(files.days(40), files.counts(40), strict=True)),
    ]
    views = read_views(files.workbook(rows), "x.xlsx").views.tolist()
    assert views == pytest.approx([1 + n / 1000 for n in files.counts(40)])


def test_workbook_whose_dates_excel_turned_round(files, said):
    """13/1/2021 stays text where Excel reads m/d/y, but 5/1/2021 becomes the first of May."""
    days = files.days(365)
    cells = [f"{d:%d/%m/%Y}" if d.day > 12 else date(d.year, d.day, d.month) for d in days]
    counts = files.counts(365)
    channel = read_views(files.workbook([["Date", "Views"], *map(list, zip(cells, counts, strict=True))]), "x.xlsx")
    assert channel.views.tolist() == counts and "wrong way round" in said(channel)


def test_two_sheets_are_asked_for(files):
    sheet = [["Date", "Views"], *([d, n] for d, n in zip(files.days(30), files.counts(30), strict=True))]
    other = [["Date", "Views"], *([d, 2 * n] for d, n in zip(files.days(30), files.counts(30), strict=True))]
    data = files.workbook(sheet, other)
    with pytest.raises(Question) as asked:
        read_views(data, "x.xlsx")
    assert asked.value.asks == "table" and [value for value, _ in asked.value.options] == ["Sheet1", "Sheet2"]
    assert read_views(data, "x.xlsx", Choice(table="Sheet2")).views.iloc[0] == 2000


def test_prophet(files):
    assert read_views(files.plain(header=("ds", "y")), "x.csv").views.tolist() == files.counts(40)


def test_nixtla(files):
    rows = [["unique_id", "ds", "y"]]
    for place, name in enumerate(["b", "a"]):
        rows += [[name, d, n * (place + 1)] for d, n in zip(files.days(40), files.counts(40), strict=True)]
    data = files.table(rows)
    assert list_channels(data, "x.csv") == (SUM_OF_ALL, "a", "b")
    assert read_views(data, "x.csv", Choice(channel="b")).views.tolist() == files.counts(40)
    numbered = files.table([rows[0], *(["ab".index(row[0]), *row[1:]] for row in rows[1:])])
    assert read_views(numbered, "x.csv", Choice(channel="1")).views.tolist() == files.counts(40)


def test_users_are_asked_for_once(files):
    data = files.plain(header=("date", "users"), style="%d/%m/%y")
    with pytest.raises(Question) as asked:
        read_views(data, "visits.csv")
    assert asked.value.options == (("users", "users: 1000  1101  1202"),)
    assert read_views(data, "visits.csv", Choice(metric="users")).metric == "users"


def test_no_header(files):
    rows = [[d, n] for d, n in zip(files.days(40), files.counts(40), strict=True)]
    assert read_views(files.table(rows), "x.csv").views.tolist() == files.counts(40)


def test_a_wrong_guess_of_the_separator_is_corrected():
    """Both marks part two cells in each row; only one makes dates."""
    rows = [f"Jan 0{day}, 2005;1,00{day // 4}" for day in range(1, 5)]
    data = "\n".join(["My channel", "", "ds;y", *rows, ""]).encode()
    assert read_views(data, "x.csv").views.tolist() == [1000, 1000, 1000, 1001]


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "cp932"])
def test_old_encodings_are_told_by_a_unit_alone(files, encoding):
    rows = [[d, name, f"{n}.0万"] for name in ("US", "DE") for d, n in zip(files.days(4), (1, 1, 1, 2), strict=True)]
    data = files.table([["Date", "Geography", "Views"], ["Total", "", "10.0万"], *rows], encoding=encoding)
    assert read_views(data, "x.csv", Choice(channel="US")).views.tolist() == [10000, 10000, 10000, 20000]
