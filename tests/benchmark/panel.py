"""Every method on every series of a folder: errors, intervals and time over the last half year, beside other libraries.

    python -m tests.benchmark.panel FOLDER... [--half tuning|checking] [--methods last-week auto ...] [--peers PYTHON]

A file is `date,value` rows, or anything that `viewcast read` reads. The last 168 days are held out (84 where there are
fewer than 500). A method is fitted once, on the days before, and forecasts 28 days from every day of them whose 28
days are there. An error is a MASE: absolute, over the mean change from week to week in the days before; one day ahead
that of the day, 7 and 28 days ahead the mean over the days. Intervals are those of the day that far ahead and of the
totals of 7 and 28 days: share held, and Winkler's score of the 90 % interval in the same unit.

`--known DAYS` asks the same of new channels: of every series, four pieces at places drawn with a fixed seed.
`--half` takes every other series, by name: choose on the tuning half, and look at the checking half once at the end.
`--peers`, an interpreter with statsforecast, lightgbm, scikit-learn and neuralforecast (those that are there), adds
their methods.
It prints the MASE of every series; its geometric mean against the same day last week and against the best reference
*of each series*, with 90 % intervals over series; shares of intervals held, scores, and seconds. Scores stand against
those of the best reference of each series that has intervals. `--hindsight` shows Auto's error beside that of the best
fixed mixture of its members, which only the days to come could have told.
"""

import argparse
import os
import subprocess
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting.evaluation.backtest import Backtest, backtest
from forecasting.evaluation.calibration import fit_method
from forecasting.jobs.machine import use_one_thread
from forecasting.messages import BadInput
from forecasting.models.ensemble.auto import Auto, forecasts_of
from forecasting.models.registry import METHODS, SKILL_BASELINE
from forecasting.reading import read_views
from forecasting.series import Series
from forecasting.windows import futures

HORIZON = 28
AHEAD = (1, 7, 28)
TOTALS = (7, 28)
LEVEL = 0.9
REFERENCES = (SKILL_BASELINE, "ets", "AutoETS", "AutoTheta", "LightGBM", "NHITS")
PEERS = ("AutoETS", "AutoTheta", "LightGBM", "NHITS")
DRAWS = 2000  # of series, for intervals over them
STEPS = 400  # of the descent to hindsight's mixture
FEWEST_HELD = 0.8  # of a series' days
HELD_OUT, FEW_HELD_OUT = 168, 84  # days, the fewer where there are less than ENOUGH
ENOUGH = 500
PIECES = 4  # of a series, where few days shall be known


@dataclass(frozen=True)
class Problem:
    """A series, and the days from which to forecast."""

    name: str
    series: Series
    origins: pd.DatetimeIndex
    unit: float  # views: the mean change from week to week before the first origin

    @property
    def actual(self) -> np.ndarray:
        """(origins, HORIZON), NaN where not measured."""
        return futures(self.series.measured, self.origins, HORIZON)


def series_of(file: Path, known: int | None) -> dict[str, Series]:
    """The series of a file, or PIECES of it with so many days and FEW_HELD_OUT; BadInput where there are none."""
    series = read_views(file.read_bytes(), file.name).series
    if known is None:
        return {file.stem: series}
    days = known + FEW_HELD_OUT
    if len(series) < days:
        raise BadInput("{count} days are too few for pieces of {days}", count=len(series), days=days)
    firsts = np.random.default_rng(known).integers(0, len(series) - days + 1, PIECES)
    views = [series.views.iloc[first : first + days] for first in firsts]
    pieces = [Series(piece, filled=series.filled.intersection(piece.index)) for piece in views]
    return {f"{file.stem} {place}": piece for place, piece in enumerate(pieces)}


def problem_of(name: str, series: Series, held_out: int) -> Problem:
    """Raises BadInput where an error has no unit."""
    origins = series.views.index[-held_out - 1 : -HORIZON]
    before = series.measured[: origins[0]].to_numpy()
    unit = float(np.nanmean(np.abs(before[7:] - before[:-7])))
    if not unit:
        raise BadInput("every week is like the one before: an error has no unit")
    return Problem(name, series, origins, unit)


def forecast(problem: Problem, method: str, *, hindsight: bool = False) -> dict[str, float]:
    """The figures of a method of ours; of Auto, if asked, also those of `hindsight`."""
    begun = time.process_time()
    fitted = fit_method(method, problem.series.until(problem.origins[0]), HORIZON)
    seconds = time.process_time() - begun
    done = backtest(problem.series, fitted, problem.origins, horizon=HORIZON)
    found = errors(problem, done.predicted) | interval_scores(problem, done) | {"seconds": seconds}
    if hindsight and isinstance(fitted.forecaster, Auto):
        found |= in_hindsight(problem, fitted.forecaster)
    return found


def in_hindsight(problem: Problem, auto: Auto) -> dict[str, float]:
    """MASE of the mixture of the members of `auto` whose fixed weights would have been best, for each of AHEAD."""
    usual = auto.holidays.without(problem.series)
    members = [
        auto.holidays.added(forecasts_of(member, usual, problem.origins, horizon=HORIZON), problem.origins)
        for member in auto.members
    ]
    found = {}
    for ahead in AHEAD:
        forecasts = np.stack(members)[:, :, :ahead] / problem.unit
        weights = best_weights(forecasts.reshape(len(members), -1), problem.actual[:, :ahead].ravel() / problem.unit)
        predicted = np.tensordot(weights, np.stack(members), axes=1)
        found[f"hindsight_{ahead}"] = errors(problem, predicted)[f"mase_{ahead}"]
    return found


def best_weights(forecasts: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Weights (members,) of `forecasts` (members, days) that sum to 1, for a small mean absolute error.

    By exponentiated gradients (Kivinen and Warmuth 1997), the best of the way.
    """
    known = np.isfinite(actual)
    forecasts, actual = forecasts[:, known], actual[known]
    weights = best = np.full(len(forecasts), 1 / len(forecasts))
    smallest = np.inf
    for step in range(1, STEPS + 1):
        off = weights @ forecasts - actual
        if np.abs(off).mean() < smallest:
            smallest, best = np.abs(off).mean(), weights
        slope = forecasts @ np.sign(off) / len(actual)
        weights = weights * np.exp(-2 * (slope - slope.min()) / np.sqrt(step))
        weights = weights / weights.sum()
    return best


def forecast_by_peer(problem: Problem, method: str, interpreter: str) -> dict[str, float]:
    """The figures of another library's method; it has intervals of days at most."""
    with tempfile.TemporaryDirectory() as folder:
        views, out = Path(folder) / "views.csv", Path(folder) / "out.npz"
        known = problem.series.known
        pd.DataFrame({"ds": known.index, "y": known.to_numpy()}).to_csv(views, index=False)
        days = [str(day.date()) for day in problem.origins]
        script = Path(__file__).parent / "peers.py"
        command = [interpreter, str(script), str(views), str(out), method, days[0], str(HORIZON), *days]
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=folder, env=os.environ | {"OMP_NUM_THREADS": "1"}, check=False
        )
        if done.returncode:
            print(f"{problem.name}: {method} failed: {done.stderr.strip().splitlines()[-1:]}")
            return {}
        found = np.load(out)
        edges = {f"held_{ahead}": held(problem.actual, found, ahead) for ahead in AHEAD}
        scores = {f"winkler_{ahead}": winkler_of(problem, found, ahead) for ahead in AHEAD}
        return errors(problem, found["predicted"]) | edges | scores | {"seconds": float(found["seconds"])}


def errors(problem: Problem, predicted: np.ndarray) -> dict[str, float]:
    """MASE over 1, 7 and 28 days ahead."""
    off = np.abs(predicted - problem.actual) / problem.unit
    return {f"mase_{ahead}": float(np.nanmean(np.nanmean(off[:, :ahead], axis=1))) for ahead in AHEAD}


def interval_scores(problem: Problem, done: Backtest) -> dict[str, float]:
    """Shares held and Winkler scores of days and totals."""
    found: dict[str, float] = {}
    for ahead in AHEAD:
        low, high = done.lower[LEVEL][:, ahead - 1], done.upper[LEVEL][:, ahead - 1]
        actual = problem.actual[:, ahead - 1]
        found |= {
            f"held_{ahead}": share(actual, low, high),
            f"winkler_{ahead}": winkler(actual, low, high) / problem.unit,
        }
    for place, days in enumerate(TOTALS, start=HORIZON):
        low, high = done.lower[LEVEL][:, place], done.upper[LEVEL][:, place]
        actual = problem.actual[:, :days].sum(axis=1)
        found |= {f"held_total_{days}": share(actual, low, high)}
        found |= {f"winkler_total_{days}": winkler(actual, low, high) / problem.unit / days}
    return found


def share(actual: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    """Of the days known, those within the edges."""
    known = np.isfinite(actual) & np.isfinite(low)
    return float(((low <= actual) & (actual <= high))[known].mean()) if known.any() else np.nan


def winkler(actual: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    """Width, and 2 / (1 - level) times what lies beyond (Winkler, 1972)."""
    beyond = np.maximum(low - actual, 0) + np.maximum(actual - high, 0)
    return float(np.nanmean(high - low + 2 / (1 - LEVEL) * beyond))


def held(actual: np.ndarray, found, ahead: int) -> float:
    """Of a peer's intervals."""
    return share(actual[:, ahead - 1], found["lower"][:, ahead - 1], found["upper"][:, ahead - 1])


def winkler_of(problem: Problem, found, ahead: int) -> float:
    """Of a peer's intervals."""
    edges = found["lower"][:, ahead - 1], found["upper"][:, ahead - 1]
    return winkler(problem.actual[:, ahead - 1], *edges) / problem.unit if np.isfinite(edges[0]).any() else np.nan


def summary(found: pd.DataFrame, ahead: int) -> pd.DataFrame:
    """A row a method: errors `ahead` days ahead against the usual baseline, and against the best reference of each."""
    table = found.pivot(index="series", columns="method", values=f"mase_{ahead}")
    best = table[[name for name in REFERENCES if name in table]].min(axis=1)
    rows = {}
    for method in table:
        to_usual, to_best = table[method] / table[SKILL_BASELINE], table[method] / best
        rows[method] = {"to last week": ratio(to_usual), "at most": round(to_usual.max(), 3)}
        if method not in REFERENCES:
            rows[method] |= {"to the best of each": ratio(to_best), "at most that": round(to_best.max(), 3)}
    return pd.DataFrame(rows).T.fillna("")


def scores_against_best(found: pd.DataFrame) -> pd.DataFrame:
    """A row a method: the Winkler score against that of the best reference of each series, as a geometric mean."""
    rows: dict[str, dict[str, str]] = {}
    for part in [name for name in found if name.startswith("winkler")]:
        table = found.pivot(index="series", columns="method", values=part)
        best = table[[name for name in REFERENCES if name in table]].min(axis=1)
        for method in table:
            if table[method].notna().any():
                rows.setdefault(method, {})[part] = ratio(table[method] / best)
    return pd.DataFrame(rows).T


def gap_to_hindsight(found: pd.DataFrame) -> None:
    """Auto's error as a geometric mean against that of hindsight's mixture."""
    mine = found[found.method == "auto"]
    for ahead in AHEAD:
        to_best = mine[f"mase_{ahead}"] / mine[f"hindsight_{ahead}"]
        print(f"\nAuto's MASE beside hindsight's best mixture of its members, {ahead} days ahead: {ratio(to_best)}")


def ratio(values: pd.Series) -> str:
    """The geometric mean with its 90 % interval, series drawn anew."""
    logs = np.log(values.dropna().to_numpy())
    drawn = np.random.default_rng(0).choice(logs, (DRAWS, len(logs))).mean(axis=1)
    low, high = np.exp(np.quantile(drawn, [0.05, 0.95]))
    return f"{np.exp(logs.mean()):.3f} ({low:.3f} to {high:.3f})"


def show(found: pd.DataFrame) -> None:
    """Every series, then every method."""
    with pd.option_context("display.width", 250, "display.max_columns", 50, "display.max_colwidth", 120):
        for ahead in AHEAD:
            print(f"\nMASE over {ahead} days ahead")
            print(found.pivot(index="series", columns="method", values=f"mase_{ahead}").round(3).to_string())
            print(f"\nThe same as geometric means (90 % interval over series), {ahead} days ahead")
            print(summary(found, ahead).to_string())
        parts = [name for name in found if name.startswith(("held", "winkler", "seconds"))]
        print("\nmeans over series; least share of a series")
        print(found.groupby("method")[parts].mean().round(3).to_string())
        shares = [name for name in parts if name.startswith("held")]
        print(found.groupby("method")[shares].min().round(2).to_string())
        print(f"\nseries of which less than {FEWEST_HELD:.0%} is held")
        print((found.set_index("method")[shares] < FEWEST_HELD).groupby(level=0).sum().to_string())
        print("\nWinkler scores as geometric means against the best reference of each series")
        print(scores_against_best(found).to_string())
        if "hindsight_1" in found:
            gap_to_hindsight(found)


def figures_of(problem: Problem, asked: argparse.Namespace) -> list[dict]:
    """A row a method, of ours and of others."""
    rows = []
    for method in dict.fromkeys([SKILL_BASELINE, *asked.methods]):
        try:
            figures = forecast(problem, method, hindsight=asked.hindsight)
        except BadInput as unable:
            print(f"{problem.name}: {method}: {unable}")
            continue
        rows.append({"series": problem.name, "method": method} | figures)
    for peer in PEERS if asked.peers else ():
        if peer not in asked.leave_out and (found := forecast_by_peer(problem, peer, asked.peers)):
            rows.append({"series": problem.name, "method": peer} | found)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="+", type=Path)
    parser.add_argument("--half", choices=("tuning", "checking"))
    parser.add_argument("--known", type=int, help="days before the first forecast; of each series, four such pieces")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--peers", help="an interpreter that has the other libraries")
    parser.add_argument("--hindsight", action="store_true", help="also the best mixture of Auto's members, afterwards")
    parser.add_argument("--leave-out", nargs="*", default=[], choices=PEERS)
    asked = parser.parse_args()
    use_one_thread()
    warnings.filterwarnings("ignore", "Mean of empty slice")  # an origin none of whose days was measured
    files = sorted(file for folder in asked.folder for file in ([folder] if folder.is_file() else folder.iterdir()))
    if asked.half:
        files = files[asked.half == "checking" :: 2]
    rows = []
    for file in files:
        try:
            for name, series in series_of(file, asked.known).items():
                few = asked.known or len(series) < ENOUGH
                rows += figures_of(problem_of(name, series, FEW_HELD_OUT if few else HELD_OUT), asked)
                print(f"{name}: {len(series)} days", flush=True)
        except BadInput as unable:
            print(f"{file.name}: {unable}")
    if rows:
        show(pd.DataFrame(rows))


if __name__ == "__main__":
    main()
