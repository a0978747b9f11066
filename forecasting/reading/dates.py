"""A column of dates -> days. One reading for the whole column: the one in which the days run on."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from forecasting.messages import N_, BadInput
from forecasting.reading.choice import Order, Question
from forecasting.reading.shapes import COARSE, LONGEST, MAX_WORDS, Shaped, century, from_seconds, shape, split
from forecasting.series import Correction

EARLIEST, LATEST = 1970, 2100
BUDDHIST = 543  # years that the Thai calendar is ahead
MAX_FAILED = 0.01  # share of rows that may hold impossible dates such as 31/2/2020
RUNS_ON = 0.8  # share of rows that stand on the same day as the row above or on the next one
DENSE = 0.9  # share of days between first and last that have a row

COARSE_ROWS = N_("The rows are weeks, months or years ({example}), not days; export the daily numbers.")
ORDER_NAMES = {"dmy": N_("day, month, year"), "mdy": N_("month, day, year"), "ymd": N_("year, month, day")}


@dataclass(frozen=True)
class Days:
    """The day of each row (datetime64[D], NaT where there is none), and how it was read."""

    days: np.ndarray
    failed: int = 0  # rows that look like dates and are none, such as 31/2/2020
    clocks: bool = False  # rows carry different times of day
    zones: bool = False  # rows carry a time zone
    corrections: tuple[Correction, ...] = ()


def read_days(column, order: Order | None = None, native: bool = False) -> Days:
    """The day of each row of a date column. Raises BadInput, or Question where day and month could be either."""
    seconds = from_seconds(column.words)
    texts, clocks, zones = split(column.words if seconds is None else seconds)
    distinct = texts.dictionary_encode()
    if len(distinct.dictionary) > MAX_WORDS:
        raise BadInput(N_("The column of dates has too many different entries; upload one row a day."))
    codes = distinct.indices.to_numpy(zero_copy_only=False)[column.codes]
    shaped = shape(distinct.dictionary.to_pylist(), native)
    _refuse_coarse(shaped, codes)
    reading = _choose(shaped, codes, order)
    days = days_of(shaped, reading)
    bad = np.isnat(days) & (shaped.kinds != "")
    failed = int(np.bincount(codes, minlength=len(days))[bad].sum())
    corrections = _corrections(shaped, reading, days)
    if seconds is not None:
        corrections += (Correction(N_("Times are seconds since 1970 and were taken in UTC.")),)
    return Days(days[codes], failed, clocks, zones, corrections)


def _refuse_coarse(shaped: Shaped, codes: np.ndarray) -> None:
    rows = np.bincount(codes, minlength=len(shaped.words))
    coarse = np.array(
        [
            not kind and len(word) <= LONGEST and bool(COARSE.fullmatch(word.lower()))
            for word, kind in zip(shaped.words, shaped.kinds, strict=True)
        ],
        bool,
    )
    if rows[coarse].sum() > rows[shaped.kinds != ""].sum():
        example = shaped.words[int(np.flatnonzero(coarse)[0])]
        raise BadInput(COARSE_ROWS, example=example)


def orders_of(kind: str) -> tuple[str, ...]:
    if kind == "cell":
        return ("ymd", "ydm")
    return ("dmy", "mdy") if kind.endswith("yyyy") else ("dmy", "mdy", "ymd")


def days_of(shaped: Shaped, reading: dict[str, str]) -> np.ndarray:
    """The day of each word in a reading, an order for each kind; NaT where it is no day."""
    ymd = np.zeros((len(shaped.words), 3), np.int64)
    for kind, order in {"ymd": "ymd", **reading}.items():
        at = shaped.kinds == kind
        numbers = shaped.parts[at]
        ymd[at] = numbers[:, [order.index(part) for part in "ymd"]]
        if kind.endswith("yy") and not kind.endswith("yyyy"):
            ymd[at, 0] = century(ymd[at, 0])
    thai = (ymd[:, 0] > LATEST) & (ymd[:, 0] <= LATEST + BUDDHIST)
    ymd[thai, 0] -= BUDDHIST
    ymd[(ymd[:, 0] < EARLIEST) | (ymd[:, 0] > LATEST)] = 1970, 0, 0  # no day either
    frame = pd.DataFrame(ymd, columns=["year", "month", "day"])
    return pd.to_datetime(frame, errors="coerce").to_numpy().astype("datetime64[D]")


@dataclass(frozen=True)
class _Fit:
    reading: dict[str, str]
    failed: int  # rows that are no day in this reading
    runs: float  # share of rows on the day of the row above, or the next one, forwards or backwards
    dense: float  # share of days between first and last that have a row
    regular: bool  # weekly or monthly throughout


def _fit(shaped: Shaped, codes: np.ndarray, reading: dict[str, str]) -> _Fit:
    days = days_of(shaped, reading)
    dated = shaped.kinds != ""
    failed = int(np.bincount(codes, minlength=len(days))[np.isnat(days) & dated].sum())
    order = days[codes]
    order = order[~np.isnat(order)].astype(np.int64)
    if len(order) < 2:
        return _Fit(reading, failed, 0.0, 0.0, False)
    steps = np.diff(order)
    runs = max(np.isin(steps, (0, 1)).mean(), np.isin(steps, (0, -1)).mean())
    unique = np.unique(order)
    distances = np.diff(unique)
    regular = len(distances) > 0 and (
        bool((distances == 7).all()) or bool(((distances >= 28) & (distances <= 31)).all())
    )
    return _Fit(reading, failed, float(runs), len(unique) / float(unique[-1] - unique[0] + 1), regular)


def _choose(shaped: Shaped, codes: np.ndarray, order: Order | None) -> dict[str, str]:
    """The order of each kind of date in the column whose order is open."""
    kinds = sorted(set(shaped.kinds) - {"", "ymd"})
    if not kinds:
        return {}
    fits = _uniform_fits(shaped, codes, kinds, order)
    settled = [fit for fit in fits if fit.runs >= RUNS_ON or fit.dense >= DENSE and "cell" not in kinds]
    if not order and len(kinds) > 1 and not settled:
        fits = _mixed(shaped, codes, kinds) or fits
    if not fits:
        raise _no_order(shaped, order)
    return _best(fits, shaped).reading


def _uniform_fits(shaped: Shaped, codes: np.ndarray, kinds: list[str], order: Order | None) -> list[_Fit]:
    """Readings with one order throughout in which the fewest rows are no day; none where these are too many."""
    rows = int(np.bincount(codes, minlength=len(shaped.words))[shaped.kinds != ""].sum())
    fits = [_fit(shaped, codes, reading) for reading in _uniform(kinds, order)]
    fewest = min((fit.failed for fit in fits), default=rows)
    if fewest > max(1, int(MAX_FAILED * rows)):
        return []
    return [fit for fit in fits if fit.failed == fewest]


def _uniform(kinds: list[str], order: Order | None) -> list[dict[str, str]]:
    open_kinds = [kind for kind in kinds if kind != "cell"]
    shared = [name for name in ("dmy", "mdy", "ymd") if all(name in orders_of(kind) for kind in open_kinds)]
    cells = {"cell": "ymd"} if "cell" in kinds else {}
    return [{**cells, **dict.fromkeys(open_kinds, name)} for name in shared if order in (None, name)]


def _mixed(shaped: Shaped, codes: np.ndarray, kinds: list[str]) -> list[_Fit]:
    """Readings with an order for each separator, where each row is a day and the days run on."""
    readings = (
        dict(zip(kinds, orders, strict=True)) for orders in product(*map(orders_of, kinds[:4])) if len(kinds) <= 4
    )
    fits = [_fit(shaped, codes, reading) for reading in readings]
    return [fit for fit in fits if not fit.failed and fit.runs >= RUNS_ON and fit.dense >= DENSE]


def _best(fits: list[_Fit], shaped: Shaped) -> _Fit:
    """The only reading, or the only likely one. Raises Question where there are more."""
    if len(fits) == 1:
        return fits[0]
    # Rows in order tell more than days without holes: the first twelve of each month are the same days both ways.
    running = [fit for fit in fits if fit.runs >= RUNS_ON] or [fit for fit in fits if fit.dense >= DENSE]
    if len(running) == 1 and not any(fit.regular for fit in fits if fit is not running[0]):
        return running[0]
    raise _which_order(fits, shaped)


def _which_order(fits: list[_Fit], shaped: Shaped) -> Question:
    example = next(word for word, kind in zip(shaped.words, shaped.kinds, strict=True) if kind in fits[0].reading)
    orders = dict.fromkeys(order for fit in fits for order in fit.reading.values() if order in ORDER_NAMES)
    return Question(
        N_("Dates such as {example} can be read in more than one way; choose the order."),
        "dates",
        tuple((order, ORDER_NAMES[order]) for order in orders),
        example=example,
    )


def _no_order(shaped: Shaped, order: Order | None) -> BadInput:
    examples = [word for word, kind in zip(shaped.words, shaped.kinds, strict=True) if kind not in ("", "ymd", "cell")]
    if order:
        return BadInput(
            N_("Dates such as {example} do not fit the chosen order; choose another."), example=examples[-1]
        )
    return BadInput(
        N_("The dates follow no single order ({first}, {last}); write them as 2021-12-31."),
        first=examples[0],
        last=examples[-1],
    )


def _corrections(shaped: Shaped, reading: dict[str, str], days: np.ndarray) -> tuple[Correction, ...]:
    corrections = []
    for kind, order in reading.items():
        at = np.flatnonzero((shaped.kinds == kind) & ~np.isnat(days))
        if not len(at):
            continue
        if kind == "cell":
            if order == "ydm":
                corrections.append(
                    Correction(
                        N_("Date cells whose day and month were the wrong way round, swapped: {count}."),
                        _dates(days[at]),
                    )
                )
            continue
        facts = {"example": shaped.words[at[0]], "day": str(days[at[0]])}
        corrections.append(Correction(_READ[order], facts=facts, option="dates"))
    return tuple(corrections)


_READ = {
    "dmy": N_("Dates were read as day, month, year: {example} is {day}."),
    "mdy": N_("Dates were read as month, day, year: {example} is {day}."),
    "ymd": N_("Dates were read as year, month, day: {example} is {day}."),
}


def _dates(days: np.ndarray) -> tuple:
    return tuple(np.sort(days).astype(object))
