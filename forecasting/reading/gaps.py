"""Days that a file does not have: filled by rule, or from what its own total leaves for them, or left unknown."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.messages import N_
from forecasting.reading.choice import Fill

LONG_GAP = 14  # days: two weeks leave nothing to fill from; longer gaps stay unknown and out of the windows
AGREES = 0.01  # of the total, that days may add up to more or less: numbers are rounded
FILLED = {
    "none": N_("Missing days that stay unknown: {count}."),
    "interpolate": N_("Missing days filled on a line between their neighbours: {count}."),
    "same-weekday": N_("Missing days filled on a line, shaped by what is usual on the weekday: {count}."),
}
SHARED = N_("Missing days filled with what the total row leaves for them: {count}.")
NOTHING_LEFT = N_("Missing days that stay unknown, because the total row leaves nothing for them: {count}.")
CUT_OFF = N_("Missing days that stay unknown, because the table is cut: {count}.")
LONG = N_("{count} days lie in gaps of more than {long} days; they stay unknown.")
OFTEN = 4  # times that a weekday must have been without a row before that is a rule
ADDS_UP = N_("The days add up to {sum}, but the total row says {total}.")


@dataclass(frozen=True)
class Evidence:
    """What the file says about the days that it does not have."""

    total: float | None = None  # views of all days, of the file's total row
    cut: bool = False  # it holds only its highest rows


def fill_gaps(
    views: pd.Series, fill: Fill, evidence: Evidence, *, known: float
) -> tuple[pd.Series, list[tuple[str, pd.DatetimeIndex, str, dict[str, object]]]]:
    """The series on all days from first to last; what to say of which days, with the option that has it otherwise.

    views: floats on a DatetimeIndex; known: the sum of all days that the file has.
    """
    whole = views.asfreq("D")
    missing = whole.isna()
    if not missing.any():
        return whole, [(ADDS_UP, whole.index, "", facts) for facts in _disagreement(known, evidence.total)]
    long = _long(missing)
    short = missing & ~long
    filled, said = _fill(whole, short, fill), FILLED[fill]
    if fill != "none" and (evidence.cut or evidence.total is not None):
        filled, said = _heed(filled, whole, short, said, evidence, known=known)
    facts_of_long: dict[str, object] = {"long": LONG_GAP}
    return filled, [(said, whole.index[short], "fill", {}), (LONG, whole.index[long], "", facts_of_long)]


def days_of_absent_weekdays(views: pd.Series) -> pd.DatetimeIndex:
    """Days without a count of weekdays that never have one, outside of long gaps; none where that may be chance.

    views: floats on a DatetimeIndex that need not have every day.
    """
    whole = views.asfreq("D")
    missing = whole.isna()
    by_weekday = missing.groupby(whole.index.day_of_week)
    never = by_weekday.transform("all") & (by_weekday.transform("size") >= OFTEN)
    return whole.index[never & ~_long(missing)]


def _long(missing: pd.Series) -> pd.Series:
    """Which days lie in gaps of more than LONG_GAP days."""
    run = (missing != missing.shift()).cumsum()
    return missing & (missing.groupby(run).transform("size") > LONG_GAP)


def _heed(
    filled: pd.Series, whole: pd.Series, short: pd.Series, said: str, evidence: Evidence, *, known: float
) -> tuple[pd.Series, str]:
    """The days as they were filled where the file does not speak against it, else as it says."""
    missing = whole.isna().sum()
    if evidence.total is None:
        return whole, CUT_OFF
    rest = (evidence.total - known) * short.sum() / missing
    if rest <= 0:
        return whole, NOTHING_LEFT
    wanted = filled[short].sum()
    if not evidence.cut and wanted <= rest:
        return filled, said
    if rest / short.sum() > whole.min():  # days that lie outside have a part in it
        return (whole, CUT_OFF) if evidence.cut else (filled, said)
    share = filled * (rest / wanted) if wanted > 0 else pd.Series(rest / short.sum(), whole.index)
    return whole.where(~short, share), SHARED


def _disagreement(known: float, total: float | None) -> list[dict[str, object]]:
    if total is None or abs(total - known) <= AGREES * max(abs(total), abs(known)):
        return []
    return [{"sum": f"{known:,.0f}", "total": f"{total:,.0f}"}]


def _fill(whole: pd.Series, short: pd.Series, fill: Fill) -> pd.Series:
    if fill == "none":
        return whole
    filled = whole.interpolate("time") if fill == "interpolate" else _same_weekday(whole)
    return whole.where(~short, filled)


def _same_weekday(views: pd.Series) -> pd.Series:
    """A line between the neighbours, shaped by what each weekday usually was of the week that it ends.

    It rests on days before and on the next measured one, so that no held-out day has a part in what is learnt from: no
    window is learnt from whose target is filled in, or follows a filled day at once.
    """
    level = views.rolling(7, min_periods=4).mean()
    shares = (views / level.where(level > 0)).groupby(views.index.day_of_week)
    usual = shares.transform(lambda share: share.expanding().median().ffill())
    usual = usual.where(usual > 0).fillna(1.0)
    return (views / usual).interpolate("time") * usual


def is_ranked(days: np.ndarray, counts: np.ndarray) -> bool:
    """Whether rows stand from the highest number down and not by day: a list of the best days."""
    if len(days) < 8 or np.isnan(counts).any():
        return False
    order = np.diff(days.astype(np.int64))
    by_day = (order >= 0).all() or (order <= 0).all()
    return not by_day and bool((np.diff(counts) <= 0).all() and counts[0] > counts[-1])
