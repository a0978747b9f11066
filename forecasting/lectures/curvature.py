"""Curvature of a network's loss, exactly or by its ends, and what a step along it does. For workers: it needs torch.

    loss = squared_error(network, prepared_periods(data)["train"])       # a function of one replica's unknowns
    at = unknowns(network)                                               # where it stands, in double precision
    spectrum(hessian(loss, at))                                          # up to MOST_EXACT unknowns
    extremes(loss, at)[0]; sharpness(loss, at)                           # the ends alone, of any network
    escape(loss, at, lowest_direction(matrix), lengths=reach(at))
    for snapshot in snapshots(series, settings, epochs): ...             # a run's weights on the way
    plane(loss, [snapshot.unknowns for snapshot in ...])

A Hessian's column is the derivative of the gradient along one unknown (jvp of grad), many columns at once. Everything
is in double precision: in single an eigenvalue of a millionth of the largest is noise.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg
import torch
from torch.func import grad, jvp, vmap

from forecasting.lectures.critical_points import Escape, Extremes, Plane, Spectrum
from forecasting.models.fitting import build
from forecasting.networks.inputs import Prepared
from forecasting.networks.network import StackedNetwork
from forecasting.networks.training import diverged, train
from forecasting.series import Series
from forecasting.settings import RunSettings
from forecasting.windows import run_windows

MOST_EXACT = 3000  # unknowns: above, a Hessian takes minutes and gigabytes
COLUMNS = 64  # of a Hessian at once: for 100 units and four years 70 MB
MOST_PRODUCTS = 400
LANCZOS_MEMORY = 2**28  # bytes of the vectors kept
PRECISION = 1e-6  # of the largest eigenvalue: how far an end may be from one
PLANE_PLACES = 31  # along each direction
PLANE_MARGIN = 0.25  # around the path, of its width

Loss = Callable[[torch.Tensor], torch.Tensor]  # unknowns (n,) in double precision to a number


# The loss of a network


def squared_error(network: StackedNetwork, prepared: Prepared) -> Loss:
    """The mean squared error of the network's first replica over measured targets, as prepared, by its unknowns.

    Without penalties and without dropout; batch normalization by its moving averages: the network as it predicts.
    """
    alone = network.of(slice(0, 1))
    inputs = prepared.inputs[None, :, :-1].double()
    measured = ~prepared.targets.isnan()
    targets = prepared.targets.nan_to_num().double()
    alone.running = alone.running.double()
    if network.architecture.family == "hard-sigmoid":
        alone.activation = _hard_sigmoid

    def loss(at: torch.Tensor) -> torch.Tensor:
        residual = (alone(inputs, alone.parts(at[None]))[0] - targets) * measured
        return residual.square().sum() / measured.sum()

    return loss


def _hard_sigmoid(x: torch.Tensor) -> torch.Tensor:
    """As torch.nn.functional's, which has no derivative by jvp."""
    return (x / 6 + 0.5).clamp(0, 1)


def unknowns(network: StackedNetwork, replica: int = 0) -> torch.Tensor:
    """The unknowns (n,) of a replica in double precision."""
    return network.parameters[replica].double()


def gradient_norm(loss: Loss, at: torch.Tensor) -> float:
    """The length of the gradient."""
    return float(grad(loss)(at).norm())


# Curvature


def hessian(loss: Loss, at: torch.Tensor, columns: int = COLUMNS) -> np.ndarray:
    """All second derivatives (n, n) of the loss at `at` (n,)."""
    along = vmap(lambda direction: jvp(grad(loss), (at,), (direction,))[1])
    matrix = torch.cat([along(block) for block in torch.eye(len(at), dtype=at.dtype).split(columns)])
    return ((matrix + matrix.T) / 2).numpy()


def spectrum(matrix: np.ndarray) -> Spectrum:
    """The eigenvalues of a symmetric matrix."""
    return Spectrum(np.linalg.eigvalsh(matrix))


def lowest_direction(matrix: np.ndarray) -> np.ndarray:
    """The eigenvector (n,) of the lowest eigenvalue of a symmetric matrix, of length 1."""
    return scipy.linalg.eigh(matrix, subset_by_index=[0, 0])[1][:, 0]


def extremes(loss: Loss, at: torch.Tensor, seed: int = 0) -> tuple[Extremes, np.ndarray]:
    """Both ends of the spectrum without the Hessian, and the direction (n,) of the lowest.

    Lanczos with all vectors kept upright on each other, until both ends stand still or MOST_PRODUCTS are spent. What it
    finds lies within the true ends, so a lowest one below zero is no error.
    """
    found = _lanczos(loss, at, seed, both=True)
    lowest, highest = map(float, found.values[[0, -1]])
    return Extremes(lowest, highest, found.products), found.lowest


def sharpness(loss: Loss, at: torch.Tensor, seed: int = 0) -> float:
    """The highest eigenvalue: how sharply the loss rises around a minimum."""
    return float(_lanczos(loss, at, seed, both=False).values[-1])


@dataclass(frozen=True, eq=False)
class _Lanczos:
    values: np.ndarray  # Ritz values, the lowest first
    lowest: np.ndarray  # the Ritz vector of the first
    products: int


def _lanczos(loss: Loss, at: torch.Tensor, seed: int, *, both: bool) -> _Lanczos:
    most = max(min(MOST_PRODUCTS, len(at), LANCZOS_MEMORY // (8 * len(at))), 2)
    slope = grad(loss)
    basis = np.empty((min(most, len(at)), len(at)))
    start = np.random.default_rng(seed).normal(size=len(at))
    basis[0] = start / np.linalg.norm(start)
    diagonal: list[float] = []
    beside: list[float] = []
    for step in range(len(basis)):
        known = basis[: step + 1]
        product = jvp(slope, (at,), (torch.from_numpy(known[-1]),))[1].numpy().copy()
        diagonal.append(float(product @ known[-1]))
        for _twice in range(2):  # once leaves what rounding has added
            product -= known.T @ (known @ product)
        length = float(np.linalg.norm(product))
        values, vectors = scipy.linalg.eigh_tridiagonal(diagonal, beside)
        largest = np.abs(values).max()
        missing = length * np.abs(vectors[-1])  # how far each value may be from an eigenvalue
        ends = missing[[0, -1]] if both else missing[-1:]
        if step + 1 == len(basis) or (ends <= PRECISION * largest).all():
            break
        beside.append(length)
        basis[step + 1] = product / length
    return _Lanczos(values, known.T @ vectors[:, 0], step + 1)


# Steps


def escape(loss: Loss, at: torch.Tensor, direction: np.ndarray, *, lengths: np.ndarray) -> Escape:
    """Losses at steps from `at` along `direction` (n,), turned so that the loss does not rise at first."""
    slope, along = grad(loss)(at), torch.from_numpy(direction / np.linalg.norm(direction))
    along = -along if float(slope @ along) > 0 else along
    curved = float(jvp(grad(loss), (at,), (along,))[1] @ along)
    losses = np.array([float(loss(at + float(length) * along)) for length in lengths])
    return Escape(np.asarray(lengths, float), losses, float(slope @ along), curved)


def step_lengths(at: torch.Tensor, count: int = 30, share: float = 0.5) -> np.ndarray:
    """Lengths of steps (2 count + 1,) either way: 0, and up to a share of the length of all unknowns."""
    longest = share * max(float(at.norm()), 1.0)
    one_way = longest * np.linspace(0, 1, count + 1)[1:] ** 2
    return np.r_[-one_way[::-1], 0.0, one_way]


# The way there


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A network of some replicas on its way, after an epoch; 0 is the start."""

    epoch: int
    network: StackedNetwork
    batch_norms: np.ndarray  # (replicas,) mean length of the epoch's gradients of batches; NaN at the start

    @property
    def unknowns(self) -> torch.Tensor:
        """Where its first replica stands."""
        return unknowns(self.network)

    @property
    def replicas(self) -> list[StackedNetwork]:
        """Each by itself."""
        return [self.network.of(slice(place, place + 1)) for place in range(len(self.network.seeds))]


def snapshots(
    series: Series, settings: RunSettings, epochs: Collection[int], *, seeds: slice = slice(0, 1)
) -> Iterator[Snapshot]:
    """Train some seeds of a run again, exactly as they were trained among others, and stop at some epochs to look.

    Raises BadInput where it diverges. A network under early stopping is looked at as it goes, not as it was kept.
    """
    data, network = run_windows(series, settings), build(settings).of(seeds)
    if 0 in epochs:
        yield Snapshot(0, _copied(network), np.full(len(network.seeds), np.nan))
    for row in train(network, data, settings.training):
        if not row.finite:
            raise diverged(row)
        if row.epoch in epochs:
            yield Snapshot(row.epoch, _copied(network), row.gradient_norm)


def _copied(network: StackedNetwork) -> StackedNetwork:
    some = network.of(slice(None))
    some.parameters, some.running = network.parameters.clone(), network.running.clone()
    return some


# A plane


def plane(loss: Loss, path: Sequence[torch.Tensor], places: int = PLANE_PLACES) -> Plane:
    """Losses on the plane through the start, the end and the most distant other point of a path of unknowns (n,)."""
    points = torch.stack([point - path[-1] for point in path]).numpy()
    unit = float(np.linalg.norm(points[0])) or 1.0
    directions = _directions(points)
    feet = points @ directions.T / unit
    beside = np.linalg.norm(points - points @ directions.T @ directions, axis=1) / unit
    first, second = (_around(feet[:, axis], places) for axis in (0, 1))
    across = torch.from_numpy(unit * directions)
    losses = [[float(loss(path[-1] + a * across[0] + b * across[1])) for a in first] for b in second]
    own = np.array([float(loss(point)) for point in path])
    length = float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum()) / unit
    return Plane(first, second, np.array(losses), feet, own, beside, directions, unit, length)


def _directions(points: np.ndarray) -> np.ndarray:
    """Two directions (2, n): to the first point, and upright on it to the one that lies farthest from it."""
    first = points[0] if points[0].any() else np.eye(1, points.shape[1])[0]
    first = first / np.linalg.norm(first)
    rest = points - np.outer(points @ first, first)
    farthest = rest[np.linalg.norm(rest, axis=1).argmax()]
    if np.linalg.norm(farthest) <= 1e-9 * np.linalg.norm(points[0]):  # all on one line: any direction will do
        farthest = np.eye(len(first))[np.abs(first).argmin()]
        farthest = farthest - (farthest @ first) * first
    return np.stack([first, farthest / np.linalg.norm(farthest)])


def _around(values: np.ndarray, places: int) -> np.ndarray:
    """Evenly spaced places over the values, and somewhat beyond."""
    width = max(float(np.ptp(values)), 0.5)
    return np.linspace(float(values.min()) - PLANE_MARGIN * width, float(values.max()) + PLANE_MARGIN * width, places)
