"""Whether unusual days and changes of level are found at the rate of false alarms that was set.

    python -m tests.benchmark.unusual_days            # five minutes

`alarms`: days marked on quiet series, as a multiple of the rate set; 1 is right. `seen`: made days that were marked
at one false alarm a year, of those made `times` as high. `shifts`: changes of level named on quiet series, in ten
years; 1 is the rate set. `named`: made changes named within a week of their day, %.
"""

import argparse

import numpy as np
import pandas as pd

from forecasting.diagnosis.level_shifts import SIDE, SOON, level_shifts
from forecasting.diagnosis.unusual_days import RATES, find_surprises, unusual_days
from forecasting.series import Series
from tests.support.quiet_series import KINDS, quiet_series, with_shift

LENGTHS = (365, 730, 1825)
TIMES = (0.5, 1.3, 1.5, 2.0)
NEAR = pd.Timedelta(days=7)


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=200, help="series of each kind and length")
    draws = parser.parse_args().draws
    print("alarms, times the rate set:", table(alarms, draws).to_string(), sep="\n")
    print("\nseen at one false alarm a year, %:", table(seen, draws // 4).to_string(), sep="\n")
    print("\nshifts in ten quiet years:", table(false_shifts, draws).to_string(), sep="\n")
    print("\nnamed within a week of their day, four weeks after, %:", table(named, draws // 4).to_string(), sep="\n")
    print("\nnamed within a week after it, %:", table(named_soon, draws // 4).to_string(), sep="\n")


def table(of_kind, draws: int) -> pd.DataFrame:
    """A row a kind and length."""
    rows = {(kind, days): of_kind(kind, days, draws) for kind in KINDS for days in LENGTHS}
    frame = pd.DataFrame(rows).T.round(2)
    frame.index.names = ["series", "days"]
    return frame


def alarms(kind: str, days: int, draws: int) -> dict[str, float]:
    """The rate of alarms over the rate set, for each rate."""
    found = [find_surprises(quiet_series(kind, seed, days)) for seed in range(draws)]
    judged = sum(map(len, found))
    return {
        f"1 in {one_in}": sum(len(unusual_days(each, one_in)) for each in found) * one_in / judged for one_in in RATES
    }


def seen(kind: str, days: int, draws: int) -> dict[str, float]:
    """How many of five made days in a series are marked."""

    def marked(seed: int, times: float) -> float:
        made = np.random.default_rng(seed).choice(np.arange(60, days), 5, replace=False)
        views = quiet_series(kind, seed, days).views.copy()
        views.iloc[made] = np.round(views.iloc[made] * times)
        found = {day.day for day in unusual_days(find_surprises(Series(views)), 365)}
        return float(np.mean([views.index[day].date() in found for day in made]))

    return {f"x{times}": 100 * np.mean([marked(seed, times) for seed in range(draws)]) for times in (0.2, 2.0, 4.0)}


def false_shifts(kind: str, days: int, draws: int) -> dict[str, float]:
    """Changes named where none is, in ten years; those that are certain, and all."""
    found = [level_shifts(quiet_series(kind, seed, days)) for seed in range(draws)]
    years = draws * days / 3652.5
    return {
        "certain": sum(shift.certain for each in found for shift in each) / years,
        "with the last weeks'": sum(map(len, found)) / years,
    }


def named(kind: str, days: int, draws: int) -> dict[str, float]:
    """Made changes that are named within a week of their day, with at least four weeks after it."""
    return {f"x{times}": 100 * _found(kind, days, draws, times=times, after=2 * SIDE) for times in TIMES}


def named_soon(kind: str, days: int, draws: int) -> dict[str, float]:
    """Made changes that are named when the series ends a week after them."""
    return {f"x{times}": 100 * _found(kind, days, draws, times=times, after=SOON) for times in TIMES}


def _found(kind: str, days: int, draws: int, *, times: float, after: int) -> float:
    place, found = days - after, 0
    for seed in range(draws):
        series = with_shift(quiet_series(kind, seed, days), place, times)
        day = series.views.index[place]
        found += any(abs(pd.Timestamp(shift.day) - day) <= NEAR for shift in level_shifts(series))
    return found / draws


if __name__ == "__main__":
    main()
