"""The rows of a table that have no day: totals, notices that it is cut, and what is left out."""

import re
from dataclasses import dataclass

import numpy as np

from forecasting.messages import N_, BadInput
from forecasting.reading import words
from forecasting.reading.gaps import is_ranked
from forecasting.reading.numbers import Numbers
from forecasting.reading.sheets import NO_DAYS, Sheet
from forecasting.series import Correction

UNDATED = 0.2  # share of rows that may stand there without a date
MOST_ROWS = 500  # that Studio writes
NOTICES = 20  # rows without a date that are looked at
SAYS_CUT = N_("The table is cut: it says that it holds {rows} rows only.")
LOOKS_CUT = N_("The table looks cut: it holds {rows} rows, and not all days.")


@dataclass(frozen=True)
class Undated:
    """The rows without a day, by what they are."""

    totals: np.ndarray  # indices of rows
    notices: int  # rows that say how many rows the table holds
    unexplained: int  # rows with something else


def sort_undated(sheet: Sheet, read: list[Numbers]) -> Undated:
    """The rows of a table that have no day."""
    dates = sheet.table.columns[sheet.layout.date]
    texts = dates.words.to_pylist()
    total = np.array([words.is_total(text) for text in texts], bool)[dates.codes]
    blank = np.array([not text for text in texts], bool)[dates.codes]
    none = np.isnat(sheet.days.days)
    for numbers in read:
        blank &= np.isnan(numbers.values)
    total &= none
    unexplained = np.flatnonzero(none & ~total & ~blank)
    notices = sum(_is_notice(sheet, row) for row in unexplained[-NOTICES:])
    return Undated(np.flatnonzero(total), notices, len(unexplained) - notices - sheet.days.failed)


def _is_notice(sheet: Sheet, row: int) -> bool:
    cells = (column.words[int(column.codes[row])].as_py() for column in sheet.table.columns)
    return any(_says(cell, len(sheet.known)) for cell in cells)


def _says(text: str, rows: int) -> bool:
    """Whether a line of words names the number of the rows above it, as in "Showing top 500 results"."""
    text = text[: words.LONGEST]
    named = re.findall(r"\d{1,9}", text.replace(",", "").replace(".", ""))
    return str(rows) in named and bool(re.search(r"[^\W\d_]", text))


def find_cut(sheet: Sheet, read: list[Numbers], undated: Undated) -> tuple[Correction, ...]:
    """What to say where the table holds its highest rows only: as it says itself, or as it looks."""
    facts: dict[str, object] = {"rows": len(sheet.known)}
    if undated.notices or any(_says(note, len(sheet.known)) for note in sheet.table.notes):
        return (Correction(SAYS_CUT, facts=facts),)
    days = np.unique(sheet.known)
    whole = len(days) == days[-1] - days[0] + 1
    if whole or sheet.long or len(read) > 1:
        return ()
    dated = ~np.isnat(sheet.days.days)
    ranked = is_ranked(sheet.days.days[dated], read[0].values[dated])
    return (Correction(LOOKS_CUT, facts=facts),) if ranked or len(sheet.known) == MOST_ROWS else ()


def corrections_of_rows(sheet: Sheet, read: list[Numbers], undated: Undated) -> tuple[Correction, ...]:
    """What was put right before the calendar. Raises BadInput where too many rows have no day."""
    lost = undated.unexplained + sheet.days.failed
    if lost > max(3, UNDATED * sheet.table.rows):
        raise BadInput(NO_DAYS, rows=lost)
    corrections = list(sheet.days.corrections)
    for sentence, many in (
        (N_("Rows with a total, left out: {rows}."), len(undated.totals)),
        (N_("Rows without a date, left out: {rows}."), undated.unexplained),
        (N_("Rows with an impossible date, left out: {rows}."), sheet.days.failed),
        (N_("Rows with too few or too many cells, left out: {rows}."), _torn(sheet)),
        (N_("Cells without a number, taken as unknown: {rows}."), sum(numbers.junk for numbers in read)),
        (N_("Numbers rounded in the file, such as 1.2K: {rows}."), sum(numbers.rounded for numbers in read)),
    ):
        if many:
            corrections.append(Correction(sentence, facts={"rows": many}))
    if sheet.days.zones:
        corrections.append(Correction(N_("Days are taken in the time zone of the file.")))
    return tuple(corrections)


def _torn(sheet: Sheet) -> int:
    return sheet.table.torn - sum(_says(note, len(sheet.known)) for note in sheet.table.notes)
