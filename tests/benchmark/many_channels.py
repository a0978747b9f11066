"""Small models of many channels: trained in one stack against a loop over channels, a thread, in one run.

    python -m tests.benchmark.many_channels [--channels 1000] [--loop 20] [--epochs 50] [--seeds 1] [--days 600 2000]

The loop trains a channel after the other as a run is trained, on the first `--loop` channels; each channel's losses in
the stack are compared with it, and must be the same to the last bit. It measures both periods every epoch, as a curve
needs; the loop without that is the stack given a channel at a time.
Times are processor times of a channel, seed and epoch, in milliseconds.
"""

import argparse
import os
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pandas as pd

from forecasting.jobs.machine import use_one_thread, worker_environment
from forecasting.networks.many_channels import train_channels
from forecasting.networks.network import StackedNetwork
from forecasting.networks.training import train
from forecasting.series import Series
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import last_part
from forecasting.windows import SplitWindows, run_windows

TABLE = {f"linear, {days} days": Architecture("linear", days) for days in (1, 7, 28, 56)}
TABLE |= {f"{units} ReLU": Architecture("relu", 56, 1, units) for units in (10, 100)}
DEEP = {"1000 ReLU": Architecture("relu", 56, 1, 1000), "2 layers of 100": Architecture("relu", 56, 2, 100)}


def made_channel(seed: int, fewest: int, most: int) -> Series:
    """A level that drifts, a week and noise, of between `fewest` and `most` days."""
    random = np.random.default_rng(seed)
    days = int(random.integers(fewest, most + 1))
    day = np.arange(days)
    week = 1 + 0.2 * np.sin(2 * np.pi * day / 7 + random.normal())
    views = (1000 + day * random.normal()) * week * np.exp(0.2 * random.normal(size=days))
    return Series(pd.Series(np.maximum(views, 1).round(), pd.date_range("2018-01-01", periods=days)))


def timed(work: Callable) -> tuple[float, list]:
    """Processor seconds, and what came out."""
    begun = time.process_time()  # not the clock: others may be using the machine
    done = work()
    return time.process_time() - begun, done


def loop(architecture: Architecture, training: Training, channels: list[SplitWindows]) -> list:
    """The last row of each channel, trained after the other."""
    return [[*train(StackedNetwork(architecture, range(training.seeds)), data, training)][-1] for data in channels]


def compare(channels: int, loops: int, epochs: int, *, seeds: int, days: tuple[int, int], deep: bool) -> None:
    """Print a line a model."""
    series = [made_channel(seed, *days) for seed in range(channels)]
    training = Training(epochs=epochs, seeds=seeds)
    print(f"{'ms a channel, seed and epoch':<30}{'loop':>10}{'alone':>10}{'stack':>10}  times as fast as both")
    for name, architecture in (TABLE | DEEP if deep else TABLE).items():
        data = [run_windows(one, RunSettings(last_part(one.views), architecture, training)) for one in series]
        few = data[:loops]
        loop(architecture, Training(epochs=1), few[:1])  # a first run loads and allocates
        slow, rows = timed(lambda: loop(architecture, training, few))  # noqa: B023  called at once
        alone, _ = timed(lambda: [train_channels(architecture, training, [one]) for one in few])  # noqa: B023
        fast, fits = timed(lambda: train_channels(architecture, training, data))  # noqa: B023
        same = all(np.array_equal(row.held_out_loss, fit.held_out) for row, fit in zip(rows, fits, strict=False))
        measured = (slow, len(few)), (alone, len(few)), (fast, len(data))
        _show(name, [1e3 * seconds / count / epochs / seeds for seconds, count in measured], same)
    print(f"largest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _show(name: str, each: list[float], same: bool) -> None:
    times = "".join(f"{milliseconds:10.3f}" for milliseconds in each)
    ratios = "".join(f"{slow / each[-1]:9.1f}x" for slow in each[:-1])
    print(f"{name:<30}{times}{ratios}   {'to the last bit' if same else 'NOT THE SAME'}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--channels", type=int, default=1000)
    parser.add_argument("--loop", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--days", type=int, nargs=2, default=(600, 2000))
    parser.add_argument("--deep", action="store_true", help="1000 units and two layers as well")
    given = parser.parse_args()
    os.environ |= worker_environment()
    with ProcessPoolExecutor(1, get_context("spawn"), initializer=use_one_thread) as worker:  # as runs are trained
        worker.submit(
            compare,
            given.channels,
            given.loop,
            given.epochs,
            seeds=given.seeds,
            days=tuple(given.days),
            deep=given.deep,
        ).result()
