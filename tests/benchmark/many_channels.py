"""Small models of many channels: trained in one stack against a loop over channels, a thread, in one run.

    python -m tests.benchmark.many_channels [--channels 1000] [--share 250] [--loop 20] [--epochs 50] [--seeds 1]
        [--days 600 2000] [--deep]

The loop trains a channel after the other as a run is trained, on the first `--loop` channels; each channel's losses in
the stack are compared with it, and must be the same to the last bit. It measures both periods every epoch, as a curve
needs; the loop without that ("alone") is the stack given a channel at a time. Windows are made a share of the channels
at a time, as a batch does, and are not counted. Times are processor times in milliseconds, of a channel, seed and
epoch; of least squares, which is solved at once, of a channel, and its losses are compared with numpy.linalg.lstsq's.
"""

import argparse
import os
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pandas as pd

from forecasting.jobs.machine import use_one_thread, worker_environment
from forecasting.metrics import rmse
from forecasting.networks.closed_form import solve
from forecasting.networks.many_channels import ChannelFit, train_channels
from forecasting.networks.network import StackedNetwork
from forecasting.networks.training import Row, train
from forecasting.series import Series
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import last_part
from forecasting.windows import SplitWindows, run_windows

TABLE = {f"linear, {days} day{'s' * (days > 1)}": Architecture("linear", days) for days in (1, 7, 28, 56)}
TABLE |= {f"{units} ReLU": Architecture("relu", 56, 1, units) for units in (10, 100)}
DEEP = {"1000 ReLU": Architecture("relu", 56, 1, 1000), "2 layers of 100": Architecture("relu", 56, 2, 100)}
EXACT = Training("mse", "exact")
LAST_BIT = "to the last bit"


def made_channel(seed: int, fewest: int, most: int) -> Series:
    """A level that drifts, a week and noise, of between `fewest` and `most` days."""
    random = np.random.default_rng(seed)
    days = int(random.integers(fewest, most + 1))
    day = np.arange(days)
    week = 1 + 0.2 * np.sin(2 * np.pi * day / 7 + random.normal())
    views = (1000 + day * random.normal()) * week * np.exp(0.2 * random.normal(size=days))
    return Series(pd.Series(np.maximum(views, 1).round(), pd.date_range("2018-01-01", periods=days)))


def windows_of(channels: Sequence[Series], architecture: Architecture) -> list[SplitWindows]:
    """The last part of each channel is held out."""
    return [run_windows(one, RunSettings(last_part(one.views), architecture)) for one in channels]


def timed(work: Callable, *arguments: object) -> tuple[float, list]:
    """Processor seconds, and what came out."""
    begun = time.process_time()  # not the clock: others may be using the machine
    done = work(*arguments)
    return time.process_time() - begun, done


def loop(architecture: Architecture, training: Training, channels: Sequence[SplitWindows]) -> list[Row]:
    """The last row of each channel, fitted after the other."""
    return [_last_row(architecture, training, data) for data in channels]


def _last_row(architecture: Architecture, training: Training, data: SplitWindows) -> Row:
    network = StackedNetwork(architecture, range(training.seeds))
    rows = solve(network, data, "mse") if training == EXACT else train(network, data, training)
    return list(rows)[-1]


def alone(architecture: Architecture, training: Training, channels: Sequence[SplitWindows]) -> list[ChannelFit]:
    """The stack, given a channel at a time."""
    return [train_channels(architecture, training, [data])[0] for data in channels]


def shares(channels: Sequence[Series], size: int) -> Iterator[Sequence[Series]]:
    """Some after the other."""
    return (channels[first : first + size] for first in range(0, len(channels), size))


def compare(channels: list[Series], share: int, loops: int, *, training: Training, deep: bool) -> None:
    """Print a line a model."""
    print(f"{'milliseconds':<24}{'loop':>10}{'alone':>10}{'stack':>10}   times as fast as both")
    each = 1e3 / training.epochs / training.seeds
    for name, architecture in (TABLE | DEEP if deep else TABLE).items():
        measured, rows, fits = _measured(architecture, training, channels, share=share, loops=loops)
        same = all(np.array_equal(row.held_out_loss, fit.held_out) for row, fit in zip(rows, fits, strict=True))
        _show(name, [each * seconds for seconds in measured], LAST_BIT if same else "NOT THE SAME")
    for name, architecture in list(TABLE.items())[:4]:
        measured, _rows, fits = _measured(architecture, EXACT, channels, share=share, loops=loops)
        least = _least(architecture, channels[:loops])
        wrong = np.abs([fit.train[0] / best - 1 for fit, best in zip(fits, least, strict=True)])
        _show(f"{name}, exact", [1e3 * seconds for seconds in measured], f"within {wrong.max():.0e} of numpy's")
    print(f"largest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _measured(
    architecture: Architecture, training: Training, channels: Sequence[Series], *, share: int, loops: int
) -> tuple[list[float], list[Row], list[ChannelFit]]:
    """Seconds a channel of the loop, alone and in the stack; what the loop and the stack made of the first channels."""
    few = windows_of(channels[:loops], architecture)
    for way in (loop, train_channels):
        way(architecture, training, few[:2])  # a first run loads and allocates
    slow, rows = timed(loop, architecture, training, few)
    single, _ = timed(alone, architecture, training, few)
    fast, fits = 0.0, []
    for some in shares(channels, share):
        seconds, found = timed(train_channels, architecture, training, windows_of(some, architecture))
        fast += seconds
        fits += found
    return [slow / len(few), single / len(few), fast / len(channels)], rows, fits[: len(few)]


def _least(architecture: Architecture, channels: Sequence[Series]) -> list[float]:
    """The smallest RMSE of each channel, by numpy."""
    least = []
    for data in windows_of(channels, architecture):
        design = np.column_stack([data.train.inputs, np.ones(len(data.train))])
        weights = np.linalg.lstsq(design, data.train.targets, rcond=None)[0]
        least.append(float(rmse(data.train.targets, design @ weights)))
    return least


def _show(name: str, each: list[float], said: str) -> None:
    times = "".join(f"{milliseconds:10.3f}" for milliseconds in each)
    ratios = "".join(f"{slow / each[-1]:9.1f}x" for slow in each[:-1])
    print(f"{name:<24}{times}{ratios}   {said}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--channels", type=int, default=1000)
    parser.add_argument("--share", type=int, default=250, help="channels whose windows are in memory at a time")
    parser.add_argument("--loop", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--days", type=int, nargs=2, default=(600, 2000), metavar=("FEWEST", "MOST"))
    parser.add_argument("--deep", action="store_true", help="1000 units and two layers as well")
    given = parser.parse_args()
    made = [made_channel(seed, *given.days) for seed in range(given.channels)]
    how = Training(epochs=given.epochs, seeds=given.seeds)
    os.environ |= worker_environment()
    with ProcessPoolExecutor(1, get_context("spawn"), initializer=use_one_thread) as worker:  # as runs are trained
        worker.submit(compare, made, given.share, given.loop, training=how, deep=given.deep).result()
