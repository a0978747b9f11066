"""Auto against every baseline and reference, series by series: MASE, coverage, width and time.

    python -m tests.benchmark.forecast [--seeds 1 2] [--kinds sample yearly] [--horizon 28] [--seconds 60]
    python -m tests.benchmark.forecast --file FILE... [--held-out FIRST:LAST] [--channel NAME] [--dates D] [--metric M]

Series are made (`series.py`) or read. Each method is fitted once, before the held-out period, and forecasts from every
day of it. `--neuralforecast PYTHON`, an interpreter it is installed for, adds its NHITS, trained on the same days for
each horizon and asked from the same origins. Seconds are of the processor, of one thread.
"""

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting.evaluation.backtest import backtest, origins_in, table
from forecasting.evaluation.calibration import fit_method
from forecasting.forecasts.forecast import judged_horizons
from forecasting.jobs.machine import use_one_thread
from forecasting.metrics import mase
from forecasting.models.registry import BUDGET, METHODS
from forecasting.reading import Choice, list_channels, read_views
from forecasting.series import Series
from forecasting.split import Period, last_part
from forecasting.windows import futures
from tests.benchmark.series import KINDS

NHITS = """
import logging, sys, time, warnings
warnings.filterwarnings("ignore")
logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
import pandas as pd, torch
torch.set_num_threads(1)
from neuralforecast import NeuralForecast
from neuralforecast.losses.pytorch import MAE
from neuralforecast.models import NHITS
file, out, first, origins, horizon = *sys.argv[1:4], *map(int, sys.argv[4:6])
frame = pd.read_csv(file, parse_dates=["ds"]).assign(unique_id="views")
known = frame[frame.ds <= first]
begun = time.process_time()
model = NHITS(h=horizon, input_size=56, max_steps=1000, early_stop_patience_steps=5, val_check_steps=50, loss=MAE(),
              learning_rate=0.001, scaler_type="robust", windows_batch_size=64, accelerator="cpu", logger=False,
              enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False)
forecaster = NeuralForecast([model], freq="D")
forecaster.fit(known, val_size=max(len(known) // 5, horizon + 1))
seconds = time.process_time() - begun
rows = []
for place in range(origins):
    seen = frame.iloc[:len(known) + place].tail(400)
    rows.append(forecaster.predict(seen)["NHITS"].to_numpy())
pd.DataFrame(rows).to_csv(out, index=False)
print(seconds)
"""


@dataclass(frozen=True)
class Problem:
    """A series and the days that are held out."""

    name: str
    series: Series
    held_out: Period


def problems(given: argparse.Namespace) -> Iterator[Problem]:
    """What to judge on."""
    if not given.file:
        for kind in KINDS:
            for seed in given.seeds if kind.__name__ in (given.kinds or [one.__name__ for one in KINDS]) else ():
                views = kind(seed)
                yield Problem(f"{kind.__name__} {seed}", Series(views), last_part(views).held_out)
        return
    for file in map(Path, given.file):
        yield from channels_of(file, given)


def channels_of(file: Path, given: argparse.Namespace) -> Iterator[Problem]:
    """The channel asked for, or every one of the file."""
    data, said = file.read_bytes(), Choice(dates=given.dates, metric=given.metric)
    names = [given.channel] if given.channel else list_channels(data, file.name, said)
    for name in names:
        channel = read_views(data, file.name, replace(said, channel=name))
        held_out = Period.parse(given.held_out) if given.held_out else last_part(channel.views).held_out
        yield Problem(f"{file.stem} {name}" if len(names) > 1 else file.stem, channel.series, held_out)


def judge(problem: Problem, given: argparse.Namespace) -> pd.DataFrame:
    """A row for each method and horizon."""
    series, horizon, rows = problem.series, given.horizon, []
    origins = origins_in(series.views, problem.held_out, horizon)
    usual = None
    for name in given.methods:
        begun = time.process_time()
        fitted = fit_method(name, series.until(origins[0]), horizon, budget=given.seconds)
        fitting = time.process_time() - begun
        begun = time.process_time()
        fitted.forecaster.predict(series, origins, horizon)
        asking = time.process_time() - begun
        done = backtest(series, fitted, origins, horizon=horizon)
        usual = usual or done
        found = table(done, usual, judged_horizons(horizon)).assign(method=name, fit=fitting)
        rows.append(found.assign(forecasts=len(origins) / max(asking, 1e-9)))
    if given.neuralforecast:
        rows.append(nhits(problem, origins, given))
    return pd.concat(rows).reset_index().assign(series=problem.name)


def nhits(problem: Problem, origins: pd.DatetimeIndex, given: argparse.Namespace) -> pd.DataFrame:
    """MASE of neuralforecast's NHITS from the same origins."""
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder) / "views.csv", Path(folder) / "forecasts.csv"
        views = problem.series.known
        pd.DataFrame({"ds": views.index, "y": views.to_numpy()}).to_csv(file, index=False)
        arguments = (file, out, origins[0].date(), len(origins), given.horizon)
        done = subprocess.run(
            [given.neuralforecast, "-c", NHITS, *map(str, arguments)],
            capture_output=True, text=True, check=True, cwd=folder, env=os.environ | {"OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        predicted = np.maximum(pd.read_csv(out).to_numpy(), 0)
    actual, known = (
        futures(problem.series.measured, origins, given.horizon),
        problem.series.measured[: origins[0]].to_numpy(),
    )
    rows = []
    for ahead in judged_horizons(given.horizon):
        there = np.isfinite(actual[:, ahead - 1])
        error = mase(actual[there, ahead - 1], predicted[there, ahead - 1], known)
        rows.append({"horizon": ahead, "mase": float(error), "method": "NHITS", "fit": float(done.stdout.split()[-1])})
    return pd.DataFrame(rows).set_index("horizon")


def show(found: pd.DataFrame, horizons: list[int], methods: list[str]) -> None:
    """MASE of every series and method, then means and coverage."""
    for ahead in horizons:
        mine = found[found.horizon == ahead].pivot(index="series", columns="method", values="mase")[methods]
        print(f"\nMASE {ahead} days ahead")
        print(pd.concat([mine, mine.mean().to_frame("mean").T]).round(3).to_string())
        usual = np.exp(np.log(mine.div(mine["last-week"], axis=0)).mean())
        print("geometric mean against last-week:", ", ".join(f"{name} {share:.3f}" for name, share in usual.items()))
        held = found[found.horizon == ahead].pivot(index="series", columns="method", values="coverage_90")[methods]
        print(f"share of days that 90 % intervals held, {ahead} days ahead")
        print(held.round(3).to_string())
    parts = ["coverage_50", "coverage_90", "fit", "forecasts"]
    print("\nmeans over series: coverage of intervals, seconds to fit, forecasts a second")
    print(found.groupby(["method", "horizon"])[parts].mean().round(3).loc[methods].to_string())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--kinds", nargs="+", choices=[kind.__name__ for kind in KINDS])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--horizon", type=int, default=28)
    parser.add_argument("--seconds", type=float, default=BUDGET)
    parser.add_argument("--file", nargs="+")
    for option in ("held-out", "channel", "dates", "metric", "neuralforecast"):
        parser.add_argument(f"--{option}")
    asked = parser.parse_args()
    asked.methods = list(dict.fromkeys(["last-week", *asked.methods]))
    use_one_thread()
    every = []
    for problem in problems(asked):
        every.append(judge(problem, asked))
        print(problem.name, f"{every[-1].fit[every[-1].method == 'auto'].max():.1f} s for Auto", flush=True)
    columns = asked.methods + ["NHITS"] * bool(asked.neuralforecast)
    show(pd.concat(every), judged_horizons(asked.horizon), columns)
