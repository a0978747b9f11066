"""Time per model and epoch: the stacked trainer against two plain loops, one thread each, interleaved.

    python -m tests.benchmark.training [--epochs 3] [--rounds 5] [--replicas 10]

The plain loop takes its batches from a DataLoader, as a first course does. The lean loop is the leanest that PyTorch
alone allows: slices of tensors that are permuted once an epoch, and Adam in one fused step. All shuffle, take a step of
Adam a batch of 64, and measure train and held-out loss at the end of every epoch. Times are processor times.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from statistics import median

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from forecasting.jobs.machine import use_one_thread, worker_environment
from forecasting.networks.network import StackedNetwork
from forecasting.networks.training import train
from forecasting.sample import sample_channel
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import LECTURE
from forecasting.windows import SplitWindows, run_windows

BATCH = 64
RATE = 0.001
TABLE = {  # name -> network, and how many times as fast the stack shall be
    "linear, 1 day": (Architecture("linear", 1), 10),
    "linear, 7 days": (Architecture("linear", 7), 10),
    "linear, 56 days": (Architecture("linear", 56), 10),
    "10 ReLU": (Architecture("relu", 56, 1, 10), 5),
    "100 ReLU": (Architecture("relu", 56, 1, 100), 5),
    "1000 ReLU": (Architecture("relu", 56, 1, 1000), None),
    "2 layers of 100": (Architecture("relu", 56, 2, 100), 3),
    "3 layers of 100": (Architecture("relu", 56, 3, 100), None),
    "4 layers of 100": (Architecture("relu", 56, 4, 100), None),
}


def plain_network(architecture: Architecture) -> nn.Sequential:
    """The network as anyone would write it."""
    parts = []
    for before, after in zip(architecture.sizes, architecture.sizes[1:], strict=False):
        parts += [nn.Linear(before, after), nn.Sigmoid() if architecture.family == "sigmoid" else nn.ReLU()]
    return nn.Sequential(*parts[:-1])


def plain_loop(architecture: Architecture, data: SplitWindows, epochs: int) -> list[tuple[float, float]]:
    """One model, as a first course writes it: train and held-out MAE in views an epoch."""
    return _loop(architecture, data, epochs, batches_of=partial(DataLoader, batch_size=BATCH, shuffle=True))


def lean_loop(architecture: Architecture, data: SplitWindows, epochs: int) -> list[tuple[float, float]]:
    """The same without a DataLoader, and with Adam in one fused step."""
    return _loop(architecture, data, epochs, batches_of=_slices, fused=True)


def _loop(
    architecture: Architecture,
    data: SplitWindows,
    epochs: int,
    *,
    batches_of: Callable[[TensorDataset], Iterable[tuple[torch.Tensor, torch.Tensor]]],
    fused: bool | None = None,
) -> list[tuple[float, float]]:
    train_set, held_out_set = (_dataset(period, data) for period in (data.train, data.held_out))
    network = plain_network(architecture)
    optimizer, criterion = torch.optim.Adam(network.parameters(), lr=RATE, fused=fused), nn.L1Loss()
    rows = []
    for _epoch in range(epochs):
        network.train()
        for inputs, targets in batches_of(train_set):
            optimizer.zero_grad()
            criterion(network(inputs).squeeze(-1), targets).backward()
            optimizer.step()
        rows.append(tuple(_loss(network, part) * data.scaler.spread for part in (train_set, held_out_set)))
    return rows


def _slices(part: TensorDataset) -> Iterable[tuple[torch.Tensor, torch.Tensor]]:
    order = torch.randperm(len(part))
    return zip(*(column[order].split(BATCH) for column in part.tensors), strict=True)


def stacked(architecture: Architecture, data: SplitWindows, epochs: int, replicas: int) -> list:
    """`replicas` models at once."""
    training = Training(epochs=epochs, seeds=replicas, batch_size=BATCH, learning_rate=RATE)
    return list(train(StackedNetwork(architecture, range(replicas)), data, training))


@torch.no_grad()
def _loss(network: nn.Module, part: TensorDataset) -> float:
    network.eval()
    inputs, targets = part.tensors
    return (network(inputs).squeeze(-1) - targets).abs().mean().item()


def _dataset(windows, data: SplitWindows) -> TensorDataset:
    inputs, targets = data.scaler.scale(windows.inputs), data.scaler.scale(windows.targets)
    return TensorDataset(torch.from_numpy(inputs).float(), torch.from_numpy(targets).float())


def _timed(work) -> float:
    begun = time.process_time()  # not the clock: others may be using the machine
    work()
    return time.process_time() - begun


def compare(epochs: int, rounds: int, replicas: int) -> None:
    """Print a line a network; medians of `rounds` interleaved rounds, and how far the ratios ranged."""
    print(
        f"{'ms a model and epoch':<20}{'plain':>8}{'lean':>8}{'stacked':>9}   times as fast as plain, wanted, as lean"
    )
    for name, (architecture, wanted) in TABLE.items():
        data = run_windows(sample_channel().series, RunSettings(LECTURE, architecture))
        _times(architecture, data, 1, 1, replicas)  # a first round loads and allocates
        times = _times(architecture, data, epochs, rounds, replicas)
        plain, lean, stack = (1e3 * median(column) for column in zip(*times, strict=True))
        ratios = [_range(row[loop] / row[-1] for row in times) for loop in (0, 1)]
        goal = f"{wanted}x" if wanted else ""
        print(f"{name:<20}{plain:8.2f}{lean:8.2f}{stack:9.2f}   {ratios[0]:<22} {goal:<5} {ratios[1]}", flush=True)


def _times(architecture: Architecture, data: SplitWindows, epochs: int, rounds: int, replicas: int) -> list[tuple]:
    """Seconds a model and epoch of the plain loop, the lean loop and the stack, a row a round."""
    works = (
        (lambda: plain_loop(architecture, data, epochs), 1),
        (lambda: lean_loop(architecture, data, epochs), 1),
        (lambda: stacked(architecture, data, epochs, replicas), replicas),
    )
    return [tuple(_timed(work) / models / epochs for work, models in works) for _round in range(rounds)]


def _range(ratios: Iterable[float]) -> str:
    ordered = sorted(ratios)
    return f"{median(ordered):.1f}x ({ordered[0]:.1f} .. {ordered[-1]:.1f})"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--replicas", type=int, default=10)
    given = vars(parser.parse_args())
    os.environ |= worker_environment()
    with ProcessPoolExecutor(1, get_context("spawn"), initializer=use_one_thread) as worker:  # as runs are trained
        worker.submit(compare, **given).result()
