"""Rows with a day and a count -> one count a day without holes, and every correction on the way."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from forecasting.messages import N_, BadInput
from forecasting.reading.choice import Choice, Question
from forecasting.reading.gaps import Evidence, days_of_absent_weekdays, fill_gaps
from forecasting.series import Correction

LAGGING = 3  # days at the end that an export may count too low
HISTORY = 28  # days that say what is low
LARGEST = 1e11  # views a day; all of YouTube has some 1e10
MANY = 0.1  # share of days that may be unreadable before the column is not views

SEVERAL_ROWS = N_("{days} days, such as {day}, have several rows that differ; choose what to do.")
SETTLED = (("sum", N_("Add the rows up")), ("last", N_("Keep the last row")), ("first", N_("Keep the first row")))
CONSTANT = N_("Every day has the same number, {value}, so there is nothing to forecast.")

NOT_MEASURED = N_(
    "Days of weekdays that never have a row, taken as not measured: {count}. Their forecasts follow the other weekdays;"
    " if there can be none then, say that they are closed."
)
CLOSED = N_("Days of weekdays that never have a row, taken as closed, with 0 views: {count}.")
NO_EVIDENCE = Evidence()


@dataclass
class _Work:
    """The series as it is corrected, step by step."""

    choice: Choice
    views: pd.Series
    corrections: list[Correction] = field(default_factory=list)

    def correct(self, text: str, days: pd.DatetimeIndex, option: str = "", **facts: object) -> None:
        if len(days):
            self.corrections.append(Correction(text, tuple(day.date() for day in days), facts, option))


def daily(
    days: np.ndarray,
    counts: np.ndarray,
    choice: Choice,
    *,
    parts: bool,
    adds: bool,
    counted: bool,
    evidence: Evidence = NO_EVIDENCE,
) -> tuple[pd.Series, list[Correction]]:
    """One count a day on a gap-free index, with the corrections.

    days: (rows,) datetime64[D]; counts: (rows,) floats, NaN where unknown. `parts` says that the rows of a day are its
    hours or segments, `adds` that counts may be added up, `counted` that they cannot be negative, `evidence` what the
    file says of days that it does not have. Raises BadInput, or Question where rows disagree.
    """
    work = _Work(choice, pd.Series(dtype=float))
    order = np.diff(days.astype(np.int64))
    if len(order) and (order <= 0).all() and (order < 0).any():
        work.corrections.append(Correction(N_("The rows were newest first and were put in order.")))
    work.views = _one_a_day(work, days, counts, parts, adds)
    known = float(work.views.sum())
    _refuse_sparse(work.views.index, evidence)
    _refuse_impossible(work, counted)
    _trim_start(work)
    _trim_end(work)
    if len(work.views) > 1 and work.views.notna().any() and work.views.min() == work.views.max():
        raise BadInput(CONSTANT, value=f"{work.views.max():g}")
    _settle_absent_weekdays(work)
    _fill(work, evidence, known)
    work.views.index.name = None
    return work.views, work.corrections


def _one_a_day(work: _Work, days: np.ndarray, counts: np.ndarray, parts: bool, adds: bool) -> pd.Series:
    first = days.min()
    place = (days - first).astype(np.int64)
    rows = np.bincount(place)
    index = pd.DatetimeIndex(first + np.flatnonzero(rows)).as_unit("ns")
    if rows.max() > 1 and not parts:
        total = _settle(work, index, pd.Series(counts).groupby(place), rows[rows > 0])
        return pd.Series(total.to_numpy(float), index)
    known = np.bincount(place, ~np.isnan(counts))[rows > 0]
    total = np.bincount(place, np.nan_to_num(counts, posinf=np.inf, neginf=-np.inf))[rows > 0]
    if rows.max() > 1:
        said = N_("The {rows} rows were added up to days.") if adds else N_("The {rows} rows were averaged to days.")
        work.corrections.append(Correction(said, facts={"rows": len(counts)}))
        total = total if adds else total / np.maximum(known, 1)
    return pd.Series(np.where(known > 0, total, np.nan), index)


def _settle(work: _Work, index: pd.DatetimeIndex, grouped, rows: np.ndarray) -> pd.Series:
    """Days with several rows that nothing tells apart: the same number twice is one row twice; others are asked."""
    disagree = (grouped.max() > grouped.min()).to_numpy()
    how = work.choice.duplicates or ("first" if not disagree.any() else None)
    if how is None:
        day = str(index[disagree][0].date())
        raise Question(SEVERAL_ROWS, "duplicates", SETTLED, days=int(disagree.sum()), day=day)
    said = {
        "sum": N_("Days whose rows were added up: {count}."),
        "last": N_("Days of whose rows the last was kept: {count}."),
        "first": N_("Days of whose rows the first was kept: {count}."),
        "same": N_("Days that stood in the file more than once with the same number, counted once: {count}."),
    }
    alike = how != "sum" and not disagree.any()
    work.correct(said["same" if alike else how], index[rows > 1], "duplicates")
    return grouped.sum(min_count=1) if how == "sum" else grouped.last() if how == "last" else grouped.first()


def _refuse_sparse(index: pd.DatetimeIndex, evidence: Evidence) -> None:
    steps = np.diff(index.to_numpy().astype("datetime64[D]").astype(np.int64))
    usual = int(np.percentile(steps, 50, method="lower")) if len(steps) else 1
    if usual <= 1:
        return
    if evidence.cut:
        raise BadInput(N_("The table is cut, and most days are missing; export a shorter period."))
    if usual == 7:
        raise BadInput(N_("The rows are weeks, which cannot be made into days; export the daily numbers."))
    if 28 <= usual <= 31:
        raise BadInput(N_("The rows are months, which cannot be made into days; export the daily numbers."))
    raise BadInput(
        N_("Most rows are {days} days apart, which cannot be made into days; export the daily numbers."), days=usual
    )


def _refuse_impossible(work: _Work, counted: bool) -> None:
    views = work.views
    wrong = views.abs() > LARGEST
    negative = (views < 0) & ~wrong if counted else views.isna() & False
    for bad, refusal in (
        (wrong, N_("{days} days have numbers too large to be views; choose another column or export again.")),
        (negative, N_("{days} days have negative numbers, so the column is not views; choose another.")),
    ):
        if bad.sum() > max(3, MANY * len(views)) or bad.sum() == len(views):
            raise BadInput(refusal, days=int(bad.sum()))
    work.correct(N_("Days with numbers too large to be views, taken as unknown: {count}."), views.index[wrong])
    work.correct(N_("Days with negative numbers, taken as unknown: {count}."), views.index[negative])
    work.views = views.where(~(wrong | negative))
    if work.views.notna().sum() == 0:
        raise BadInput(N_("The column of numbers is empty; export again with the views in it."))


def _trim_start(work: _Work) -> None:
    views = work.views
    known = views.dropna()
    if not (known != 0).any():
        raise BadInput(N_("Every day has zero views, so there is nothing to forecast."))
    first = known.index[0] if work.choice.keep_zeros else known.index[(known != 0).argmax()]
    before = views[views.index < first]
    work.correct(N_("Days before the first count above 0, left out: {count}."), before.index[before == 0], "keep_zeros")
    work.correct(
        N_("Empty days at the start, left out: {count}."),
        before.index[before.isna() & (before.index < known.index[0])],
    )
    work.views = views[views.index >= first]


def _trim_end(work: _Work) -> None:
    last = work.views.last_valid_index()
    empty = work.views.index[work.views.index > last]
    work.correct(N_("Empty days at the end, left out: {count}."), empty)
    work.views = work.views[work.views.index <= last]
    if work.choice.keep_last or len(work.views) < HISTORY + LAGGING:
        return
    lowest = work.views.iloc[-HISTORY - LAGGING : -LAGGING].min()
    if lowest <= 0:
        return
    low = (work.views.iloc[-LAGGING:] < lowest / 2).to_numpy()
    lagging = LAGGING if low.all() else int(low[::-1].argmin())
    if lagging:
        work.correct(
            N_("Last days far lower than four weeks before, as if not yet counted, left out: {count}."),
            work.views.index[-lagging:],
            "keep_last",
        )
        work.views = work.views.iloc[:-lagging]


def _settle_absent_weekdays(work: _Work) -> None:
    """Weekdays without a row: closed, where the user says so."""
    absent = days_of_absent_weekdays(work.views)
    closed = work.choice.absent_weekdays == "closed"
    if closed:
        work.views = work.views.reindex(work.views.index.union(absent))
        work.views[absent] = 0.0
    work.correct(CLOSED if closed else NOT_MEASURED, absent, "absent_weekdays")


def _fill(work: _Work, evidence: Evidence, known: float) -> None:
    work.views, said = fill_gaps(work.views, work.choice.fill, evidence, known=known)
    for text, days, option, facts in said:
        if "{count}" in text:
            work.correct(text, days, option, **facts)
        else:
            work.corrections.append(Correction(text, facts=facts))
