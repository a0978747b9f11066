"""A table -> which column holds the dates, which numbers, which names of several channels."""

from dataclasses import dataclass, field

from forecasting.messages import N_, BadInput
from forecasting.reading import numbers, shapes, words
from forecasting.reading.tables import NO_DATE, Table

NO_NUMBER = N_("The table has no column of numbers beside the dates; export the daily views.")
PUBLISHED = N_("The dates in “{column}” say when something came out, not when it was viewed; export the views by day.")


@dataclass(frozen=True)
class Layout:
    """The columns of a table by what they hold, as indices."""

    date: int
    values: tuple[int, ...]
    kinds: dict[int, str]  # of the numbers in each value column: count, fraction, percent, duration, money
    keys: tuple[int, ...]  # what tells rows of one day apart
    hour: int | None = None
    published: tuple[int, ...] = field(default=())  # columns of dates that are no days of counts

    def views(self, table: Table) -> list[int]:
        """The columns that are called views, in a table that is no search report."""
        named = [i for i in self.values if words.is_views(table.header[i]) and self.kinds[i] in VIEWS]
        if any(words.is_clicks(table.header[i]) for i in self.values):
            return [i for i in named if not words.may_be_impressions(table.header[i])]
        return named


VIEWS = ("count", "fraction", "money")  # kinds of numbers that a column called views may hold


def layout(table: Table) -> Layout:
    """Raises BadInput where the table has no column of dates, or only such as say when a video came out."""
    date, published = _date(table)
    hour = next((i for i, name in enumerate(table.header) if words.is_hour(name) and i != date), None)
    rest = [i for i in range(len(table.columns)) if i not in (date, hour, *published)]
    found = {i: numbers.kind(table.columns[i]) for i in rest}
    kinds = {i: kind for i, kind in found.items() if kind and not _is_index(table, i)}
    keys = [i for i in rest if _is_key(table, i, numeric=bool(found[i]))]
    keys.sort(key=lambda i: words.key_rank(table.header[i]))
    return Layout(date, tuple(kinds), kinds, tuple(keys), hour, published)


def _is_key(table: Table, i: int, *, numeric: bool) -> bool:
    """Whether a column may tell rows of one day apart: words, or identifiers."""
    return (not numeric or words.is_identifier(table.header[i])) and len(table.columns[i].words) > 0


def _date(table: Table) -> tuple[int, tuple[int, ...]]:
    """The column of the days of counts, and those of other dates."""
    likely = [
        i
        for i, column in enumerate(table.columns)
        if not words.is_views(table.header[i]) and shapes.share(column, seconds=words.is_date(table.header[i])) >= 0.5
    ]
    if not likely:
        raise BadInput(NO_DATE)
    published = tuple(i for i in likely if words.is_published(table.header[i]))
    counted = [i for i in likely if i not in published]
    if not counted:
        raise BadInput(PUBLISHED, column=table.names[published[0]])
    return min(counted, key=lambda i: (not words.is_date(table.header[i]), i)), published


def _is_index(table: Table, i: int) -> bool:
    """Row numbers and identifiers are numbers, but nobody's views."""
    name = table.header[i]
    nameless = words.normalize(name) in ("", "unnamed: 0") and any(table.header)
    return nameless or words.is_identifier(name)
