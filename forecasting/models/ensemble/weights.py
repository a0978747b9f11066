"""Weights of a mixture that follow the errors of its members as these become known."""

from dataclasses import dataclass

import numpy as np

SMOOTHING_RADIUS = 3  # days ahead on either side whose errors are judged together; tomorrow stands alone


@dataclass(frozen=True)
class Weighting:
    """How weights fall with errors. As it stands here by default, files that name none were mixed."""

    within: float = 15  # power of the error that a weight falls with within a group, and within a family of groups
    among: float = 15  # and among families
    reserved: float = 0.3  # share far ahead of members that are always included, whatever their errors
    by_family: bool = False  # groups are weighed within their families, and then the families
    half_life: float = 60  # days after which an error counts half
    follows_level: bool = False  # errors are in units of what is usual, and forgotten where the level changes
    by_record: bool = False  # powers grow to these, and the share reserved falls to 0, as the record grows

    def evidence(self, recorded: np.ndarray, horizon: int) -> np.ndarray:
        """How much is known of all errors that count, 0 to 1: (..., horizon) after so many `recorded` (...,) days."""
        known = np.maximum(recorded[..., None] - np.arange(horizon), 0)
        return 1 - 0.5 ** (known / self.half_life)


WEIGHTING = Weighting(
    within=20, among=10, reserved=0.5, by_family=True, half_life=45, follows_level=True, by_record=True
)
REMEMBERED = 2.0  # tomorrow's errors that those before a change of level count for


@dataclass(frozen=True)
class Kinds:
    """What each member is, all (members,): its group, the family of that, and whether it is always included."""

    groups: np.ndarray
    families: np.ndarray
    always_included: np.ndarray

    def of(self, members: np.ndarray) -> "Kinds":
        """Of some members only."""
        return Kinds(self.groups[members], self.families[members], self.always_included[members])


@dataclass(frozen=True)
class ErrorHistory:
    """What is known of members' errors: their discounted mean (..., members, horizon), of how many.

    In views, or in units of what is usual. `counts` (..., horizon) are discounted alike. Leading axes are days.
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

    def weights(self, kinds: "Kinds", weighting: Weighting, recorded: np.ndarray | int) -> np.ndarray:
        """Weights (..., members, horizon) that sum to 1 over members, of a record of so many days (...,).

        They fall with the errors within each group first, then among groups and among families, so that neither a
        group nor a family counts for more because it has more members. What is always included has a share reserved,
        if the `weighting` has one: none of it tomorrow, nearly all far ahead.
        """
        errors, mine = smooth_over_horizon(self._errors_everywhere()), kinds.always_included
        horizon = errors.shape[-1]
        evidence = weighting.evidence(np.asarray(recorded), horizon)[..., None, :]
        sharp = evidence if weighting.by_record else np.ones_like(evidence)
        weights = _nested(errors, kinds, weighting, sharp=sharp)
        if not weighting.reserved or not mine.any():
            return weights
        reserved = weighting.reserved * (1 - np.arange(1, horizon + 1) ** -0.5)
        reserved = reserved * (1 - evidence) if weighting.by_record else reserved
        weights *= 1 - reserved
        weights[..., mine, :] += reserved * _nested(errors[..., mine, :], kinds.of(mine), weighting, sharp=sharp)
        return weights

    def _errors_everywhere(self) -> np.ndarray:
        """Days ahead of which no error is known yet are judged as the farthest of which one is."""
        ahead = np.arange(self.counts.shape[-1])
        farthest = np.where(self.counts > 0, ahead, 0).max(axis=-1, keepdims=True)
        there = self.counts > 0
        places = np.where(there | ~there.any(axis=-1, keepdims=True), ahead, farthest)
        return np.take_along_axis(self.errors, places[..., None, :], axis=-1)


def update_online(
    forecasts: np.ndarray,
    actual: np.ndarray,
    earlier: ErrorHistory,
    *,
    half_life: float = WEIGHTING.half_life,
    changed: np.ndarray | None = None,
) -> ErrorHistory:
    """What is known on each of consecutive days: an ErrorHistory with days in front.

    `forecasts` (members, days, horizon) are of the `actual` (days, horizon), NaN where not known; `earlier` is what was
    known before the first day. Nothing is used before it is known: an error h days ahead shows h days later. On a day
    on which the level has `changed` (days,) what members did before is forgotten but for a few of tomorrow's errors.
    """
    off, ahead, fade = np.abs(forecasts - actual), np.arange(actual.shape[1]), 0.5 ** (1 / half_life)
    errors = np.empty((len(actual), *earlier.errors.shape))
    counts = np.empty((len(actual), len(ahead)))
    now, number, first = earlier.errors.copy(), earlier.counts.copy(), 0
    for day in range(len(actual)):
        if changed is not None and changed[day]:
            first, number = day, np.where(ahead == 0, np.minimum(number, REMEMBERED), 0.0)
        made = day - ahead - 1  # when the forecasts that show today were made
        shows = made >= first
        shows[shows] = np.isfinite(actual[made[shows], ahead[shows]])
        if shows.any():
            before = fade * number[shows]
            now[:, shows] = (now[:, shows] * before + off[:, made[shows], ahead[shows]]) / (before + 1)
            number[shows] = before + 1
        errors[day], counts[day] = now, number
    return ErrorHistory(errors, counts)


def _nested(errors: np.ndarray, kinds: Kinds, weighting: Weighting, *, sharp: np.ndarray) -> np.ndarray:
    """Weights of `errors` (..., members, horizon) within groups, of these within families, and of families.

    They fall with the powers of the `weighting` times `sharp` (..., 1, horizon).
    """
    levels = [kinds.groups, kinds.families] if weighting.by_family else [kinds.groups]
    weights, numbers = np.ones_like(errors), np.arange(errors.shape[-2])
    for level in levels:
        within, errors, above = _within(errors, level[_first_of(numbers)], weighting.within * sharp)
        weights *= within[..., numbers, :]
        numbers = above[numbers]
    return weights * inverse_power_weights(errors, weighting.among * sharp)[..., numbers, :]


def _first_of(numbers: np.ndarray) -> np.ndarray:
    """The place of the first member of each number."""
    return np.unique(numbers, return_index=True)[1]


def _within(errors: np.ndarray, parts: np.ndarray, power: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights within `parts` (members,), the mean error of each part, and the number of each member's part."""
    numbers = np.unique(parts, return_inverse=True)[1]
    within = np.empty_like(errors)
    means = np.empty((*errors.shape[:-2], numbers.max() + 1, errors.shape[-1]))
    for number in range(numbers.max() + 1):
        mine = numbers == number
        within[..., mine, :] = inverse_power_weights(errors[..., mine, :], power)
        means[..., number, :] = (within[..., mine, :] * errors[..., mine, :]).sum(axis=-2)
    return within, means, numbers


def inverse_power_weights(errors: np.ndarray, power: np.ndarray | float) -> np.ndarray:
    """Weights that sum to 1 over members, and fall with this power of their errors (..., members, horizon)."""
    floor = np.maximum(errors, 1e-9)
    powers = (floor / floor.min(axis=-2, keepdims=True)) ** -power
    return powers / powers.sum(axis=-2, keepdims=True)


def smooth_over_horizon(errors: np.ndarray) -> np.ndarray:
    """Errors averaged over neighbouring days ahead."""
    days = np.arange(errors.shape[-1])
    total = np.cumsum(np.concatenate([np.zeros((*errors.shape[:-1], 1)), errors], axis=-1), axis=-1)
    low = np.where(days == 0, 0, np.maximum(days - SMOOTHING_RADIUS, 1))
    high = np.where(days == 0, 1, np.minimum(days + SMOOTHING_RADIUS + 1, len(days)))
    return (total[..., high] - total[..., low]) / (high - low)
