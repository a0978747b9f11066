"""Which of a table's columns of numbers are the views: as their names say, or as the user does."""

from dataclasses import dataclass

from forecasting.messages import N_, BadInput
from forecasting.names import EVERY_COLUMN, NUMBER_OF_ROWS
from forecasting.reading import words
from forecasting.reading.choice import Choice, Question
from forecasting.reading.columns import NO_NUMBER, Layout
from forecasting.reading.tables import Column, Table

ALIKE = 2  # how little a count of an unknown word looks like views
HEAD = 20  # rows in which the first numbers are looked for
FIRST = 3  # numbers of a column that its name stands with
LABEL = 60  # letters of a column's name in a choice
SHORT = 20  # letters of a number in a choice


@dataclass(frozen=True)
class Values:
    """The columns to read."""

    columns: list[int]  # one a channel; none where rows are counted
    metric: str  # "views", or the file's own word
    offered: tuple[str, ...]  # every metric that the user may take instead, the one taken first


def choose_values(table: Table, found: Layout, choice: Choice, *, long: bool, events: bool, filename: str) -> Values:
    """The columns of views. `events` says that rows may be events to be counted.

    Raises Question where no column is called views and none can stand for it, BadInput where the chosen one is missing.
    """
    offered = _offered(table, found, long=long, events=events)
    if not offered:
        raise BadInput(NO_NUMBER)
    if choice.metric is not None:
        return _chosen(table, found, choice.metric, offered)
    views = _views(table, found, long=long, filename=filename)
    if not views:
        raise _ask(table, found, offered)
    used = table.names[views[0]] if len({words.normalize(table.header[i]) for i in views}) == 1 else EVERY_COLUMN
    return Values(views, "views", _first(used, offered))


def _offered(table: Table, found: Layout, *, long: bool, events: bool) -> tuple[str, ...]:
    """The metrics of a file, the likeliest first."""
    order = sorted(found.values, key=lambda i: _unlikeness(table, found, i))
    alike = [i for i in order if _unlikeness(table, found, i) <= ALIKE]
    several = not long and len(alike) > 1 and len(found.views(table)) != 1
    return (
        *(table.names[i] for i in order),
        *((EVERY_COLUMN,) if several else ()),
        *((NUMBER_OF_ROWS,) if events else ()),
    )


def _unlikeness(table: Table, found: Layout, i: int) -> int:
    """How little a column looks like views."""
    name = table.header[i]
    if i in found.views(table):
        return 0
    kind = {"count": 0, "fraction": 2}.get(found.kinds[i], 5)
    return ALIKE - words.resembles_views(name) + kind + 2 * words.is_other_metric(name) + 3 * words.is_average(name)


def _chosen(table: Table, found: Layout, metric: str, offered: tuple[str, ...]) -> Values:
    same = next((name for name in offered if words.normalize(name) == words.normalize(metric)), None)
    if same is None:
        raise BadInput(
            N_("The file has no column {metric}; choose one of: {columns}."),
            metric=metric,
            columns=", ".join(offered[:10]),
        )
    if same == NUMBER_OF_ROWS:
        return Values([], NUMBER_OF_ROWS, _first(same, offered))
    if same == EVERY_COLUMN:
        alike = [i for i in found.values if _unlikeness(table, found, i) <= ALIKE]
        return Values(alike, "views", _first(same, offered))
    column = next(i for i in found.values if table.names[i] == same)
    return Values([column], "views" if column in found.views(table) else same, _first(same, offered))


def _first(used: str, offered: tuple[str, ...]) -> tuple[str, ...]:
    return (used, *(name for name in offered if name != used))


def _views(table: Table, found: Layout, *, long: bool, filename: str) -> list[int]:
    """The columns that are views beyond doubt."""
    named = found.views(table)
    exact = [i for i in named if words.normalize(table.header[i]) == "views"] or named
    if len({words.normalize(table.header[i]) for i in exact}) > 1:
        raise Question(N_("Several columns could be the views; choose one."), "metric", _options(table, found, exact))
    return exact or _only_count(table, found) or ([] if long else _articles(table, found, filename))


def _only_count(table: Table, found: Layout) -> list[int]:
    """The column of counts with a name that may be anything's, such as "total", or without one where no column has."""
    neutral = [i for i in found.values if words.is_neutral(table.header[i])]
    for columns in (neutral, [] if any(table.header) else list(found.values)):
        if len(columns) == 1 and found.kinds[columns[0]] == "count":
            return columns
    return []


def _articles(table: Table, found: Layout, filename: str) -> list[int]:
    """All columns of numbers, where a file of page views has one an article."""
    counts = [i for i in found.values if found.kinds[i] == "count" and not words.is_other_metric(table.header[i])]
    whole = filename.casefold().startswith("pageviews") and counts == list(found.values)
    return counts if whole else []


def _ask(table: Table, found: Layout, offered: tuple[str, ...]) -> Question:
    columns = [table.names.index(name) for name in offered if name in table.names]
    special = ((EVERY_COLUMN, EVERY_COLUMN), (NUMBER_OF_ROWS, NUMBER_OF_ROWS))
    options = (*_options(table, found, columns), *(pair for pair in special if pair[0] in offered))
    if options == ((NUMBER_OF_ROWS, NUMBER_OF_ROWS),):
        return Question(N_("The table has no column of views; its rows can be counted by day."), "metric", options)
    if len(options) == 1 and table.header[columns[0]]:
        text = N_("The column is “{metric}”, not views; choose it to forecast it all the same.")
        return Question(text, "metric", options, metric=table.names[columns[0]])
    return Question(N_("The file has no column of views; choose the column to use."), "metric", options)


def _options(table: Table, found: Layout, columns: list[int]) -> tuple[tuple[str, str], ...]:
    """Each column's name, with its first numbers as a label."""
    rows = [row for row, date in enumerate(first_cells(table.columns[found.date], HEAD)) if not words.is_total(date)]
    return tuple((table.names[i], _label(table.names[i], first_cells(table.columns[i], HEAD), rows)) for i in columns)


def _label(name: str, cells: list[str], rows: list[int]) -> str:
    filled = [cells[row][:SHORT] for row in rows if cells[row]][:FIRST]
    short = name if len(name) <= LABEL else f"{name[:LABEL]}…"
    return f"{short}: {'  '.join(filled)}" if filled else short


def first_cells(column: Column, rows: int) -> list[str]:
    """The first cells of a column."""
    return [column.words[int(code)].as_py() for code in column.codes[:rows]]
