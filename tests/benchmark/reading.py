"""How long reading takes, in how much memory; which sniffer and which fill rule are the best.

    python -m tests.benchmark.reading [FILE...]

Real files, where given, judge the fill rules. Sniffers that are not installed are left out. Linux only: memory is read
from /proc.
"""

import csv
import gzip
import importlib.util
import io
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from forecasting.messages import BadInput
from forecasting.reading import Choice, Question, read_views
from forecasting.reading.dialect import delimiter


def megabytes(field: str) -> float:
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def measure(title: str, data: bytes, name: str) -> None:
    """Print what came of reading a file, its time, and its peak memory above that before."""
    Path("/proc/self/clear_refs").write_text("5")
    before, start = megabytes("VmRSS"), time.perf_counter()
    try:
        end = f"{len(read_views(data, name).views)} days"
    except BadInput as refusal:
        end = str(refusal)
    took, peak = time.perf_counter() - start, megabytes("VmHWM") - before
    print(f"{title:34} {len(data) / 1e6:6.1f} MB  {took:5.2f} s  {peak:4.0f} MB  {end}")


def chart_data(places: int, days: int = 365, start: date = date(2021, 1, 1)) -> bytes:
    """The long table of a YouTube export: a row for each place and day, the counts with a week's rhythm."""
    rng = np.random.default_rng(1)
    dates = [(start + timedelta(day)).isoformat() for day in range(days)]
    out = io.StringIO("Date,Geography,Views\n")
    out.seek(0, io.SEEK_END)
    for place in range(places):
        counts = rng.poisson(rng.lognormal(3, 2) * (1 + 0.3 * np.sin(np.arange(days) * 2 * np.pi / 7)))
        out.writelines(f"{day},P{place},{count}\n" for day, count in zip(dates, counts, strict=True))
    return out.getvalue().encode()


def speed() -> None:
    read_views(chart_data(3), "warm.csv")
    chart = chart_data(201)
    measure("Chart data, 73 000 rows", chart, "Chart data.csv")
    measure("5 million rows, gzip", gzip.compress(chart_data(1369, 3650, date(2010, 1, 1)), 1), "x.csv.gz")
    measure("one line of 200 MB", b"1," * 100_000_000, "x.csv")
    measure("one line of 200 MB, gzip", gzip.compress(b"1," * 100_000_000, 1), "x.csv.gz")
    measure("picture", b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(10**7), "x.csv")
    measure("random bytes", random.Random(1).randbytes(45 * 10**6), "x.csv")
    measure("a word a line", b"word\n" * 4_900_000, "x.csv")
    measure("commas", b",,,,,,,,,\n" * 4_000_000, "x.csv")
    measure("comments", b"#a\n" * 4_900_000, "x.csv")
    measure("quotes", b'"",' * 16_000_000, "x.csv")
    measure("quotes in lines", b'""""",""\n' * 5_000_000, "x.csv")
    measure("dates only", b"2021-01-01,a\n" * 3_500_000, "x.csv")
    measure("letters of every script", "日期,é,я,😀\n".encode() * 2_400_000, "x.csv")


def table(rng: random.Random) -> tuple[str, str]:
    """A file in some layout, with words or comments above it, and its separator."""
    separator = rng.choice(",,,;\t|")
    style = rng.choice(
        ["%Y-%m-%d", "%d/%m/%Y", "%b %d, %Y", "%d.%m.%Y", "%Y%m%d", "%Y年%m月%d日", "%Y-%m-%dT%H:%M:%SZ"]
    )
    number = rng.choice(
        [str, "{:,}".format, lambda n: f"{n:,}".replace(",", "."), lambda n: f"{n / 10:.1f}".replace(".", ",")]
    )
    titles = ['He said "hi", ok', "a; b | c", "line\nbreak, yes", "普通, 标题", "plain"]
    names = rng.choice([["Views"], ["A, b", "C; d", "E|f"], ["Video title", "Views"]])
    out = io.StringIO()
    write = csv.writer(out, delimiter=separator, quoting=rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])).writerow
    write(["Date", *names])
    if rng.random() < 0.3:
        write(["Total", *[""] * (len(names) - 1), number(10**7)])
    for day in range(rng.choice([12, 60, 400])):
        cells = [rng.choice(titles) if name == "Video title" else number(rng.randrange(200_000)) for name in names]
        write([(date(2020, 1, 1) + timedelta(day)).strftime(style), *cells])
    comment, words = "# one\n# Start date: 20200101\n#\n", "My report, with words; and more\n\n"
    above = rng.choice(["", "", comment, words, "统计说明：仅供参考\n"])
    return above + out.getvalue(), separator


def duckdb_sniffer(text: str) -> str:
    import duckdb

    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8", newline="", delete=False) as file:
        file.write(text)
    try:
        return duckdb.execute("select Delimiter from sniff_csv(?, strict_mode=false)", [file.name]).fetchone()[0]
    finally:
        os.unlink(file.name)


def bare(text: str) -> str:
    """What a sniffer is given: whole lines from the start, no comments."""
    lines = text[:16_384].rsplit("\n", 1)[0].split("\n")
    return "\n".join(line for line in lines if not line.startswith("#"))


def sniffers() -> None:
    rng = random.Random(7)
    cases = [(bare(text), separator) for text, separator in (table(rng) for _ in range(400))]
    found: dict[str, Callable[[str], str]] = {
        "CleverCSV": delimiter,
        "csv.Sniffer": lambda text: csv.Sniffer().sniff(text, delimiters=",;\t|").delimiter,
    }
    if importlib.util.find_spec("duckdb"):
        found["DuckDB"] = duckdb_sniffer
    for name, sniff in found.items():
        right, start = 0, time.perf_counter()
        for text, separator in cases:
            try:
                right += sniff(text) == separator
            except Exception:  # noqa: S112  each sniffer has its own way to say that it found none
                continue
        each = 1000 * (time.perf_counter() - start) / len(cases)
        print(f"{name:12} right in {right} of {len(cases)}, {each:.1f} ms each")


def fills(paths: list[Path]) -> None:
    """The error of each fill rule, in percent of the mean, over 300 gaps of one to seven days a file."""
    for path in paths:
        views = _series(path)
        rng = np.random.default_rng(1)
        errors: dict[str, list[float]] = {"interpolate": [], "same-weekday": []}
        for _ in range(300):
            length = int(rng.integers(1, 8))
            first = int(rng.integers(14, len(views) - 14 - length))
            gone = slice(first, first + length)
            kept = views.drop(views.index[gone])
            data = ("Date,Views\n" + "".join(f"{day.date()},{count}\n" for day, count in kept.items())).encode()
            for rule, found in errors.items():
                filled = read_views(data, "x.csv", Choice(fill=rule, keep_last=True)).views.reindex(views.index)
                found.append(float((filled.iloc[gone] - views.iloc[gone]).abs().mean() / views.mean()))
        print(f"{path.name:50}", {rule: f"{100 * np.mean(found):.1f} %" for rule, found in errors.items()})


def _series(path: Path):
    try:
        return read_views(path.read_bytes(), path.name).views
    except Question as question:
        return read_views(path.read_bytes(), path.name, Choice(metric=question.options[0][0])).views


if __name__ == "__main__":
    speed()
    sniffers()
    fills([Path(name) for name in sys.argv[1:]])
