"""Auto: many forecasters tried on the last part of the training period, and the good ones averaged."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Rung:
    """One step of the ladder: what was tried, and its MASE on the validation days.

    `errors` and `mixed` are (days ahead, MASE) pairs: of this one alone, and of the mixture of all so far.
    """

    name: str
    settings: dict[str, object]
    errors: tuple[tuple[int, float], ...]
    mixed: tuple[tuple[int, float], ...]
    seconds: float  # it took
    left: float  # seconds of the budget
    best: bool  # the smallest mean error of all single ones so far

    @classmethod
    def of_record(cls, record: dict) -> "Rung":
        """Back from JSON."""
        pairs = {
            name: tuple((int(ahead), float(error)) for ahead, error in record[name]) for name in ("errors", "mixed")
        }
        return cls(**record | pairs)


@dataclass(frozen=True)
class Auto:
    """A mixture: `weights` (members, horizon) of forecasters `members`."""

    members: tuple
    weights: np.ndarray
    validated: tuple[pd.DatetimeIndex, np.ndarray]  # origins, and the mixture's forecasts from them without these days
    ladder: tuple[Rung, ...] = ()

    def predict(self, views: pd.Series, origins: pd.DatetimeIndex, horizon: int) -> np.ndarray:
        """Views (origins, horizon), each origin's from the `views` through it alone."""
        every = np.stack([member.predict(views, origins, horizon) for member in self.members])
        return np.einsum("moh,mh->oh", every, self.weights[:, :horizon])

    def refit(self, known: pd.Series, plain: pd.Series) -> "Auto":
        """The same choice fitted on more days."""
        return self


def climb(
    known: pd.Series,
    plain: pd.Series,
    horizon: int,
    budget: float = 60.0,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Rung | Auto]:
    """Try members until `budget` seconds are over; a Rung each, and at the end the Auto that comes of them."""
    from forecasting.regressions import fit_regression  # noqa: PLC0415

    begun = time.perf_counter()
    cut = max(len(known) * 4 // 5, len(known) - 365)
    origins = known.index[cut - 1 : -1]
    member = fit_regression("linear", known.iloc[:cut], plain.iloc[:cut], horizon)
    predicted = member.predict(known, origins, horizon)
    seconds = time.perf_counter() - begun
    yield (rung := Rung("linear", {}, (), (), seconds, budget - seconds, True))
    yield Auto((fit_regression("linear", known, plain, horizon),), np.ones((1, horizon)), (origins, predicted), (rung,))


def fit_auto(known: pd.Series, plain: pd.Series, horizon: int, budget: float, note: Callable[[Rung], None]) -> Auto:
    """Climb to the end, telling `note` of each rung."""
    for step in climb(known, plain, horizon, budget):
        if isinstance(step, Auto):
            return step
        note(step)
    raise AssertionError("a climb ends in its Auto")
