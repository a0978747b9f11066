"""The reveal (Lee 2021, video 2): the last days are hidden, a class votes for a model, and then they are uncovered.

One or two days prove little, so beside the winner stands how often so few days agree with all held-out days.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.formats import Views, format_percent
from forecasting.messages import N_, BadInput, Message
from forecasting.metrics import mae

FEWEST_STRETCHES = 28  # of held-out days, to say how often they agree


@dataclass(frozen=True)
class BlindForecast:
    """The hidden days as a run sees them coming that knows none of them."""

    point: tuple[float, ...]  # views


@dataclass(frozen=True)
class Reveal:
    """Errors are MAE in views. Names are those of the candidates."""

    days: pd.DatetimeIndex  # that were hidden
    actual: np.ndarray  # (days,), NaN where nobody knows
    errors: dict[str, float]  # over the hidden days
    held_out: dict[str, float]  # over all held-out days, one day ahead; not of every candidate
    agreeing: float  # share of stretches as long as the hidden one whose best is the best over all; NaN for too few

    @property
    def closest(self) -> str:
        """The winner of the days."""
        return min(self.errors, key=self.errors.__getitem__)

    @property
    def best(self) -> str | None:
        """The winner over all held-out days."""
        return min(self.held_out, key=self.held_out.__getitem__, default=None)

    def on_the_vote(self, votes: Mapping[str, int]) -> Message:
        """The winner of the vote against the winner of the days."""
        facts = {"closest": self.closest, "error": Views(self.errors[self.closest])}
        if not sum(votes.values()):
            return Message(N_("Nobody voted. “{closest}” came closest, {error} views a day off."), facts)
        voted = max(votes, key=votes.__getitem__)
        if voted == self.closest:
            return Message(N_("The vote was right: “{closest}” came closest, {error} views a day off."), facts)
        facts |= {"voted": voted, "voted_error": Views(self.errors[voted])}
        return Message(
            N_("The vote went to “{voted}”, {voted_error} views a day off; “{closest}” came closest with {error}."),
            facts,
        )

    def how_little(self) -> Message:
        """What so few days prove."""
        error = np.nan if self.best is None else self.held_out[self.best]
        facts = {"days": len(self.days), "best": self.best, "error": Views(error)}
        if not np.isfinite(self.agreeing):
            return Message(N_("Days hidden: {days}. With so few days the ranking is mostly luck."), facts)
        facts["agreeing"] = format_percent(self.agreeing)
        return Message(
            N_(
                "“{best}” has the smallest error over all held-out days ({error}), but came closest in only "
                "{agreeing} of all stretches of {days} held-out days: so few prove little."
            )
            if self.agreeing < 0.5
            else N_(
                "“{best}” has the smallest error over all held-out days ({error}), and came closest in {agreeing}"
                " of all stretches of {days} held-out days: so few prove little."
            ),
            facts,
        )


def hidden_days(views: pd.Series, count: int) -> pd.DatetimeIndex:
    """The last `count` days. Raises BadInput where no view of them is known."""
    days = views.index[-count:]
    if not np.isfinite(views[days]).any():
        raise BadInput(N_("The channel's last days have no known views; hide more of them."))
    return days


def reveal(
    views: pd.Series, days: pd.DatetimeIndex, forecasts: Mapping[str, np.ndarray], *, held_out: Mapping[str, pd.Series]
) -> Reveal:
    """`forecasts` of the hidden `days` (days,) by name; `held_out` by name are forecasts one day ahead (a day each)."""
    actual = views[days].to_numpy(float)
    there = np.isfinite(actual)
    errors = {name: float(mae(actual[there], np.asarray(point)[there])) for name, point in forecasts.items()}
    table = pd.DataFrame(dict(held_out)).dropna()
    table = table[np.isfinite(views.reindex(table.index))]
    off = (table.sub(views.reindex(table.index), axis=0)).abs()
    means = {name: float(mean) for name, mean in off.mean().items()} if len(off) else {}
    return Reveal(days, actual, errors, means, agreement(off, len(days)))


def agreement(errors: pd.DataFrame, length: int) -> float:
    """How often the candidate of smallest mean error (a column each) is also the one of `length` days in a row."""
    stretches = errors.rolling(length).mean().dropna()
    if len(stretches) < FEWEST_STRETCHES or errors.shape[1] < 2:
        return np.nan
    return float((stretches.idxmin(axis=1) == errors.mean().idxmin()).mean())
