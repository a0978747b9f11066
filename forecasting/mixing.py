"""Weights of a mixture that follow the errors of its members as these become known."""

from dataclasses import dataclass

import numpy as np

POWER = 10  # of the error that a weight falls with
HALF_LIFE = 45  # days after which an error counts half
NEAR = 3  # days ahead on either side whose errors are judged together; tomorrow stands alone


@dataclass(frozen=True)
class Record:
    """What is known of members' errors: their discounted mean (members, horizon) in views, of how many (horizon,)."""

    errors: np.ndarray
    counts: np.ndarray

    @classmethod
    def empty(cls, members: int, horizon: int) -> "Record":
        """Nothing known: all are equal."""
        return cls(np.ones((members, horizon)), np.zeros(horizon))

    def of(self, members: np.ndarray) -> "Record":
        """Of some members only."""
        return Record(self.errors[members], self.counts)

    def weights(self, groups: np.ndarray) -> np.ndarray:
        """Weights (members, horizon) that sum to 1: within each group first, then among groups.

        So a group does not count for more because it has more members.
        """
        errors = _near(self._errors_everywhere())
        within = np.empty_like(errors)
        for group in range(groups.max() + 1):
            within[groups == group] = _falling(errors[groups == group])
        shares = [(within * errors)[groups == group].sum(axis=0) for group in range(groups.max() + 1)]
        return within * _falling(np.stack(shares))[groups]

    def _errors_everywhere(self) -> np.ndarray:
        """Days ahead of which no error is known yet are judged as the farthest of which one is."""
        if self.counts.all() or not self.counts.any():
            return self.errors
        known = np.flatnonzero(self.counts)
        return self.errors[:, np.where(self.counts > 0, np.arange(len(self.counts)), known[-1])]


def follow(forecasts: np.ndarray, actual: np.ndarray, groups: np.ndarray, record: Record) -> tuple[np.ndarray, Record]:
    """Weights (days, members, horizon) on each of consecutive days, and what is known on the last one.

    `forecasts` (members, days, horizon) are of the `actual` (days, horizon), NaN where not known; `record` is what was
    known before the first day. Nothing is used before it is known: an error h days ahead shows h days later.
    """
    off, ahead = np.abs(forecasts - actual), np.arange(actual.shape[1])
    fade, weights = 0.5 ** (1 / HALF_LIFE), []
    for day in range(len(actual)):
        made = day - ahead - 1  # when the forecasts that show today were made
        shows = made >= 0
        shows[shows] = np.isfinite(actual[made[shows], ahead[shows]])
        if shows.any():
            errors, counts = record.errors.copy(), record.counts.copy()
            before = fade * counts[shows]
            news = off[:, made[shows], ahead[shows]]
            errors[:, shows] = (errors[:, shows] * before + news) / (before + 1)
            counts[shows] = before + 1
            record = Record(errors, counts)
        weights.append(record.weights(groups))
    return np.stack(weights), record


def _falling(errors: np.ndarray) -> np.ndarray:
    """Weights (members, horizon) that sum to 1 over members."""
    floor = np.maximum(errors, 1e-9)
    powers = (floor / floor.min(axis=0)) ** -POWER
    return powers / powers.sum(axis=0)


def _near(errors: np.ndarray) -> np.ndarray:
    """Errors averaged over neighbouring days ahead."""
    days = np.arange(errors.shape[1])
    total = np.cumsum(np.concatenate([np.zeros((len(errors), 1)), errors], axis=1), axis=1)
    low = np.where(days == 0, 0, np.maximum(days - NEAR, 1))
    high = np.where(days == 0, 1, np.minimum(days + NEAR + 1, len(days)))
    return (total[:, high] - total[:, low]) / (high - low)
