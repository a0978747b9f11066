"""Small models of many channels, trained in one stack: a replica may be another channel, with windows of its own.

Channels are stacked where an epoch takes as many updates, since they step together. Their last batches differ in
length; the gradient is found for each length by itself. So nothing is padded, every product and every step is the one
that a channel would have alone, and a channel that diverges disturbs no other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter
from pkgutil import resolve_name

import numpy as np
import torch

from forecasting.networks.inputs import Prepared, prepare, prepared_periods
from forecasting.networks.network import StackedNetwork
from forecasting.networks.normal_equations import least_squares_of_many
from forecasting.networks.optimizers import make_joint_optimizer
from forecasting.networks.schedules import rate
from forecasting.networks.training import REPLICA_GROUP_SIZE, losses_in_views, predict_prepared, replica_groups, train
from forecasting.networks.updates import Descent
from forecasting.settings import Architecture, Training
from forecasting.windows import SplitWindows

BLOCK_SIZE = 2**23  # values of training windows in memory at a time: 32 MB
SOLVE = "forecasting.networks.closed_form:solve"  # loads scikit-learn
BATCH_SIZE = 2**18  # values of a level that an update takes together: 1 MB, what a core's cache holds


@dataclass(frozen=True)
class ChannelFit:
    """What a channel's replicas came to. Losses (seeds,) are in views, MAE or the root of MSE; not finite if diverged.

    `errors` (seeds, windows), or (seeds, windows, horizon), are absolute, in views, on the held-out days; NaN where a
    target was not measured.
    """

    train: np.ndarray
    held_out: np.ndarray
    errors: np.ndarray


def train_channels(
    architecture: Architecture, training: Training, channels: Sequence[SplitWindows]
) -> list[ChannelFit]:
    """Train `training.seeds` replicas of one architecture on each of `channels`; each ends where it would alone."""
    if not _may_stack(training):
        return [_train_alone(architecture, training, data) for data in channels]
    of_block = _solve_block if training.optimizer == "exact" else _train_block
    fits: dict[int, ChannelFit] = {}
    for places in _blocks(training, channels):
        block = [channels[place] for place in places]
        with np.errstate(over="ignore", invalid="ignore"):  # losses say what diverged
            fits |= zip(places, of_block(architecture, training, block), strict=True)
    return [fits[place] for place in range(len(channels))]


def _may_stack(training: Training) -> bool:
    """A line search and a linear programme are each replica's own."""
    return training.optimizer != "lbfgs" and (training.optimizer, training.loss) != ("exact", "mae")


def _train_alone(architecture: Architecture, training: Training, data: SplitWindows) -> ChannelFit:
    network = StackedNetwork(architecture, range(training.seeds), data.inputs)
    if training.optimizer == "exact":
        rows = resolve_name(SOLVE)(network, data, training.loss)
    else:
        rows = train(network, data, training)
    for _row in rows:
        pass
    networks = [network.of(some) for some in replica_groups(network)]
    return _judge(networks, data, prepared_periods(data), loss=training.loss)


def _blocks(training: Training, channels: Sequence[SplitWindows]) -> Iterator[list[int]]:
    """Places of channels with as many updates an epoch and the same inputs, by length; as many as memory is given."""

    def kind(place: int) -> tuple[int, str]:
        return _updates(len(channels[place].train), training), repr(channels[place].inputs)

    ordered = sorted(range(len(channels)), key=lambda place: (kind(place), len(channels[place].train)))
    for _, alike in groupby(ordered, key=kind):
        places = list(alike)
        ends = np.cumsum([channels[place].train.inputs.size for place in places])
        for _, block in groupby(zip(places, ends // BLOCK_SIZE, strict=True), key=itemgetter(1)):
            yield [place for place, _ in block]


def _updates(windows: int, training: Training) -> int:
    """Updates an epoch."""
    return -(-windows // training.batch_size) if training.batch_size else 1


def _train_block(
    architecture: Architecture, training: Training, channels: Sequence[SplitWindows]
) -> Iterator[ChannelFit]:
    seeds = range(training.seeds)
    network = StackedNetwork(architecture, [*seeds] * len(channels), channels[0].inputs)
    pool = _pooled([prepare(data.train, data.scaler, data.inputs) for data in channels])
    edges = np.cumsum([0] + [len(data.train) for data in channels]).tolist()
    rows = [range(*pair) for pair in pairwise(edges) for _ in seeds]  # of each replica
    parts = replica_groups(network.of(slice(len(seeds))))  # of each channel, as when it is alone
    for some, sizes in _groups(network, parts * len(channels), training):
        _descend(Descent(network.of(some), training), pool, rows[some], sizes)
    for place, data in enumerate(channels):
        mine = network.of(slice(place * len(seeds), (place + 1) * len(seeds)))
        yield _judge([mine.of(part) for part in parts], data, prepared_periods(data), loss=training.loss)


def _pooled(periods: Sequence[Prepared]) -> Prepared:
    """The windows of all channels, one channel after the other."""
    names = ("inputs", "targets", "offset", "views")
    return Prepared(*(torch.cat([getattr(period, name) for period in periods]) for name in names))


def _groups(network: StackedNetwork, parts: Sequence[slice], training: Training) -> Iterator[tuple[slice, list[int]]]:
    """Replicas that are updated together, as many `parts` as share a core's cache, and how many each part has."""
    unknowns, batch = network.parameters.shape[1], max(network.sizes) * training.batch_size
    most = min(REPLICA_GROUP_SIZE // unknowns, BATCH_SIZE // batch if batch else 1)
    first = 0
    sizes: list[int] = []
    for part in parts:
        size = part.stop - part.start
        if sizes and sum(sizes) + size > most:
            yield slice(first, first + sum(sizes)), sizes
            first, sizes = first + sum(sizes), []
        sizes.append(size)
    yield slice(first, first + sum(sizes)), sizes


def _descend(descent: Descent, pool: Prepared, rows: Sequence[range], sizes: list[int]) -> None:
    """All epochs of replicas that learn from their own `rows` of `pool`, and step in parts of `sizes` replicas."""
    training = descent.training
    optimizer = make_joint_optimizer(training, _with_gradients(descent, sizes))
    descent.has_holes = pool.has_holes
    last = [(some, descent.of(some)) for some in _equally_long(rows)]
    whole = (_updates(len(rows[0]), training) - 1) * training.batch_size  # windows before the last batch
    for epoch in range(1, training.epochs + 1):
        optimizer.param_groups[0]["lr"] = rate(training, epoch)
        orders = _drawn(rows, descent.orders)
        full = torch.stack([order[:whole] for order in orders])
        for first in range(0, whole, training.batch_size or 1):
            descent.find_gradient(*descent.sample_batch(pool, full[:, first : first + training.batch_size]))
            optimizer.step()
        for some, replicas in last:
            batch = torch.stack([order[whole:] for order in orders[some]])
            replicas.find_gradient(*replicas.sample_batch(pool, batch))
        optimizer.step()


def _with_gradients(descent: Descent, sizes: list[int]) -> list[torch.Tensor]:
    """The parameters in parts of `sizes` replicas, each a tensor that knows its gradient."""
    parts = list(descent.network.parameters.split(sizes))
    for part, gradient in zip(parts, descent.gradient.split(sizes), strict=True):
        part.grad = gradient
    return parts


def _drawn(rows: Sequence[range], generators: Sequence[torch.Generator]) -> list[torch.Tensor]:
    """Each replica's rows in an order of its own."""
    return [
        torch.randperm(len(own), generator=generator) + own.start
        for own, generator in zip(rows, generators, strict=True)
    ]


def _equally_long(rows: Sequence[range]) -> list[slice]:
    """Neighbours that have as many rows."""
    edges = [place for place in range(1, len(rows)) if len(rows[place]) != len(rows[place - 1])]
    return [slice(*pair) for pair in pairwise([0, *edges, len(rows)])]


def _solve_block(
    architecture: Architecture, training: Training, channels: Sequence[SplitWindows]
) -> Iterator[ChannelFit]:
    periods = [prepared_periods(data) for data in channels]
    lines = least_squares_of_many([each["train"] for each in periods])
    for data, prepared, (weights, biases) in zip(channels, periods, lines, strict=True):
        network = StackedNetwork(architecture, range(training.seeds), data.inputs)
        (layer,) = network.weights
        layer[:, :-1], layer[:, -1] = torch.from_numpy(weights), torch.from_numpy(biases)
        yield _judge([network], data, prepared, loss=training.loss)


def _judge(
    networks: Sequence[StackedNetwork], data: SplitWindows, periods: dict[str, Prepared], *, loss: str
) -> ChannelFit:
    losses = losses_in_views(networks, periods, data.scaler, loss=loss)
    predicted = np.concatenate([predict_prepared(network, periods["held_out"], data.scaler) for network in networks])
    errors = np.abs(predicted.reshape(-1, *data.held_out.targets.shape) - data.held_out.targets)
    return ChannelFit(losses["train_loss"], losses["held_out_loss"], errors)
