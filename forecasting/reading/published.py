"""When the things of an export were published: its uploads as events."""

import numpy as np

from forecasting.events import MOST_EVENTS, Event
from forecasting.messages import BadInput
from forecasting.names import clean_name
from forecasting.reading import numbers, shapes, words
from forecasting.reading.containers import unpack
from forecasting.reading.dates import read_days
from forecasting.reading.tables import Column, Table, tables

DATED = 0.5  # share of a column's filled cells that are dates


def publications(data: bytes, filename: str) -> tuple[Event, ...]:
    """A day and a title for each upload that a table of the file names, in the order of days; the latest MOST_EVENTS.

    Empty where no table has a column of publish times, or where the file cannot be read.
    """
    found: set[Event] = set()
    try:
        for part in unpack(data, filename):
            for table in tables(part):
                found |= _uploads(table)
    except BadInput:
        return tuple(sorted(found))[-MOST_EVENTS:]
    return tuple(sorted(found))[-MOST_EVENTS:]


def _uploads(table: Table) -> set[Event]:
    at = next((i for i, name in enumerate(table.header) if _is_publication(name, table.columns[i])), None)
    if at is None:
        return set()
    days = read_days(table.columns[at]).days
    named = _titles(table, at)
    if named is None:
        return {Event(day, "", "upload") for day in np.unique(days[~np.isnat(days)]).astype(object)}
    known = np.flatnonzero(~np.isnat(days))
    pairs = np.unique(np.stack([days[known].astype(np.int64), named.codes[known]]), axis=1)
    titles = named.words.to_pylist()
    rows = zip(pairs[0].astype("datetime64[D]").astype(object), pairs[1], strict=True)
    return {Event(day, clean_name(titles[title]), "upload") for day, title in rows}


def _is_publication(name: str, column: Column) -> bool:
    return words.is_published(name) and shapes.share(column, seconds=True) >= DATED


def _titles(table: Table, published: int) -> Column | None:
    """The most readable column of names."""
    keys = [
        i
        for i, name in enumerate(table.header)
        if i != published and words.is_key(name) and numbers.kind(table.columns[i]) is None
    ]
    best = min(keys, key=lambda i: words.key_rank(table.header[i]), default=None)
    return None if best is None else table.columns[best]
