"""Mutate real files and see that each is read, or refused in one sentence: no traceback, no hang, no silent misread.

    python -m tests.forecasting.reading.fuzz --count 100000 FILE...

Each file is also packed as zip, gzip, UTF-16 and workbook. What reads without a correction after a few edits must still
hold the days it held.
"""

import argparse
import csv
import gzip
import io
import random
import sys
import time
import traceback
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting.messages import BadInput
from forecasting.reading import Choice, Question, read_views
from forecasting.series import Channel
from tests.forecasting.reading.conftest import Files

ROWS = 150  # of a file; longer ones only make the run longer
SECONDS = 2
WORDS = """, ; | " ' # Total - -- N/A 1,234 1.234 1e999 inf nan % K 万 日期 Date Views 13/13/2013 2021-02-30 0000-00-00
9999-12-31 12:00 +08:00 =cmd() <html> PK"""
TOKENS = [word.encode() for word in WORDS.split()]
TOKENS += [
    b"\t",
    b"\n",
    b"\r\n",
    b"\r",
    b"\n\n",
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"PK\3\4",
    b"\x1f\x8b",
    b"\xf0\x9f",
]
TOKENS += [
    "観".encode("shift-jis"),
    b"   ",
    "\u00ad".encode(),
    "\u200b".encode(),
    b"Total,",
    b"Views",
    b"published",
    b"0" * 400,
    b"9" * 400,
]


def seeds(paths: list[Path]) -> list[tuple[str, bytes, pd.Series | None]]:
    """Name, bytes and true views (None where there are several tables) of what is mutated."""
    found = []
    for path in paths:
        data = b"\n".join(path.read_bytes().splitlines()[:ROWS]) + b"\n"
        truth = read(data, path.name)
        found += [(path.name, data, truth)] * 4 + [(path.stem + ".xlsx", workbook(data), truth)]
        found += [(path.name, kind, None) for kind in made_worse(data)]
    found.append(("export.zip", Files.zipped({path.name: path.read_bytes()[:20_000] for path in paths}), None))
    return found


def made_worse(data: bytes) -> list[bytes]:
    """The same file with other headers, as running totals, cut, captioned and with invisible letters."""
    header, *rows = data.decode().splitlines()
    wide = header.count(",")
    foreign = ",".join(["Datum", "Wiedergabezeit (Stunden)", *["Abc"] * (wide - 1)])
    notice = f"Showing top {len(rows) // 2} results" + "," * wide
    total = "Total" + ",999999" * wide
    texts = (
        [foreign, *rows],
        [f"Video publish time,{header.partition(',')[2]}", *rows],
        [header, total, *rows[::2], notice],
        ["sep=,", '"One"', header, *rows[:50], "", '"Two"', header, *rows[:50]],
        [header.replace("e", "e\u00ad\u200b"), *rows],
        [header, *sorted(rows, key=lambda row: (len(row), row[-6:]))],
    )
    return ["\n".join(lines).encode() + b"\n" for lines in texts]


def workbook(data: bytes) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    for row in csv.reader(io.StringIO(data.decode())):
        book.active.append([int(cell) if cell.isdigit() else cell for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(data: bytes, name: str) -> pd.Series | None:
    try:
        return read_views(data, name).views
    except Question as question:
        if question.asks != "metric":
            return None
        return read_views(data, name, Choice(metric=question.options[0][0])).views
    except BadInput:
        return None


def mutate(data: bytes, edits: int, rng: random.Random, others: list[bytes]) -> bytes:
    out = bytearray(data)
    for _ in range(edits):
        at, end = sorted((rng.randrange(len(out) + 1), rng.randrange(len(out) + 1)))
        near = min(at + rng.randrange(1, 40), len(out))
        match rng.randrange(9):
            case 0:
                out[at:near] = b""
            case 1:
                out[at:at] = rng.choice(TOKENS)
            case 2:
                out[at:near] = rng.choice(TOKENS)
            case 3 if out:
                out[rng.randrange(len(out))] = rng.randrange(256)
            case 4 if out:
                out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
            case 5:
                out[at:at] = out[at : min(end, at + 3000)]
            case 6 if rng.random() < 0.2:
                del out[at:]
            case 7 if edits > 3 and rng.random() < 0.2:  # with rows of another file nothing is known
                other = rng.choice(others)
                start = rng.randrange(len(other) + 1)
                out[at:near] = other[start : start + rng.randrange(3000)]
            case 8:
                lines = bytes(out).split(b"\n")
                i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
                lines[i], lines[j] = lines[j], lines[i]
                out = bytearray(b"\n".join(lines))
    return bytes(out)


def mutate_packed(name: str, data: bytes, edits: int, rng: random.Random, others: list[bytes]) -> tuple[str, bytes]:
    """The mutant as it is, packed after it was mutated, or mutated after it was packed."""
    if data.startswith(b"PK") and rng.random() < 0.7:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = {entry: archive.read(entry) for entry in archive.namelist()}
        entry = rng.choice(list(files))
        files[entry] = mutate(files[entry], edits, rng, others)
        return name, Files.zipped(files)
    packs = {"": bytes, ".gz": gzip.compress, ".zip": lambda inner: Files.zipped({name: inner}), ".txt": to_utf16}
    suffix = rng.choice(["", "", "", "", *packs])
    if rng.random() < 0.8:
        return name + suffix, packs[suffix](mutate(data, edits, rng, others))
    return name + suffix, mutate(packs[suffix](data), edits, rng, others)


def to_utf16(data: bytes) -> bytes:
    return data.decode("utf-8", "replace").encode("utf-16")


def judge(data: bytes, name: str, truth: pd.Series | None, edits: int) -> str:
    """What came of one input. Raises where it is none of the good ends."""
    start = time.process_time()
    try:
        channel = read_views(data, name)
    except BadInput as refusal:
        sentence = str(refusal)
        assert sentence.endswith("."), sentence
        end = "asked" if isinstance(refusal, Question) else "refused"
    else:
        end = "read with corrections" if channel.corrections else "read"
        views = channel.views
        assert views.dtype == np.float64 and len(views) and views.notna().any() and not np.isinf(views).any()
        assert (np.diff(views.index.to_numpy()) == np.timedelta64(1, "D")).all()
        if truth is not None and edits <= 3:
            assert_holds(channel, truth, edits)
    assert time.process_time() - start < SECONDS, "too slow"
    return end


def assert_holds(channel: Channel, truth: pd.Series, edits: int) -> None:
    """The days that were measured hold what they held, whatever was corrected on the way."""
    measured = channel.series.measured.dropna()
    both = truth.index.intersection(measured.index)
    same = int(np.isclose(truth[both], measured[both]).sum())
    assert same >= 0.9 * min(len(truth), len(measured)) - edits, f"{same} of {len(truth)} days are as they were"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for inputs that failed")
    given = parser.parse_args()
    rng = random.Random(given.seed)
    found = seeds(given.files)
    ends, slowest = Counter(), 0.0
    for number in range(given.count):
        name, data, truth = rng.choice(found)
        edits = rng.choice((1, 1, 2, 3, 8, 30))
        name, mutant = mutate_packed(name, data, edits, rng, [other for _, other, _ in found])
        start = time.process_time()
        try:
            ends[judge(mutant, name, truth, edits)] += 1
        except BaseException as error:  # a panic of a library is no Exception
            if isinstance(error, KeyboardInterrupt):
                raise
            ends["FAILED"] += 1
            print(number, name, edits, "".join(traceback.format_exception(error)[-3:]), file=sys.stderr, flush=True)
            if given.keep:
                given.keep.mkdir(exist_ok=True)
                (given.keep / f"{number}-{name}").write_bytes(mutant)
        slowest = max(slowest, time.process_time() - start)
        if (number + 1) % 10_000 == 0:
            print(number + 1, dict(ends), flush=True)
    print(f"{given.count} inputs, slowest {slowest:.2f} s:", dict(ends))
    return ends["FAILED"] > 0


if __name__ == "__main__":
    sys.exit(main())
