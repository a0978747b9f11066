"""Mutated uploads: each is read, or refused in a sentence; none ends in a traceback, hangs or takes the process along.

    python -m tests.stress.uploads [--count 100000] [--first 0]

Small invented exports of every kind (tables of commas, tabs and semicolons, workbooks of three kinds, archives, lists
of events) are changed: bytes flipped and cut, blocks doubled, columns and rows swapped, cells made hostile, text
written in other encodings, packed before or after. Two processes share the work. The number of an input alone says
what it is: `--first N --count 1` makes it again.
"""

import argparse
import contextlib
import csv
import gzip
import io
import multiprocessing
import random
import resource
import signal
import sys
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from multiprocessing.queues import SimpleQueue
from multiprocessing.sharedctypes import Synchronized

import numpy as np
import openpyxl
import xlwt

from forecasting.messages import BadInput
from forecasting.reading import Question, read_views
from forecasting.reading.events import read_event_file

PROCESSES, BATCH = 2, 500
SECONDS = 10.0  # of processor time an input, as the app allows
MEMORY = 4 * 2**30  # bytes of addresses a process; what takes more is over the limits
DAYS = 45
WORDS = """
1e999 -1e308 nan inf -inf 0x1F 1_000 1,234 1.234 1.234,5 1'234 12,34,567 १२३ ４２ 1e-400 %s =1+1 @x +1 -- #REF! #DIV/0!
99:99:99 1:2:3:4 1d 999999999999:00 2024-02-30 0000-00-00 9999-12-31 0001-01-01 13/13/2024 31/12/1899 2024-W01-1 44927
-44927 1e10 1704067200 1704067200000 24/1/1 १/१/२०२४ 2024年1月1日 明治45年 2024-01-01T00:00:00Z 2024-01-01T24:00 12:60
NaT None null N/A - — % € K M 万 Total 合計 Views Date views;views "a""b ' \\ <a> &amp; \x00 \ufeff \u202e \u200b 💥 ſ İ
"""
HOSTILE_CELLS = ["", " ", "9" * 400, "x" * 3_000, "1," * 200, '"', "a\nb", "Grand total", "Jan 1, 2024", *WORDS.split()]
ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "shift_jis", "gb18030", "cp037")
TEXTS = ("a.csv", "a.tsv", "a.txt", "Chart data.csv", "a")
OPEN_DOCUMENT = "urn:oasis:names:tc:opendocument:xmlns:{}:1.0"
Table = list[list[str]]


@dataclass(frozen=True)
class Upload:
    """What is brought."""

    name: str
    data: bytes


# Invented exports


def tables(chance: random.Random) -> Table:
    """One of several shapes: wide, long, with hours, totals, captions, running totals, or a list of events."""
    days = [date(2024, 1, 1) + timedelta(day) for day in range(DAYS)]
    told = chance.choice(("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%y", "%b %d, %Y", "%Y%m%d", "%d.%m.%Y"))
    rows = [(day.strftime(told), chance.randrange(90, 999)) for day in days]
    match chance.randrange(7):
        case 0:
            return [["Date", "Views"], *([day, str(n)] for day, n in rows)]
        case 1:
            return [["Date", "Cats", "Dogs"], *([day, f"{n:,}", str(n // 2)] for day, n in rows)]
        case 2:
            heads = [["Date", "Video title", "Video publish time", "Views", "Watch time (hours)"]]
            heads.append(["Total", "", "", str(2 * sum(n for _day, n in rows)), "9.5"])
            return heads + [[day, video, "Jan 3, 2024", str(n), f"{n / 60:.2f}"] for day, n in rows for video in "AB"]
        case 3:
            totals = np.cumsum([n for _day, n in rows])
            return [["Datum", "Aufrufe gesamt"], *([day, str(n)] for (day, _n), n in zip(rows, totals, strict=True))]
        case 4:
            return [["Report", ""], ["", ""], ["日期", "播放量"], *([day, str(n)] for day, n in rows)]
        case 5:
            return [["Time", "Users"], *([f"{day} {hour:02d}:00", str(n)] for day, n in rows for hour in (0, 12))]
        case _:
            return [[day, f"Episode {n}", chance.choice(("upload", "outage"))] for day, n in rows]


def spoil(table: Table, chance: random.Random) -> Table:
    """Swap, double, drop and fill with hostile cells."""
    table = [list(row) for row in table]
    for _edit in range(chance.choice((0, 1, 1, 2, 5, 40))):
        row, other = chance.randrange(len(table)), chance.randrange(len(table))
        wide = min(len(table[row]), len(table[other])) or 1
        column, beside = chance.randrange(wide), chance.randrange(wide)
        match chance.randrange(8):
            case 0 | 1 | 2:
                table[row][column : column + 1] = [chance.choice(HOSTILE_CELLS)]
            case 3:
                table[row], table[other] = table[other], table[row]
            case 4:
                table[row:row] = table[other : other + chance.randrange(1, 30)]
            case 5:
                for line in table:
                    if max(column, beside) < len(line):
                        line[column], line[beside] = line[beside], line[column]
            case 6:
                table[row] = table[row] * chance.randrange(2, 30)
            case 7 if len(table) > 2:
                del table[row]
    return table


# How it is written


def as_text(table: Table, chance: random.Random) -> Upload:
    """With any separator, end of line and encoding."""
    out = io.StringIO()
    separator = chance.choice(",,,\t;|")
    csv.writer(out, delimiter=separator, lineterminator=chance.choice(("\n", "\r\n", "\r"))).writerows(table)
    encoding = chance.choice(("utf-8", "utf-8", *ENCODINGS))
    return Upload(chance.choice(TEXTS), out.getvalue().encode(encoding, "replace"))


def as_xlsx(table: Table, chance: random.Random) -> Upload:
    book = openpyxl.Workbook()
    for row in table:
        with contextlib.suppress(openpyxl.utils.exceptions.IllegalCharacterError):
            book.active.append([_typed(cell, chance) for cell in row[:16_000]])
    return Upload("a.xlsx", _bytes(book.save))


def as_xls(table: Table, chance: random.Random) -> Upload:
    book = xlwt.Workbook()
    sheet = book.add_sheet("s")
    for line, row in enumerate(table):
        for place, cell in enumerate(row[:250]):
            sheet.write(line, place, _typed(cell, chance))
    return Upload("a.xls", _bytes(book.save))


def as_ods(table: Table, _chance: random.Random) -> Upload:
    """The least that OpenDocument asks for."""
    names = " ".join(f'xmlns:{name}="{OPEN_DOCUMENT.format(name)}"' for name in ("office", "table", "text"))
    rows = "".join(f"<table:table-row>{''.join(map(_cell, row))}</table:table-row>" for row in table)
    sheet = f'<office:spreadsheet><table:table table:name="s">{rows}</table:table></office:spreadsheet>'
    content = f"<office:document-content {names}><office:body>{sheet}</office:body></office:document-content>"
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    return Upload("a.ods", zipped({"mimetype": kind, "content.xml": content.encode("utf-8", "replace")}))


def _cell(text: str) -> str:
    clean = "".join(sign for sign in text if sign.isprintable() or sign == "\n")
    escaped = clean.replace("&", "&amp;").replace("<", "&lt;")
    return f'<table:table-cell office:value-type="string"><text:p>{escaped}</text:p></table:table-cell>'


WRITERS = (as_text, as_text, as_text, as_text, as_xlsx, as_xls, as_ods)


def _typed(cell: str, chance: random.Random) -> object:
    """As a workbook may have it: numbers are numbers, now and then something else."""
    if cell.isascii() and cell.isdigit() and len(cell) < 15:
        return int(cell)
    return chance.choice((date(2024, 1, 5), -0.5, True)) if chance.random() < 0.02 else cell[:3000]


def _bytes(save: Callable[[io.BytesIO], object]) -> bytes:
    out = io.BytesIO()
    save(out)
    return out.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


# Bytes


def damage(data: bytes, chance: random.Random) -> bytes:
    """Flip, cut, double and overwrite."""
    out = bytearray(data)
    for _edit in range(chance.choice((1, 1, 2, 3, 10, 60))):
        at = chance.randrange(len(out) + 1)
        end = min(len(out), at + chance.choice((1, 2, 4, 40, 400)))
        match chance.randrange(6):
            case 0 | 1 if at < len(out):
                out[at] ^= 1 << chance.randrange(8)
            case 2:
                out[at:end] = b""
            case 3:
                out[at:at] = out[at:end]
            case 4:
                out[at:end] = chance.choice(HOSTILE_CELLS).encode("utf-8", "replace")
            case 5 if chance.random() < 0.2:
                del out[at:]
    return bytes(out)


def damage_within(upload: Upload, chance: random.Random) -> Upload:
    """A file of an archive or a workbook damaged, so that the archive itself is whole."""
    with zipfile.ZipFile(io.BytesIO(upload.data)) as archive:
        files = {entry: archive.read(entry) for entry in archive.namelist()}
    entry = chance.choice([*files])
    files[entry] = damage(files[entry], chance)
    return Upload(upload.name, zipped(files))


def make(number: int) -> Upload:
    """The input of this number."""
    chance = random.Random(number)
    upload = chance.choice(WRITERS)(spoil(tables(chance), chance), chance)
    if chance.random() < 0.5:
        whole = upload.data.startswith(b"PK") and chance.random() < 0.7
        upload = damage_within(upload, chance) if whole else Upload(upload.name, damage(upload.data, chance))
    if chance.random() < 0.1:
        upload = Upload(upload.name + ".gz", gzip.compress(upload.data, 1))
    elif chance.random() < 0.1:
        upload = Upload("a.zip", zipped({upload.name: upload.data, "other.csv": b"Date,Views\n2024-01-01,3\n"}))
    return Upload(upload.name, damage(upload.data, chance)) if chance.random() < 0.1 else upload


# What comes of it


class TooLong(BaseException):
    """No library catches it."""


def judge(upload: Upload) -> str:
    """How reading it ended."""
    try:
        channel = read_views(upload.data, upload.name)
    except Question as question:
        return f"asked for {question.asks}" if _is_sentence(str(question)) else "NO SENTENCE"
    except BadInput as refusal:
        return "refused" if _is_sentence(str(refusal)) else "NO SENTENCE"
    views = channel.views
    sound = views.dtype == np.float64 and len(views) and not np.isinf(views).any()
    sound &= bool((np.diff(views.index.to_numpy()) == np.timedelta64(1, "D")).all())
    channel.name.encode(), channel.metric.encode()
    return "read" if sound else "UNSOUND"


def judge_events(upload: Upload) -> str:
    """The same as a list of events."""
    try:
        return "events read" if read_event_file(upload.data, upload.name).events else "no event found"
    except BadInput as refusal:
        return "events refused" if _is_sentence(str(refusal)) else "NO SENTENCE"


def _is_sentence(text: str) -> bool:
    return text.endswith((".", "?", "!")) and " " in text and "Traceback" not in text


def work(numbers: range, at: "Synchronized[int]", counts: "SimpleQueue[Counter[str]]") -> None:
    """Judge one input after the other, within limits; `at` says which, should the process not survive it."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGPROF, _too_long)
    ends: Counter[str] = Counter()
    for number in numbers:
        at.value = number
        upload = make(number)
        for ask in (judge, judge_events):
            ends[_end(ask, upload, number)] += 1
    counts.put(ends)


def _end(ask: Callable[[Upload], str], upload: Upload, number: int) -> str:
    """How it ended, a bad end told with the input's number."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        return ask(upload)
    except (TooLong, MemoryError) as error:
        print(f"input {number}, {ask.__name__}, is over the limits: {error!r}", file=sys.stderr, flush=True)
        return "OVER LIMITS"
    except BaseException as error:  # a panic of a library is no Exception
        if isinstance(error, KeyboardInterrupt):
            raise
        last = "".join(traceback.format_exception(error)[-3:])
        print(f"input {number}, {ask.__name__}: {last}", file=sys.stderr, flush=True)
        return "TRACEBACK"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _too_long(*_: object) -> None:
    raise TooLong


def share(numbers: range, told: "SimpleQueue[Counter[str]]") -> None:
    """Work through the numbers, so many in a process; one that dies costs one input and those before it again."""
    ends: Counter[str] = Counter()
    while numbers:
        part, numbers = numbers[:BATCH], numbers[BATCH:]
        at, counts = multiprocessing.Value("q", part[0]), multiprocessing.SimpleQueue()
        process = multiprocessing.Process(target=work, args=(part, at, counts))
        process.start()
        process.join()
        if process.exitcode:
            ends["DIED"] += 1
            print(f"input {at.value} ended its process: {process.exitcode}", file=sys.stderr, flush=True)
            numbers = range(at.value + part.step, numbers.stop, part.step)
        else:
            ends += counts.get()
        print(sum(ends.values()), dict(ends), flush=True)
    told.put(ends)


def main() -> int:
    """Print what came of all; 1 where any end was bad."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    every = range(given.first, given.first + given.count)
    counts: SimpleQueue[Counter[str]] = multiprocessing.SimpleQueue()
    both = [multiprocessing.Process(target=share, args=(every[k::PROCESSES], counts)) for k in range(PROCESSES)]
    for process in both:
        process.start()
    ends = sum((counts.get() for _process in both), Counter())
    print(f"{given.count} inputs, each read as a channel and as a list of events:")
    for end, count in ends.most_common():
        print(f"{count:8,} {end}")
    return any(end.isupper() for end in ends)


if __name__ == "__main__":
    sys.exit(main())
