"""Every file of some folders forecast once by every method: the largest upper edge over the largest day.

    python -m tests.benchmark.bounds FOLDER... [--horizon 28] [--methods last-week ets] [--seconds 60]

A line a channel, a column a method; a method that gives no forecast shows its reason below. Nothing is above 3.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from forecasting.evaluation.calibration import fit_method
from forecasting.forecasts.forecast import horizon_with_totals, make_forecast
from forecasting.jobs.machine import use_one_thread
from forecasting.messages import BadInput
from forecasting.models.registry import METHODS
from forecasting.reading import Choice, read_views
from forecasting.series import Series


def ratio(name: str, series: Series, horizon: int, seconds: float) -> float:
    """The largest edge of the 90 % interval over the largest day."""
    fitted = fit_method(name, series, horizon_with_totals(horizon, len(series.known)), budget=seconds)
    found = make_forecast(fitted.forecaster, fitted, series, scores=fitted.scores, horizon=horizon, levels=[0.9])
    return float(np.nanmax(found.bands[0].upper) / series.views.max())


def series_in(folders: list[str]):
    """Name and series of every file that can be read without a question but for the column."""
    for folder in folders:
        for file in sorted(Path(folder).rglob("*")):
            if file.suffix in (".csv", ".xlsx") and file.is_file():
                for metric in (None, "value"):
                    try:
                        yield file.name, read_views(file.read_bytes(), file.name, Choice(metric=metric)).series
                        break
                    except BadInput as refused:
                        reason = str(refused)
                else:
                    print(f"{file.name}: {reason}", file=sys.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--horizon", type=int, default=28)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args()
    use_one_thread()
    print("file", "days", *asked.methods, sep=",")
    for name, series in series_in(asked.folders):
        shown = []
        for method in asked.methods:
            try:
                shown.append(f"{ratio(method, series, asked.horizon, asked.seconds):.2f}")
            except BadInput as refused:
                shown.append("-")
                print(f"{name}, {method}: {refused}", file=sys.stderr)
        print(name, len(series), *shown, sep=",", flush=True)
