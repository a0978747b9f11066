"""Cells of a CSV file that a spreadsheet shows and does not run.

A text that begins like a formula is one to a spreadsheet, whoever wrote it: a run's name, a column of a file, a video.
Source: OWASP, CSV injection.
"""

import pandas as pd

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


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
