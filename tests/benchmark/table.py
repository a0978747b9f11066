"""The lecture's table three ways, interleaved: this engine, a plain DataLoader loop, and neuralforecast's MLP.

    python -m tests.benchmark.table [--epochs 200] [--rounds 3] [--seeds 10] [--neuralforecast PYTHON]

The engine and the plain loop each have two processes of one thread, busy at the same time, as two runs on two cores
are: the engine trains a stack of seeds in each, the loop a model in each. Both measure both periods every epoch.
neuralforecast has one process, and PYTHON, an interpreter it is installed for, runs it: steps, batch and width are the
same, it measures nothing, and its start is not counted. The share of peak counts the products of training and of
measuring against the fastest product of 1024 x 1024 matrices, by numpy or torch, on both cores at once. All times are
processor times.
"""

import argparse
import os
import subprocess
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median

from forecasting.jobs.machine import use_one_thread, worker_environment
from forecasting.sample import sample_channel
from forecasting.settings import Architecture, RunSettings
from forecasting.split import LECTURE
from forecasting.windows import run_windows
from tests.benchmark.training import BATCH, plain_loop, stacked

TABLE = {f"linear, {days} days": Architecture("linear", days) for days in (1, 7, 28, 56)}
TABLE |= {
    f"{units} {name}": Architecture(name, 56, 1, units) for name in ("sigmoid", "relu") for units in (10, 100, 1000)
}
TABLE |= {f"{layers} layers of 100": Architecture("relu", 56, layers, 100) for layers in (2, 3, 4, 5)}
NEURALFORECAST = """
import logging, sys, time, warnings
warnings.filterwarnings("ignore")
logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
import pandas as pd, torch
torch.set_num_threads(1)
from neuralforecast import NeuralForecast
from neuralforecast.losses.pytorch import MAE
from neuralforecast.models import MLP
layers, units, window, batch, steps, file = *map(int, sys.argv[1:6]), sys.argv[6]
frame = pd.read_csv(file, parse_dates=["Date"]).query("Date <= '2020-12-31'")
frame = frame.rename(columns={"Date": "ds", "Views": "y"}).assign(unique_id="views")
def seconds(steps):
    model = MLP(h=1, input_size=window, num_layers=layers, hidden_size=units, max_steps=steps, batch_size=1,
                windows_batch_size=batch, learning_rate=0.001, loss=MAE(), scaler_type="identity", accelerator="cpu",
                logger=False, enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False)
    begun = time.process_time()
    NeuralForecast([model], freq="D").fit(frame)
    return time.process_time() - begun
seconds(2)
print(seconds(steps + 20) - seconds(20))
"""


def data_of(architecture: Architecture):
    return run_windows(sample_channel().series, RunSettings(LECTURE, architecture))


def engine(architecture: Architecture, epochs: int, seeds: int) -> float:
    """Seconds of one process."""
    data = data_of(architecture)
    return _timed(lambda: stacked(architecture, data, epochs, seeds))


def plain(architecture: Architecture, epochs: int, _seeds: int) -> float:
    """Seconds of one process."""
    data = data_of(architecture)
    return _timed(lambda: plain_loop(architecture, data, epochs))


def neuralforecast(python: str, architecture: Architecture, steps: int) -> float:
    """Seconds of one process for `steps` updates."""
    settings = architecture.layers, architecture.units, architecture.window, BATCH, steps, "data/sample_channel.csv"
    command = [python, "-c", NEURALFORECAST, *map(str, settings)]
    found = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    return float(found.stdout.split()[-1])


def peak(_place: int) -> float:
    """Products a second of one process, in 1e9 floating-point operations: numpy's or torch's, whichever is faster."""
    import numpy as np
    import torch

    some, other = np.ones((2, 1024, 1024), np.float32)
    ways = (lambda: np.matmul(some, other), lambda: torch.mm(torch.from_numpy(some), torch.from_numpy(other)))
    return max(2 * 1024**3 / min(_timed(way) for _ in range(10)) / 1e9 for way in ways)


def operations(architecture: Architecture) -> float:
    """Floating-point operations of the products of one epoch of one model, in 1e9."""
    data, layers = data_of(architecture), list(zip(architecture.sizes, architecture.sizes[1:], strict=False))
    forward = sum((before + 1) * after for before, after in layers)
    backward = 2 * forward - (layers[0][0] + 1) * layers[0][1]  # the first layer hands nothing down
    return 2 * (len(data.train) * (2 * forward + backward) + len(data.held_out) * forward) / 1e9


def compare(epochs: int, rounds: int, seeds: int, python: str | None) -> None:
    """Print a line a row of the table, and the whole."""
    print(f"{'':<18} milliseconds a model and epoch, of one core    times as fast a core as        share")
    print(f"{'':<18} {'engine':>9} {'plain':>9} {'neuralfc.':>10}        {'plain':>8} {'neuralforecast':>16}  of peak")
    whole = []
    with ProcessPoolExecutor(2, get_context("spawn"), initializer=use_one_thread) as workers:
        for name, architecture in TABLE.items():
            for way in (engine, plain):  # a first run loads and allocates
                _both(workers, way, architecture, 1, seeds)
            lines = [_measured(workers, architecture, epochs, seeds, python) for _ in range(rounds)]
            whole.append([median(column) for column in zip(*lines, strict=True)])
            _show(name, *whole[-1])
    compared = [line for line in whole if line[2]]
    _show("the whole table", *(sum(column) for column in list(zip(*whole, strict=True))[:2]), 0, *_peak_of(whole))
    if compared:
        _show("where compared", *(sum(column) for column in list(zip(*compared, strict=True))[:3]), *_peak_of(compared))


def _measured(workers, architecture: Architecture, epochs: int, seeds: int, python: str | None) -> tuple[float, ...]:
    """Seconds a model and epoch, of one core: engine, plain, neuralforecast; then operations, and peak of a core."""
    fast = _both(workers, engine, architecture, epochs, seeds) / epochs / seeds
    few = max(epochs // 10, 1)  # the slow ways are as fast in a tenth of the epochs
    slow = _both(workers, plain, architecture, few, seeds) / few
    other, updates = 0.0, -(-len(data_of(architecture).train) // BATCH)
    if python and architecture.family == "relu":
        other = neuralforecast(python, architecture, updates * few) / few
    return fast, slow, other, operations(architecture), sum(workers.map(peak, range(2))) / 2


def _both(workers, way, architecture: Architecture, epochs: int, seeds: int) -> float:
    """Mean seconds of two processes that do the same at the same time."""
    return sum(future.result() for future in [workers.submit(way, architecture, epochs, seeds) for _ in range(2)]) / 2


def _peak_of(lines: list[list[float]]) -> tuple[float, float]:
    """Operations of several rows, and the peak that they were measured beside."""
    return sum(line[3] for line in lines), sum(line[3] for line in lines) / sum(line[3] / line[4] for line in lines)


def _show(name: str, fast: float, slow: float, other: float, done: float, top: float) -> None:
    library = (f"{other * 1e3:10.1f}", f"{other / fast:15.0f}x") if other else (" " * 10, " " * 16)
    share = done / fast / top
    print(
        f"{name:<18} {fast * 1e3:9.2f} {slow * 1e3:9.2f} {library[0]}        {slow / fast:7.1f}x {library[1]}"
        f"  {share:6.0%}  ({done / fast:.0f} of {top:.0f} GFLOPS)",
        flush=True,
    )


def _timed(work) -> float:
    begun = time.process_time()  # not the clock: others may be using the machine
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--neuralforecast", metavar="PYTHON", help="an interpreter that has neuralforecast")
    given = parser.parse_args()
    os.environ |= worker_environment()
    compare(given.epochs, given.rounds, given.seeds, given.neuralforecast)
