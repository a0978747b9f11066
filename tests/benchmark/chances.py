"""Whether chances to reach a total come true: of months said to reach it with 70 %, did 70 %?

    python -m tests.benchmark.chances [FOLDER ...] [--methods ets] [--seeds 1 2] [--half first]

Series are made (`series.py`) or all the CSV files of the folders. Each method is fitted once, before the last year (or
fifth) of the days, and forecasts from every later day; chances are asked from each month's end for the month that
follows and the one after it, from the 15th for the rest of the month, and every 28 days for the next 28. The series are
halved by the order of their names, every other one: what was chosen was chosen on the first half.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting.evaluation.backtest import joined
from forecasting.evaluation.calibration import fit_method
from forecasting.evaluation.scores import make_scores
from forecasting.forecasts.chances import BINS, PastChance, in_bins, past_chances, record_windows
from forecasting.jobs.machine import use_one_thread
from forecasting.messages import BadInput
from forecasting.reading import Choice, list_channels, read_views
from forecasting.series import Series
from forecasting.split import last_part
from tests.benchmark.series import KINDS

HORIZON = 62  # days: this month and the next
MOST_CHANNELS = 3  # of a file


def main() -> None:
    """Print the table of both halves."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--methods", nargs="+", default=["ets"])
    parser.add_argument("--seeds", nargs="*", type=int, default=[1], help="of the made series; none takes none")
    parser.add_argument("--half", choices=["first", "other"], help="one half alone")
    given = parser.parse_args()
    use_one_thread()
    named = sorted({**made(given.seeds), **dict(read(given.folders))}.items())
    halves = {"first": named[::2], "other": named[1::2]}
    for half in [given.half] if given.half else halves:
        found = [one for method in given.methods for name, one in halves[half] for one in chances_of(one, method, name)]
        print(f"\n{half} half: {', '.join(name for name, _series in halves[half])}")
        show(found)


def made(seeds: list[int]) -> dict[str, Series]:
    """Made series by name."""
    return {f"made {kind.__name__} {seed}": Series(kind(seed)) for kind in KINDS for seed in seeds}


def read(folders: list[Path]) -> Iterator[tuple[str, Series]]:
    """Series of the CSV files in `folders` and below, by file and channel; files that are no daily series are named."""
    for file in sorted(file for folder in folders for file in folder.rglob("*.csv")):
        try:
            for name in list_channels(file.read_bytes(), file.name)[:MOST_CHANNELS]:
                yield f"{file.stem} {name}", read_views(file.read_bytes(), file.name, Choice(channel=name)).series
        except BadInput as unusable:
            print(f"{file.name}: {unusable}")


def chances_of(series: Series, method: str, name: str) -> list[PastChance]:
    """All chances asked of one series; none where its days do not suffice."""
    try:
        learnt = series.until(last_part(series.views).train.last)
        fitted = fit_method(method, learnt, HORIZON)
    except BadInput as unusable:
        print(f"{name}: {unusable}")
        return []
    origins = series.views.index[series.views.index >= learnt.last][:-1]
    later = make_scores(series, origins, fitted.forecaster.predict(series, origins, HORIZON))
    scores = joined(fitted.scores, later)
    return past_chances(series, scores, record_windows(scores, series.last))


def show(found: list[PastChance]) -> None:
    """The bins of all, and of each kind of total."""
    rows = {}
    for kind in ("all", *sorted({one.kind for one in found})):
        for one in in_bins([past for past in found if kind in ("all", past.kind)], BINS):
            rows[kind, f"{100 * one.low:.0f} to {100 * one.high:.0f} %"] = (one.times, 100 * one.said, 100 * one.came)
    frame = pd.DataFrame(rows, index=["times", "said, %", "came, %"]).T
    print(frame.round(1).to_string())
    said, came = (np.array([getattr(one, part) for one in found], float) for part in ("said", "came"))
    print(f"Brier score {((said - came) ** 2).mean():.4f}, of the same chance for all {came.var():.4f}")


if __name__ == "__main__":
    main()
