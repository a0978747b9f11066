"""The ladder that Auto climbed, as records of `auto.Rung`: what was tried, and what another choice would have cost."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from forecasting.errors import N_
from forecasting.sentences import Sentence, percent


def mean_error(pairs: Sequence[tuple[int, float]]) -> float:
    """Mean MASE over the days ahead that were looked at; NaN for none."""
    return float(np.mean([error for _ahead, error in pairs])) if len(pairs) else np.nan


def ladder_frame(ladder: Sequence[dict], say: Callable[[str], str] = str) -> pd.DataFrame:
    """A row a rung in the order tried: step, name, alone and mixed (MASE in validation), seconds."""
    rows = [
        (step, say(rung["name"]), mean_error(rung["errors"]), mean_error(rung["mixed"]), rung["seconds"])
        for step, rung in enumerate(ladder, start=1)
    ]
    return pd.DataFrame(rows, columns=["step", "name", "alone", "mixed", "seconds"])


def what_others_cost(ladder: Sequence[dict]) -> Sentence:
    """How much more the best single one would have erred in validation, and the worst."""
    frame = ladder_frame(ladder)
    end = frame["mixed"].iloc[-1]
    if not (np.isfinite(end) and end > 0):
        return Sentence(N_("Nothing to compare yet."))
    best, worst = (frame.loc[getattr(frame["alone"], which)()] for which in ("idxmin", "idxmax"))
    facts = {"mixed": f"{end:.3f}", "count": len(frame)}
    for name, row in (("best", best), ("worst", worst)):
        facts |= {name: Sentence(row["name"]), f"{name}_cost": percent(row["alone"] / end - 1)}
    return Sentence(
        N_(
            "In validation Auto's choice from {count} errs by a MASE of {mixed}; the best single one ({best}) by"
            " {best_cost} more, the worst ({worst}) by {worst_cost} more."
        ),
        facts,
    )
