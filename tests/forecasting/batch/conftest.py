"""Small invented channels as files, ten of them broken in different ways."""

import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest


def counts(seed: int, days: int) -> np.ndarray:
    """A week's rhythm and some noise, never low at the end."""
    noise = np.random.default_rng(seed).integers(0, 50, days)
    return 500 + 100 * (np.arange(days) % 7) + noise


def table(seed: int = 0, days: int = 90, header: str = "Date,Views") -> bytes:
    """A channel's file."""
    dates = pd.date_range("2023-01-01", periods=days).strftime("%Y-%m-%d")
    rows = "".join(f"{day},{views}\n" for day, views in zip(dates, counts(seed, days), strict=True))
    return f"{header}\n{rows}".encode()


JANUARY = pd.date_range("2023-01-01", periods=28).strftime("%Y-%m-%d")


def january(*columns: object, header: str = "Date,Views") -> bytes:
    """28 days with these numbers in the columns beside them."""
    rows = zip(JANUARY, *(np.broadcast_to(column, 28) for column in columns), strict=True)
    return "\n".join([header, *(",".join(map(str, row)) for row in rows)]).encode()


UP = np.arange(28)
BROKEN = {
    "asks.csv": january(5 + UP % 7, 40 - UP, header="Date,Apples,Pears"),
    "cut.csv": table().replace(b"2023-01-20,", b'"2023-01-20,'),
    "empty.csv": b"",
    "no_dates.csv": b"Name,Views\nx,4\ny,5\n",
    "picture.csv": b"\x89PNG\r\n\x1a\n" + bytes(200),
    "same.csv": january(7),
    "short.csv": table(days=5),
    "weekly.csv": "\n".join(["Date,Views", *(f"2023-01-{day:02},{day}" for day in (1, 8, 15, 22, 29))]).encode(),
    "zeros.csv": january(0),
    "zip.zip": b"PK\3\4 and nothing of a zip",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four channels, one of them in a folder below, and ten files that are none."""
    place = tmp_path / "channels"
    (place / "more").mkdir(parents=True)
    for seed, name in enumerate(("alpha.csv", "beta.csv", "more/gamma.csv", "other.csv")):
        (place / name).write_bytes(table(seed))
    for name, data in BROKEN.items():
        (place / name).write_bytes(data)
    return place


@pytest.fixture
def threads():
    """An executor that starts no process."""
    with ThreadPoolExecutor(2) as executor:
        yield executor


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    """A zip of these files."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path
