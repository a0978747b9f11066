"""Whether the time left that a page shows is right: told at a quarter, a half and three quarters of a job's time.

    python -m tests.benchmark.time_left auto folds table diagnosis
    python -m tests.benchmark.time_left FILE ...

Each job runs in this process on the sample channel, and Auto on the series of each file; on one thread, and is timed in
seconds of the processor, the second time that it is run, as in a worker that has loaded its libraries. A figure of 1.2
says that 20 % more time was told than was left.
"""

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from forecasting.diagnosis.evidence import gather_in_steps
from forecasting.evaluation.cross_validation import usual_models
from forecasting.evaluation.fold_training import rank
from forecasting.jobs.kinds import Task
from forecasting.jobs.kinds.forecast import forecast
from forecasting.jobs.machine import use_one_thread
from forecasting.jobs.requests import AutoSearch, ForecastRequest
from forecasting.jobs.time_left import RunTime, seconds_left
from forecasting.lectures.model_table import table_settings
from forecasting.models.fitting import build, fit
from forecasting.reading import read_views
from forecasting.sample import sample_channel
from forecasting.series import Channel
from forecasting.split import default_split
from forecasting.windows import run_windows

MOMENTS = (0.25, 0.5, 0.75)  # of the time that a job takes
CHANNEL = sample_channel()
SPLIT = default_split(CHANNEL.views)


def auto(channel: Channel = CHANNEL) -> Iterator[float]:
    """Shares of a forecast by Auto."""
    request = ForecastRequest(28, AutoSearch(3600.0, default_split(channel.views)))
    task = Task("", "", "forecast", channel, request, runs=None)  # type: ignore[arg-type]  # Auto needs no run
    return (progress.share for progress in forecast(task))


def folds() -> Iterator[float]:
    """Shares of a ranking of the usual models on blocked folds."""
    return (share for share, _known in rank(CHANNEL.series, usual_models(SPLIT), "blocked", folds=3))


def table() -> Iterator[float]:
    """Shares of the lecture's table with a tenth of its epochs, its models one after another as by one worker."""
    runs = table_settings(SPLIT, epochs=20)
    times = [RunTime.of(run) for run in runs]
    for place, run in enumerate(runs):
        begun, training = time.process_time(), fit(build(run), run_windows(CHANNEL.series, run), run)
        for done, _row in enumerate(training, 1):
            spent = time.process_time() - begun
            times[place] = RunTime.of(run, done=min(done, times[place].epochs), seconds=spent)
            worked = sum(each.seconds for each in times)
            yield worked / (worked + (seconds_left(times, 1) or 0.0))


def diagnosis() -> Iterator[float]:
    """Shares of the diagnosis of a small network, which is trained once more."""
    run = usual_models(SPLIT)[2]
    return (step.share for step in gather_in_steps(CHANNEL.series, run))


JOBS: dict[str, Callable[[], Iterator[float]]] = {
    "auto": auto,
    "folds": folds,
    "table": table,
    "diagnosis": diagnosis,
}


def told(job: Iterator[float]) -> tuple[float, list[float]]:
    """Seconds that a job takes, and at each of the moments the time left as told over the time left indeed."""
    begun = time.process_time()
    reports = np.array([(time.process_time() - begun, share) for share in job])
    whole = reports[-1, 0]
    return whole, [_told_at(moment * whole, reports) / ((1 - moment) * whole) for moment in MOMENTS]


def _told_at(then: float, reports: np.ndarray) -> float:
    """Seconds that are told to be left: those of the last report, less what has passed since."""
    at, share = reports[reports[:, 0] <= then][-1] if reports[0, 0] <= then else (0.0, 0.0)
    return at / share * (1 - share) - (then - at) if share else np.nan


def main(names: list[str]) -> None:
    """Print a row a job."""
    use_one_thread()
    print("job          seconds  " + "  ".join(f"at {moment:.0%}" for moment in MOMENTS))
    for name in names or JOBS:
        job = JOBS[name] if name in JOBS else partial(auto, read_views(Path(name).read_bytes(), name))
        told(job())
        whole, ratios = told(job())
        print(f"{Path(name).stem:13.12}{whole:7.1f}  " + "  ".join(f"{ratio:6.2f}" for ratio in ratios), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
