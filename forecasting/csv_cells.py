"""Cells of a CSV file that a spreadsheet shows and does not run: every export is written here.

A text that begins like a formula is one to a spreadsheet, whoever wrote it: a run's name, a column of a file, a video.
Source: OWASP, CSV injection.
"""

import csv
from collections.abc import Iterable
from typing import TextIO

import pandas as pd

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the wide ones count where they are typed


def write_rows(out: TextIO, rows: Iterable[Iterable[object]]) -> None:
    """Write rows as CSV, every text in them safe."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([safe_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)


def table_to_csv(frame: pd.DataFrame) -> str:
    """A frame as CSV without its index, every text safe, numbers with eight digits."""
    return safe_table(frame).to_csv(index=False, lineterminator="\n", float_format="%.8g")


def safe_cell(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would run it. A number stays one."""
    return "'" + text if _runs(text) else text


def plain_cell(text: str) -> str:
    """The text that `safe_cell` was given."""
    return text[1:] if text.startswith("'") and _runs(text) else text


def safe_table(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with every text in it safe, those of its header too."""
    frame = frame.rename(columns=lambda name: safe_cell(str(name)))
    return frame.map(lambda value: safe_cell(value) if isinstance(value, str) else value)


def _runs(text: str) -> bool:
    """Whether a spreadsheet would run it, were it not for apostrophes before it."""
    bare = text.lstrip("'")
    return bare.startswith(FORMULA) and not _is_number(bare)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.strip() == text
