"""Weights of a mixture that follow the errors of its members as these become known."""

from dataclasses import dataclass

import numpy as np

POWER = 15  # of the error that a weight falls with
HALF_LIFE = 60  # days after which an error counts half
SMOOTHING_RADIUS = 3  # days ahead on either side whose errors are judged together; tomorrow stands alone
RESERVED = 0.3  # share far ahead of members that are always included, whatever their errors


@dataclass(frozen=True)
class ErrorHistory:
    """What is known of members' errors: their discounted mean (..., members, horizon) in views, of how many.

    `counts` (..., horizon) are discounted alike. Leading axes are days.
    """

    errors: np.ndarray
    counts: np.ndarray

    @classmethod
    def empty(cls, members: int, horizon: int) -> "ErrorHistory":
        """Nothing known: all are equal."""
        return cls(np.ones((members, horizon)), np.zeros(horizon))

    def of(self, members: np.ndarray) -> "ErrorHistory":
        """Of some members only."""
        return ErrorHistory(self.errors[..., members, :], self.counts)

    def at(self, day: int) -> "ErrorHistory":
        """Of one day."""
        return ErrorHistory(self.errors[day], self.counts[day])

    def weights(self, groups: np.ndarray, always_included: np.ndarray) -> np.ndarray:
        """Weights (..., members, horizon) that sum to 1 over members.

        They fall with the errors within each of `groups` (members,) first and then among groups, so that a group does
        not count for more because it has more members. `always_included` (members,) says whose share is reserved in
        part: none of tomorrow, nearly RESERVED far ahead.
        """
        errors = smooth_over_horizon(self._errors_everywhere())
        weights = _grouped(errors, groups)
        if not always_included.any():
            return weights
        reserved = RESERVED * (1 - np.arange(1, errors.shape[-1] + 1) ** -0.5)
        weights *= 1 - reserved
        mine = always_included
        weights[..., mine, :] += reserved * _grouped(errors[..., mine, :], groups[mine])
        return weights

    def _errors_everywhere(self) -> np.ndarray:
        """Days ahead of which no error is known yet are judged as the farthest of which one is."""
        ahead = np.arange(self.counts.shape[-1])
        farthest = np.where(self.counts > 0, ahead, 0).max(axis=-1, keepdims=True)
        there = self.counts > 0
        places = np.where(there | ~there.any(axis=-1, keepdims=True), ahead, farthest)
        return np.take_along_axis(self.errors, places[..., None, :], axis=-1)


def update_online(forecasts: np.ndarray, actual: np.ndarray, earlier: ErrorHistory) -> ErrorHistory:
    """What is known on each of consecutive days: an ErrorHistory with days in front.

    `forecasts` (members, days, horizon) are of the `actual` (days, horizon), NaN where not known; `earlier` is what was
    known before the first day. Nothing is used before it is known: an error h days ahead shows h days later.
    """
    off, ahead, fade = np.abs(forecasts - actual), np.arange(actual.shape[1]), 0.5 ** (1 / HALF_LIFE)
    errors = np.empty((len(actual), *earlier.errors.shape))
    counts = np.empty((len(actual), len(ahead)))
    now, number = earlier.errors.copy(), earlier.counts.copy()
    for day in range(len(actual)):
        made = day - ahead - 1  # when the forecasts that show today were made
        shows = made >= 0
        shows[shows] = np.isfinite(actual[made[shows], ahead[shows]])
        if shows.any():
            before = fade * number[shows]
            now[:, shows] = (now[:, shows] * before + off[:, made[shows], ahead[shows]]) / (before + 1)
            number[shows] = before + 1
        errors[day], counts[day] = now, number
    return ErrorHistory(errors, counts)


def _grouped(errors: np.ndarray, groups: np.ndarray) -> np.ndarray:
    within, numbers = np.empty_like(errors), np.unique(groups, return_inverse=True)[1]
    shares = np.empty((*errors.shape[:-2], numbers.max() + 1, errors.shape[-1]))
    for group in range(numbers.max() + 1):
        mine = numbers == group
        within[..., mine, :] = inverse_power_weights(errors[..., mine, :])
        shares[..., group, :] = (within[..., mine, :] * errors[..., mine, :]).sum(axis=-2)
    return within * inverse_power_weights(shares)[..., numbers, :]


def inverse_power_weights(errors: np.ndarray) -> np.ndarray:
    """Weights that sum to 1 over members."""
    floor = np.maximum(errors, 1e-9)
    powers = (floor / floor.min(axis=-2, keepdims=True)) ** -POWER
    return powers / powers.sum(axis=-2, keepdims=True)


def smooth_over_horizon(errors: np.ndarray) -> np.ndarray:
    """Errors averaged over neighbouring days ahead."""
    days = np.arange(errors.shape[-1])
    total = np.cumsum(np.concatenate([np.zeros((*errors.shape[:-1], 1)), errors], axis=-1), axis=-1)
    low = np.where(days == 0, 0, np.maximum(days - SMOOTHING_RADIUS, 1))
    high = np.where(days == 0, 1, np.minimum(days + SMOOTHING_RADIUS + 1, len(days)))
    return (total[..., high] - total[..., low]) / (high - low)
