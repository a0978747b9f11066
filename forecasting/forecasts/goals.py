"""What any goal is answered from: draws of the days to come, and past chances."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from forecasting.evaluation.scores import Scores
from forecasting.forecasts.chances import PastChance, past_chances, record_windows
from forecasting.forecasts.paths import draw_paths
from forecasting.messages import N_, BadInput
from forecasting.models.registry import SKILL_BASELINE, Forecaster, baseline
from forecasting.series import Series

FARTHEST = 90  # days ahead
NEAREST = 7
DAYS_AHEAD = 3  # a channel of so many days is asked for one ahead: as many past forecasts must be there to draw from
TOO_FEW = N_(
    "The channel has {days} days. Too few past forecasts {ahead} days ahead are known to draw from; come back with"
    " more days, or choose another method."
)


@dataclass(frozen=True, eq=False)
class GoalsReport:
    """Of a channel through `origin`, by `method`."""

    method: str
    origin: date
    paths: np.ndarray  # (paths, days), views
    usual: tuple[float, ...]  # the baseline's forecast, views
    past: tuple[PastChance, ...]  # chances that were said before, and what came


def days_ahead(series: Series, judged: int | None = None) -> int:
    """How far paths are drawn; by a run half the `judged` days after those that it knows too well."""
    most = series.measured_days // DAYS_AHEAD if judged is None else judged // 2
    return int(np.clip(most, NEAREST, FARTHEST))


def make_goals(series: Series, method: str, forecaster: Forecaster, *, scores: Scores) -> GoalsReport:
    """From the last day of `series`; `scores` are of days that had not been learnt from.

    Raises BadInput where too few of them are known.
    """
    now, horizon = series.views.index[-1:], scores.horizon
    predicted = forecaster.predict(series, now, horizon)[0]
    paths = draw_paths(series, scores, now[0], predicted=predicted)
    if paths is None:
        raise BadInput(TOO_FEW, days=len(series), ahead=horizon)
    return GoalsReport(
        method,
        now[0].date(),
        paths.round(1),
        tuple(map(float, baseline(SKILL_BASELINE).predict(series, now, horizon)[0])),
        past=tuple(past_chances(series, scores, record_windows(scores, series.last))),
    )
