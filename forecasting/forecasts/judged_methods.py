"""How far several methods would have been off on the same held-out days of a channel."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from forecasting.evaluation.backtest import Backtest, backtest, origins_in, table
from forecasting.evaluation.calibration import fit_method
from forecasting.evaluation.conformal import LEVELS
from forecasting.forecasts.forecast import judged_horizons
from forecasting.messages import BadInput
from forecasting.models.ensemble.auto import CANNOT_ANSWER
from forecasting.models.ensemble.candidates import TrialResult
from forecasting.models.registry import BUDGET, SKILL_BASELINE
from forecasting.series import Series
from forecasting.split import Period


@dataclass(frozen=True)
class JudgedMethods:
    """A table for each method: a row for each of the horizons 1, 7, 28 and the farthest, columns as in `table`.

    `reasons` has the methods that gave no answer, with why.
    """

    tables: dict[str, pd.DataFrame]
    reasons: dict[str, str]

    @property
    def columns(self) -> list[str]:
        """Of each table."""
        return list(self.tables[SKILL_BASELINE])


def judge_methods(
    series: Series,
    methods: Iterable[str],
    *,
    held_out: Period,
    horizon: int,
    level: float,
    levels: Sequence[float] = LEVELS,
    origins: int = 0,
    refit_days: int = 0,
    budget: float = BUDGET,
    note: Callable[[TrialResult], None] = lambda trial: None,
) -> JudgedMethods:
    """Each of `methods`, and the baseline that skill is measured against, fitted before `held_out` and asked from it.

    From each of its days, or from so many `origins`; intervals of all `levels`, and those of `level` as the columns
    coverage and width. Raises BadInput where no day can be asked from, or the baseline has no answer.
    """
    asked = origins_in(series.views, held_out, horizon, count=origins)
    results: dict[str, Backtest] = {}
    reasons: dict[str, str] = {}
    for name in dict.fromkeys([SKILL_BASELINE, *methods]):
        try:
            fitted = fit_method(name, series.until(asked[0]), horizon, budget=budget, note=note)
            results[name] = backtest(
                series, fitted, asked, horizon=horizon, refit_days=refit_days, levels=sorted({*levels, level})
            )
        except CANNOT_ANSWER as reason:
            reasons[name] = str(reason)
    if SKILL_BASELINE not in results:
        raise BadInput("{reason}", reason=reasons[SKILL_BASELINE])
    of_level = {f"{part}_{100 * level:g}": part for part in ("coverage", "width")}
    tables = {
        name: table(result, results[SKILL_BASELINE], judged_horizons(horizon)).rename(columns=of_level)
        for name, result in results.items()
    }
    return JudgedMethods(tables, reasons)
