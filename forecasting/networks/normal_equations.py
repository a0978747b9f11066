"""Least squares of many channels at once, by normal equations, which are small and alike whatever the length."""

from collections.abc import Iterator, Sequence
from pkgutil import resolve_name

import numpy as np
import torch

from forecasting.networks.inputs import Prepared

# Of what the columns before leave unexplained of a column, as a share: below it too little is left to rest on, where
# the equations, whose rounding counts squared, have half as many digits as the windows.
INDEPENDENT = 1e-8
ALONE = "forecasting.networks.closed_form:least_squares"  # loads scikit-learn, two seconds that few channels need


def least_squares_of_many(channels: Sequence[Prepared]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights (columns, horizon) and biases (horizon,) of each channel, of as many columns and days each.

    A channel whose columns nearly depend on each other, as a constant one's do, and one with targets that were not
    measured is solved by itself, as `closed_form` has it.
    """
    solved = dict(_by_normal_equations(channels))
    return [solved[place] if place in solved else resolve_name(ALONE)(one) for place, one in enumerate(channels)]


def _by_normal_equations(channels: Sequence[Prepared]) -> Iterator[tuple[int, tuple[np.ndarray, np.ndarray]]]:
    """The places of those that can be solved, and their solutions."""
    places = [place for place, one in enumerate(channels) if not one.has_holes]
    if not places:
        return
    moments = [_moments(channels[place]) for place in places]
    squares, products, spreads = (np.stack([each[part] for each in moments]) for part in range(3))
    factor, failed = torch.linalg.cholesky_ex(torch.from_numpy(squares))
    independent = (failed == 0) & (factor.diagonal(dim1=1, dim2=2).square() > INDEPENDENT).all(dim=1)
    weights = torch.cholesky_solve(torch.from_numpy(products), factor).numpy() / spreads[..., None]
    for place, fine, weight, (*_, means, level) in zip(places, independent, weights, moments, strict=True):
        if fine:
            yield place, (weight, level - means @ weight)


def _moments(channel: Prepared) -> tuple[np.ndarray, ...]:
    """Correlations of the columns, their products with the targets, spreads of the columns, and both means."""
    inputs, targets = channel.inputs[:, :-1].double().numpy(), channel.targets.double().numpy()
    means, level = inputs.mean(axis=0), targets.mean(axis=0)
    centred = inputs - means
    spreads = np.sqrt(np.square(centred).sum(axis=0))
    spreads[spreads == 0] = 1
    centred /= spreads
    return centred.T @ centred, centred.T @ (targets - level), spreads, means, level
