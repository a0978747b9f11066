"""A mixture is corrected by what its members' disagreement has told of its errors: stacking, online.

Where a member lay above the mixture and the views then did so too, again and again, the mixture goes some of that way.
Errors of the mixture are regressed on how far its members lay from it (stacking, Wolpert 1992; Breiman 1996), by ridge
regression, so that without evidence nothing is corrected; recent errors count more, and large ones little more than
small ones: one step of iteratively reweighted least squares towards least absolute errors. Days ahead are in bands.
"""

from dataclasses import dataclass

import numpy as np

HALF_LIFE = 180.0  # days after which an error counts half
PENALTY = 100.0  # days of errors that no correction is worth, tomorrow; and farther ahead times the root of the days
FLOOR = 0.3  # of the usual error: a smaller one counts no more than that
REMEMBERED = 0.3  # share of what is known that is kept where the level changes
BANDS = (1, 2, 4, 8, 15, 29, 61, 121)  # first days ahead of bands that share a correction
LEAST = 1e-9


@dataclass(frozen=True)
class Evidence:
    """Discounted sums per band of days ahead, in units of what is usual."""

    products: np.ndarray  # (bands, members, members) of members' distances from the mixture, by each other
    with_errors: np.ndarray  # (bands, members) of these by the mixture's errors
    errors: np.ndarray  # (bands,) of the mixture's absolute errors
    counts: np.ndarray  # (bands,)

    def __post_init__(self) -> None:
        bands, members = self.with_errors.shape
        if self.products.shape != (bands, members, members) or not self.errors.shape == self.counts.shape == (bands,):
            raise ValueError("sums of other members, or of other bands of days")

    @classmethod
    def empty(cls, members: int, horizon: int) -> "Evidence":
        """Nothing known: nothing is corrected."""
        bands = bands_of(horizon)[-1] + 1
        return cls(np.zeros((bands, members, members)), np.zeros((bands, members)), np.zeros(bands), np.zeros(bands))

    def of(self, members: np.ndarray) -> "Evidence":
        """Of some members only."""
        products = self.products[:, members][:, :, members]
        return Evidence(products, self.with_errors[:, members], self.errors, self.counts)


@dataclass(frozen=True)
class Days:
    """Consecutive days that forecasts were made on: all that a correction looks at."""

    forecasts: np.ndarray  # (members, days, horizon)
    mixture: np.ndarray  # (days, horizon)
    actual: np.ndarray  # (days, horizon), NaN where not known
    units: np.ndarray  # (days, 1), what is usual
    changed: np.ndarray  # (days,), whether the level changed


def bands_of(horizon: int) -> np.ndarray:
    """The band (horizon,) of each number of days ahead."""
    return np.searchsorted(BANDS, np.arange(1, horizon + 1), side="right") - 1


def correct(days: Days, known: Evidence, *, wanted: np.ndarray | None = None) -> tuple[np.ndarray, Evidence]:
    """The mixture (days, horizon), corrected on the days that are `wanted` (days,), and what is known after the last.

    `known` is what was known before the first. An error h days ahead shows h days later, and is not used before. No
    correction goes beyond what any member forecasts.
    """
    sums, found = _Sums(days, known), days.mixture.copy()
    for day in range(len(found)):
        sums.go_to(day)
        if sums.counts.any() and (wanted is None or wanted[day]):
            found[day] += sums.correction(day)
    return np.clip(found, days.forecasts.min(axis=0), days.forecasts.max(axis=0)), sums.evidence()


class _Sums:
    """The Evidence that is known on one day after the other."""

    def __init__(self, days: Days, known: Evidence) -> None:
        self.units, self.changed = days.units, days.changed
        self.away = ((days.forecasts - days.mixture) / days.units).transpose(1, 2, 0)  # (days, horizon, members)
        self.errors = (days.actual - days.mixture) / days.units
        self.told = np.isfinite(self.errors) & np.isfinite(self.away).all(axis=2)
        self.ahead, self.band = np.arange(days.mixture.shape[1]), bands_of(days.mixture.shape[1])
        self.sizes = np.bincount(self.band)  # days ahead in each band
        self.penalties = PENALTY * np.sqrt(np.bincount(self.band, self.ahead + 1.0) / self.sizes)
        self.products, self.with_errors = known.products.copy(), known.with_errors.copy()
        self.sizes_of_errors, self.counts = known.errors.copy(), known.counts.copy()
        self.since = 0  # forecasts of earlier days were made on another level

    def evidence(self) -> Evidence:
        """As it stands."""
        return Evidence(self.products, self.with_errors, self.sizes_of_errors, self.counts)

    def go_to(self, day: int) -> None:
        """Add the errors that show on a day, the next one."""
        if self.changed[day]:
            self.since = day
            self._fade(slice(None), REMEMBERED)
        made = day - self.ahead - 1  # when the forecasts that show today were made
        shows = made >= self.since
        shows[shows] = self.told[made[shows], self.ahead[shows]]
        for band in np.unique(self.band[shows]):
            self._fade(band, 0.5 ** (1 / HALF_LIFE))
            ahead = self.ahead[shows & (self.band == band)]
            self._add(band, errors=self.errors[made[ahead], ahead], away=self.away[made[ahead], ahead])

    def correction(self, day: int) -> np.ndarray:
        """By how many views (horizon,) the mixture of a day is corrected."""
        known = self.counts > 0
        ridge = self.penalties * np.maximum(self.sizes_of_errors, LEAST) / np.maximum(self.counts, LEAST)
        matrices = self.products[known] + ridge[known, None, None] * np.eye(self.away.shape[2])
        coefficients = np.zeros_like(self.with_errors)
        coefficients[known] = np.linalg.solve(matrices, self.with_errors[known, :, None])[..., 0]
        return self.units[day] * np.einsum("hm,hm->h", coefficients[self.band], self.away[day])

    def _add(self, band: int, *, errors: np.ndarray, away: np.ndarray) -> None:
        """The mixture's `errors` (rows,) where its members were `away` (rows, members)."""
        self.sizes_of_errors[band] += np.abs(errors).sum() / self.sizes[band]
        self.counts[band] += len(errors) / self.sizes[band]
        floor = max(FLOOR * self.sizes_of_errors[band] / self.counts[band], LEAST)
        weighted = away / (np.maximum(np.abs(errors), floor) * self.sizes[band])[:, None]
        self.products[band] += weighted.T @ away
        self.with_errors[band] += errors @ weighted

    def _fade(self, band: int | slice, share: float) -> None:
        for sums in (self.products, self.with_errors, self.sizes_of_errors, self.counts):
            sums[band] *= share
