"""A known series, written in any mix of layouts, is read back equal, or asked about.

`VIEWCAST_EXAMPLES=20000 pytest tests/reading/test_properties.py` runs more of them.
"""

import csv
import gzip
import io
import os
import zipfile
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecasting.reading import Choice, Question, read_views, to_csv

EXAMPLES = int(os.environ.get("VIEWCAST_EXAMPLES", "500"))

DATES = {
    "%Y-%m-%d": None,
    "%Y/%m/%d": None,
    "%Y.%m.%d": None,
    "%Y%m%d": None,
    "%b %d, %Y": None,
    "%d %B %Y": None,
    "%Y年%m月%d日": None,
    "%Y-%m-%dT00:00:00Z": None,
    "%Y-%m-%d 00:00:00+09:00": None,
    "%d/%m/%Y": "dmy",
    "%d-%m-%Y": "dmy",
    "%d.%m.%y": "dmy",
    "%m/%d/%Y": "mdy",
    "%m-%d-%Y": "mdy",
    "%m/%d/%y": "mdy",
    "%y-%m-%d": "ymd",
}
# How a count is written, and of what it must be a multiple to be written without loss.
NUMBERS = {
    "plain": (str, 1),
    "comma": ("{:,}".format, 1),
    "point": (lambda count: f"{count:,}".replace(",", "."), 1),
    "space": (lambda count: f"{count:,}".replace(",", " "), 1),
    "float": ("{}.0".format, 1),
    "currency": ("${:,}".format, 1),
    "K": (lambda count: f"{count / 1000:.1f}K" if count >= 1000 else str(count), 100),
    "万": (lambda count: f"{count / 10000:.1f}万" if count >= 10000 else str(count), 1000),
}
HEADERS = {
    "en": (
        "Date",
        "Views",
        "Total",
        ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030", "big5", "cp932", "cp1252"],
    ),
    "zh-CN": ("日期", "观看次数", "总计", ["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
    "zh-TW": ("日期", "觀看次數", "總計", ["utf-8", "utf-8-sig", "utf-16", "big5"]),
    "ja": ("日付", "視聴回数", "合計", ["utf-8", "utf-8-sig", "utf-16", "cp932"]),
    "hand": ("日期", "播放量", "合计", ["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
    "ds": ("ds", "y", "Total", ["utf-8", "utf-8-sig", "utf-16"]),
    "users": ("date", "users", "Total", ["utf-8", "cp1252"]),
}


@dataclass(frozen=True)
class Written:
    """A file, and what stands in it."""

    data: bytes
    name: str
    days: list[date]
    counts: list[int]
    channel: str | None
    answers: dict[str, str]


@st.composite
def series(draw):
    start = draw(st.dates(date(2005, 1, 1), date(2030, 1, 1)))
    length = draw(st.integers(1, 12) | st.integers(13, 150))
    days = [start + timedelta(day) for day in range(length)]
    if length >= 10:
        gone = draw(st.sets(st.integers(1, length - 2), max_size=length // 5))
        days = [day for place, day in enumerate(days) if place not in gone]
    counts = draw(st.lists(st.integers(0, 3000) | st.integers(0, 10**7), min_size=len(days), max_size=len(days)))
    counts[-1] = max(counts[:-1], default=0) + 1  # never constant, never all zero
    return days, counts


@st.composite
def files(draw):
    days, counts = draw(series())
    day, views, total, encodings = HEADERS[draw(st.sampled_from(sorted(HEADERS)))]
    written, step = NUMBERS[draw(st.sampled_from(sorted(NUMBERS)))]
    style = draw(st.sampled_from(sorted(DATES)))
    counts = [count * step for count in counts]
    layout = draw(st.sampled_from(["plain", "plain", "metrics", "wide", "long"]))
    rows, channel = body([d.strftime(style) for d in days], counts, written, layout, day, views)
    header, rows = rows[0], arrange(draw, rows[1:])
    rows = junk(draw, header, rows, total, written(sum(counts)))
    encoding = draw(st.sampled_from(encodings))
    separator = draw(st.sampled_from(",;\t|"))
    data = encode(
        rows,
        separator,
        draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        draw(st.sampled_from(["\n", "\r\n"])),
    )
    data = comments(draw, data, separator)
    try:
        packed = data.encode(encoding)
    except UnicodeEncodeError:
        packed = data.encode()
    answers = {
        "dates": DATES[style],
        "metric": views,
        "decimal": "," if "," not in written(1234567) and "." in written(1234567) else ".",
    }
    return Written(*pack(draw, packed, rows), days, counts, channel, answers)


def body(dates, counts, written, layout, day, views):
    cells = [written(count) for count in counts]
    twice = [written(2 * count) for count in counts]
    if layout == "metrics":
        return [[day, views, "CTR"], *([d, c, "1.5%"] for d, c in zip(dates, cells, strict=True))], None
    if layout == "wide":
        return [
            [day, "Alpha, the first", "Beta"],
            *map(list, zip(dates, cells, twice, strict=True)),
        ], "Alpha, the first"
    if layout == "long":
        rows = [
            [d, name, c] for name, column in (("US", cells), ("DE", twice)) for d, c in zip(dates, column, strict=True)
        ]
        return [[day, "Geography", views], *rows], "US"
    return [[day, views], *map(list, zip(dates, cells, strict=True))], None


def arrange(draw, rows):
    order = draw(st.sampled_from(["as they come", "newest first", "shuffled"]))
    if order == "newest first":
        return rows[::-1]
    return draw(st.permutations(rows)) if order == "shuffled" else rows


def junk(draw, header, rows, total, cell):
    line = [total, *[""] * (len(header) - 2), cell]
    where = draw(st.sampled_from(["none", "first", "last"]))
    rows = [header, *([line] if where == "first" else []), *rows, *([line] if where == "last" else [])]
    return [["My channel"], [], *rows] if draw(st.booleans()) else rows


def encode(rows, separator, quoting, end):
    out = io.StringIO()
    csv.writer(out, delimiter=separator, quoting=quoting, lineterminator=end).writerows(rows)
    return out.getvalue()


def comments(draw, data, separator):
    return draw(st.sampled_from(["", "", "# made by hand\n# 2020\n", f"# one{separator} two\n\n"])) + data


def pack(draw, data, rows):
    kind = draw(st.sampled_from(["csv", "csv", "csv", "gz", "zip", "xlsx"]))
    if kind == "gz":
        return gzip.compress(data), "x.csv.gz"
    out = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("Totals.csv", data)
        return out.getvalue(), "x.zip"
    if kind == "xlsx":
        import openpyxl

        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
        book.save(out)
        return out.getvalue(), "x.xlsx"
    return data, "x.csv"


def read_answering(file: Written):
    """The channel, with every question answered as the file was written."""
    choice = Choice(channel=file.channel, fill="none", keep_zeros=True, keep_last=True)
    for _ in range(4):
        try:
            return read_views(file.data, file.name, choice)
        except Question as question:
            answer = file.answers[question.asks]
            assert answer in [value for value, _ in question.options]
            assert getattr(choice, question.asks) is None
            choice = replace(choice, **{question.asks: answer})
    raise AssertionError("asked too often")


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(files())
def test_any_mix_reads_back_equal(file):
    views = read_answering(file).views
    assert [views.index[0].date(), views.index[-1].date()] == [file.days[0], file.days[-1]]
    known = views.dropna()
    assert [day.date() for day in known.index] == file.days
    assert np.allclose(known.to_numpy(), file.counts, rtol=1e-12)


@settings(max_examples=EXAMPLES // 5, deadline=None, suppress_health_check=list(HealthCheck))
@given(files())
def test_the_export_reads_back_equal(file):
    channel = read_answering(file)
    again = read_views(
        to_csv(channel).encode(), "x.csv", Choice(metric=channel.metric, fill="none", keep_zeros=True, keep_last=True)
    )
    assert again.fingerprint == channel.fingerprint
