"""A table -> which column holds the dates, which the views, which the names of several channels."""

from dataclasses import dataclass

from forecasting.messages import N_, BadInput
from forecasting.reading import numbers, shapes, words
from forecasting.reading.choice import Choice, Question
from forecasting.reading.tables import NO_DATE, Table

NO_NUMBER = N_("The table has no column of numbers beside the dates; export the daily views.")


@dataclass(frozen=True)
class Layout:
    """The columns of a table by what they hold, as indices."""

    date: int
    values: tuple[int, ...]
    kinds: dict[int, str]  # of the numbers in each value column: count, percent, duration
    keys: tuple[int, ...]  # what tells rows of one day apart
    hour: int | None = None

    def views(self, table: Table) -> list[int]:
        return [i for i in self.values if words.is_views(table.header[i]) and self.kinds[i] == "count"]


def layout(table: Table) -> Layout:
    """Raises BadInput where the table has no column of dates or none of numbers."""
    date = _date(table)
    hour = next((i for i, name in enumerate(table.header) if words.is_hour(name) and i != date), None)
    rest = [i for i in range(len(table.columns)) if i not in (date, hour)]
    kinds = {i: numbers.kind(table.columns[i]) for i in rest}
    values = tuple(i for i in rest if kinds[i] and not _is_index(table, i))
    if not values:
        raise BadInput(NO_NUMBER)
    keys = [
        i
        for i in rest
        if (kinds[i] is None or words.is_identifier(table.header[i])) and len(table.columns[i].words) > 0
    ]
    keys.sort(key=lambda i: words.key_rank(table.header[i]))
    return Layout(date, values, {i: kinds[i] for i in values}, tuple(keys), hour)


def _date(table: Table) -> int:
    likely = [
        i
        for i, column in enumerate(table.columns)
        if not words.is_views(table.header[i]) and shapes.share(column) >= 0.5
    ]
    if not likely:
        raise BadInput(NO_DATE)
    return min(likely, key=lambda i: (not words.is_date(table.header[i]), i))


def _is_index(table: Table, i: int) -> bool:
    """Row numbers and identifiers are numbers, but nobody's views."""
    name = table.header[i]
    nameless = words.plain(name) in ("", "unnamed: 0") and any(table.header)
    return nameless or words.is_identifier(name)


def choose_values(table: Table, found: Layout, choice: Choice, *, long: bool, filename: str) -> tuple[list[int], str]:
    """The value columns to read, one a channel, and the metric they hold ("views", or the file's own word).

    Raises Question where no column is called views and none can stand for it, BadInput where the chosen one is missing.
    """
    if choice.metric is not None:
        return [_named(table, found, choice.metric)], "views" if words.is_views(choice.metric) else choice.metric
    views = found.views(table)
    if views:
        return _views(table, views), "views"
    neutral = [i for i in found.values if words.is_neutral(table.header[i])]
    if len(neutral) == 1:
        return neutral, "views"
    strange = [i for i in found.values if words.is_other_metric(table.header[i]) or found.kinds[i] != "count"]
    nameless = not any(table.header)
    from_wikipedia = filename.casefold().startswith("pageviews")
    if not strange and not long and (len(found.values) > 1 or nameless or from_wikipedia):
        return list(found.values), "views"
    if nameless and not strange and len(found.values) == 1:
        return list(found.values), "views"
    raise _ask(table, found)


def _named(table: Table, found: Layout, metric: str) -> int:
    same = [i for i in found.values if words.plain(table.header[i]) == words.plain(metric)]
    if not same:
        raise BadInput(
            N_("The file has no column {metric}; choose one of: {columns}."),
            metric=metric,
            columns=", ".join(header_names(table, found)),
        )
    return same[0]


def header_names(table: Table, found: Layout) -> list[str]:
    return [table.header[i] or str(i + 1) for i in found.values]


def _views(table: Table, views: list[int]) -> list[int]:
    exact = [i for i in views if words.plain(table.header[i]) == "views"] or views
    if len({words.plain(table.header[i]) for i in exact}) == 1:
        return exact
    options = tuple((table.header[i], table.header[i]) for i in exact)
    raise Question(N_("Several columns could be the views; choose one."), "metric", options)


def _ask(table: Table, found: Layout) -> Question:
    # Counts first: a percentage or a duration is seldom what is meant.
    order = sorted(found.values, key=lambda i: (found.kinds[i] != "count", words.is_average(table.header[i])))
    options = tuple((table.header[i], table.header[i]) for i in order if table.header[i])
    if len(options) == 1:
        return Question(
            N_("The numbers are called {metric}, not views; choose it to use them all the same."),
            "metric",
            options,
            metric=options[0][0],
        )
    return Question(N_("The file has no column of views; choose the column to use."), "metric", options)


def channel_names(table: Table, columns: list[int]) -> list[str]:
    """A name for each value column, distinct."""
    names = [table.header[i] or str(i + 1) for i in columns]
    return [
        name if names.count(name) == 1 else f"{name} ({names[: at + 1].count(name)})" for at, name in enumerate(names)
    ]
