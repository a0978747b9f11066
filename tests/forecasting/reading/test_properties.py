"""A known series, written in any mix of layouts, is read back equal, asked about, or refused for the right reason.

`VIEWCAST_EXAMPLES=20000 pytest tests/reading/test_properties.py` runs more of them.
"""

import csv
import gzip
import io
import os
import tomllib
import zipfile
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecasting.messages import BadInput
from forecasting.reading import EVERY_COLUMN, Choice, Question, read_views, to_csv

pytestmark = pytest.mark.slow  # hundreds of drawn files


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
STUDIO = tomllib.loads(Path(__file__).with_name("headers.toml").read_text(encoding="utf-8"))["studio"]
UTF = ["utf-8", "utf-8-sig", "utf-16"]
OLD = {
    "en": ["utf-16-le", "gb18030", "big5", "cp932", "cp1252"],
    "zh-CN": ["gb18030"],
    "zh-TW": ["big5"],
    "ja": ["cp932"],
}
# Date, views, the word for a total, other metrics, encodings.
HEADERS = {
    language: (one["date"], one["views"], one["by_content"][4], one["others"], UTF + OLD.get(language, []))
    for language, one in STUDIO.items()
} | {
    "hand": ("日期", "播放量", "合计", ["点赞", "弹幕"], [*UTF, "gb18030"]),
    "ds": ("ds", "y", "Total", ["Likes", "CTR"], UTF),
    "users": ("date", "users", "Total", ["sessions", "CTR"], ["utf-8", "cp1252"]),
    "unknown": ("Date", "Qwrt", "Total", ["Zxcv (h)", "Asdf"], UTF),
}
INVISIBLE = ["", "", "", "\u00ad", "\u200b", "\u200d", "\ufe0f", "\u2060"]
NOTICES = ["Showing top {} results", "上位 {} 件の結果を表示", "Показаны первые {} результатов", "عرض أفضل {} نتيجة"]


@dataclass(frozen=True)
class Written:
    """A file, and what stands in it."""

    data: bytes
    name: str
    days: list[date]
    counts: list[int]
    channel: str | None
    answers: dict[str, str]
    total: float = np.inf  # that the known days must not exceed
    unknown: bool = False  # whether days may be unknown that stand in the series


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
    written, step = NUMBERS[draw(st.sampled_from(sorted(NUMBERS)))]
    counts = [count * step for count in counts]
    day, views, total, others, encodings = HEADERS[draw(st.sampled_from(sorted(HEADERS)))]
    style = draw(st.sampled_from(sorted(DATES)))
    kind = draw(st.sampled_from(["daily"] * 6 + ["cumulative", "cut", "captioned"]))
    if kind in ("cumulative", "cut") and len(days) < 12:
        kind = "daily"
    layout = draw(
        st.sampled_from(["plain", "plain", "metrics", "wide", "long"] if kind == "daily" else ["plain", "metrics"])
    )
    shown = list(accumulate(count + step for count in counts)) if kind == "cumulative" else counts
    if layout == "wide" and written(1) == "$1":  # money is no count, unless a header calls it views
        layout = "plain"
    rows, channel = body([d.strftime(style) for d in days], shown, written, layout, day, views, others)
    answers = {
        "dates": DATES[style],
        "metric": EVERY_COLUMN if layout == "wide" else views,
        "decimal": "," if "," not in written(1234567) and "." in written(1234567) else ".",
        "cumulative": "yes" if kind == "cumulative" else "no",
        "table": "One, or the first",
    }
    truth = Written(b"", "", days, counts, channel, answers)
    if kind == "cumulative":
        truth = replace(truth, **differences(days, counts, step))
    if kind == "cut":
        rows, truth = cut(draw, rows, truth, total, written)
    else:
        rows = [rows[0], *arrange(draw, rows[1:])]
        rows = junk(draw, rows[0], rows[1:], total, written(sum(shown))) if kind == "daily" else rows
    rows[0 if len(rows[0]) > 1 else 2] = hide(draw, rows[0 if len(rows[0]) > 1 else 2])
    return put_away(draw, rows, truth, encodings, captioned=kind == "captioned")


def differences(days, counts, step):
    """What can be known of totals: the days whose day before is there too."""
    follows = [i for i in range(1, len(days)) if (days[i] - days[i - 1]).days == 1]
    return {"days": [days[i] for i in follows], "counts": [counts[i] + step for i in follows], "unknown": True}


def cut(draw, rows, truth, total, written):
    """The highest days alone, with the total of all and a notice."""
    kept = draw(st.integers(6, len(truth.days) - 1))
    best = sorted(sorted(range(len(truth.days)), key=lambda i: -truth.counts[i])[:kept])
    everything = sum(truth.counts)
    wide = [""] * (len(rows[0]) - 1)
    line = [total, *wide]
    line[rows[0].index(rows[0][-1]) if len(rows[0]) == 2 else 1] = written(everything)
    notice = draw(st.sampled_from(NOTICES)).format(kept)
    rows = [rows[0], line, *(rows[1 + i] for i in best), [notice, *wide]]
    known = {"days": [truth.days[i] for i in best], "counts": [truth.counts[i] for i in best]}
    return rows, replace(truth, **known, total=everything, unknown=True)


def hide(draw, header):
    """A letter in each name that nobody can see."""
    letter = draw(st.sampled_from(INVISIBLE))
    return [f"{name[:2]}{letter}{name[2:]}" for name in header]


def put_away(draw, rows, truth, encodings, *, captioned):
    separator = draw(st.sampled_from(",;\t|"))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    data = encode(rows, separator, quoting, end)
    if captioned:
        other = encode([rows[0], *(row[:1] + ["7"] * (len(row) - 1) for row in rows[1:])], separator, quoting, end)
        data = f'sep={separator}{end}"One, or the first"{end}{data}{end}"Two"{end}{other}'
    else:
        data = comments(draw, data, separator)
    try:
        packed = data.encode(draw(st.sampled_from(encodings)))
    except UnicodeEncodeError:
        packed = data.encode()
    packed, name = pack(draw, packed, None if captioned else rows)
    return replace(truth, data=packed, name=name)


def body(dates, counts, written, layout, day, views, others):
    cells = [written(count) for count in counts]
    twice = [written(2 * count) for count in counts]
    if layout == "metrics":
        hours = [f"{1 + i % 40}.{i % 89:02}" for i in range(len(cells))]
        rates = [f"{i % 9}.5%" for i in range(len(cells))]
        return [[day, views, *others[:1], others[-1]], *map(list, zip(dates, cells, hours, rates, strict=True))], None
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
    kind = draw(st.sampled_from(["csv", "csv", "csv", "gz", "zip", *(["xlsx"] if rows else [])]))
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
    for _ in range(5):
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
    """Whatever was corrected on the way, each day that the file knows has its count, and no other day has one."""
    try:
        views = read_answering(file).views
    except BadInput as refusal:
        assert "table is cut, and most days are missing" in str(refusal) and file.total < np.inf
        return
    known = views.dropna()
    assert np.allclose(known[pd.DatetimeIndex(file.days)].to_numpy(), file.counts, rtol=1e-12)
    assert file.unknown or [day.date() for day in known.index] == file.days
    assert len(known) == len(file.days) and known.sum() <= file.total


@settings(max_examples=EXAMPLES // 5, deadline=None, suppress_health_check=list(HealthCheck))
@given(files())
def test_the_export_reads_back_equal(file):
    try:
        channel = read_answering(file)
    except BadInput:
        return
    choice = Choice(metric=channel.metric, fill="none", cumulative="no", keep_zeros=True, keep_last=True)
    assert read_views(to_csv(channel).encode(), "x.csv", choice).fingerprint == channel.fingerprint


@st.composite
def lists_of_videos(draw):
    """A row a video with the day it came out and its views until now, in any language and number style."""
    title, published, views, total = STUDIO[draw(st.sampled_from(sorted(STUDIO)))]["by_content"][1:]
    written, step = NUMBERS[draw(st.sampled_from(sorted(NUMBERS)))]
    many = draw(st.integers(4, 80))
    first = draw(st.dates(date(2010, 1, 1), date(2025, 1, 1)))
    later = [first + timedelta(day) for day in draw(st.lists(st.integers(0, 900), min_size=many, max_size=many))]
    style = draw(st.sampled_from(sorted(style for style, order in DATES.items() if order is None)))
    counts = draw(st.lists(st.integers(1, 10**6), min_size=many, max_size=many))
    rows = [
        [f"Video {i}", f"{d:{style}}", written(n * step)] for i, (d, n) in enumerate(zip(later, counts, strict=True))
    ]
    rows = junk(draw, hide(draw, [title, published, views]), rows, total, written(step))
    return put_away(draw, rows, Written(b"", "", [], [], None, {}), UTF, captioned=False)


@settings(max_examples=EXAMPLES // 2, deadline=None, suppress_health_check=list(HealthCheck))
@given(lists_of_videos())
def test_a_list_of_videos_is_no_series_of_days(file):
    with pytest.raises(BadInput, match="say when something came out"):
        read_views(file.data, file.name)
