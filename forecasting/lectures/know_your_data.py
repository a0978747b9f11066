"""Know your data (Lee 2021, video 1): views repeat weekly, so a line that sees seven days beats one that sees a day.

Linear models of every window length, each the exact solution for its loss, on the same target days.
"""

from dataclasses import dataclass

import numpy as np

from forecasting.formats import ThreeDigits
from forecasting.lectures.claims import TOO_FEW_DAYS, Claim, Judgement, claim, judge_days
from forecasting.lectures.linear_windows import CLOSE, LinearFit, fit_windows
from forecasting.messages import N_, BadInput, Message
from forecasting.metrics import IN_VIEWS, LOSS_NAMES
from forecasting.series import Series
from forecasting.settings import Loss
from forecasting.split import Period, Split
from forecasting.typical_range import WEEK
from forecasting.windows import COMMON_HISTORY, Windows, make_windows

LECTURE_WEIGHTS = {1: (0.97,), 7: (0.79, -0.31, 0.12, -0.01, -0.10, 0.30, 0.18)}  # the day before first
LECTURE_MAE = {1: ("480", "580"), 7: ("380", "490"), 28: ("330", "460"), 56: ("320", "460")}
LOW_DAYS = (4, 5)  # the lecture's: Friday and Saturday
CLAIMS = {
    (7, 1): N_("7 days beat 1"),
    (28, 7): N_("28 days beat 7"),
    (56, 28): N_("56 days beat 28"),
}
DAYS_PER_UNKNOWN = 2  # of training, at least


@dataclass(frozen=True, eq=False)
class WindowLengths:
    """Linear models that see 1, 2, ... days, and their losses in views: MAE, or RMSE under MSE."""

    loss: Loss
    fits: list[LinearFit]
    train_losses: np.ndarray  # (windows,)
    held_out_losses: np.ndarray  # (windows,)
    train_maes: np.ndarray  # (windows,), whatever the loss
    errors: np.ndarray  # (windows, days), absolute, on held-out
    train_days: int
    last_week: float  # held-out loss of "same day last week"

    @property
    def longest(self) -> int:
        """Days of the longest window."""
        return len(self.fits)


def fit_lengths(series: Series, split: Split, loss: Loss) -> WindowLengths:
    """Windows up to 56 days, or as long as there are two training days for each unknown.

    Raises BadInput where the split has too few days.
    """
    train, held_out = (make_windows(series, period, COMMON_HISTORY) for period in (split.train, split.held_out))
    longest = min(COMMON_HISTORY, len(train) // DAYS_PER_UNKNOWN - 1)
    if longest < 1:
        raise BadInput(
            N_("There are {days} training days; a line needs at least {needed}."),
            days=len(train),
            needed=2 * DAYS_PER_UNKNOWN,
        )
    fits = fit_windows(_lagged(train)[:, :longest], train.targets, loss)
    predicted = [np.stack([fit.predicted(_lagged(part)) for fit in fits]) for part in (train, held_out)]
    measure = IN_VIEWS[loss]
    return WindowLengths(
        loss=loss,
        fits=fits,
        train_losses=measure(train.targets, predicted[0]),
        held_out_losses=measure(held_out.targets, predicted[1]),
        train_maes=IN_VIEWS["mae"](train.targets, predicted[0]),
        errors=_to_precision(np.abs(predicted[1] - held_out.targets), CLOSE * float(train.targets.std())),
        train_days=len(train),
        last_week=float(measure(held_out.targets, _lagged(held_out)[:, WEEK - 1])),
    )


def more_is_better(found: WindowLengths, more: int, fewer: int) -> Claim:
    """Whether a window of `more` days has a smaller held-out loss than one of `fewer`; a pair of CLAIMS."""
    if more > found.longest:
        needed = DAYS_PER_UNKNOWN * (more + 1)
        lacking = Message(TOO_FEW_DAYS, {"days": found.train_days, "needed": needed})
        judged = Judgement("cannot tell", np.nan, lacking=lacking)
        sentence = Message(N_("The training period is too short."))
    else:
        judged = judge_days(found.errors[more - 1], found.errors[fewer - 1], loss=found.loss)
        losses = {"more": found.held_out_losses[more - 1], "fewer": found.held_out_losses[fewer - 1]}
        facts = {name: ThreeDigits(value) for name, value in losses.items()} | {"measure": LOSS_NAMES[found.loss]}
        sentence = Message(N_("Held-out {measure}: {more} instead of {fewer} views."), facts)
    return claim(CLAIMS[more, fewer], judged, unit=N_("views"), sentence=sentence)


def weekday_means(series: Series, period: Period) -> np.ndarray:
    """Mean views (7,) of each weekday over the measured days of a period, Monday first; NaN where there is none."""
    views = series.measured[str(period.first) : str(period.last)]
    return views.groupby(views.index.day_of_week).mean().reindex(range(WEEK)).to_numpy(float)


def _to_precision(errors: np.ndarray, precision: float) -> np.ndarray:
    """Errors in whole steps of what the fits are exact to: of two that differ by less neither is better."""
    return precision * np.round(errors / precision) if precision else errors


def _lagged(windows: Windows) -> np.ndarray:
    """The views of the days before (targets, days), the day before first."""
    return windows.inputs[:, ::-1]
