"""Whether intervals hold as many days as they promise, or clearly more or fewer."""

from statistics import NormalDist
from typing import Literal

import numpy as np

from forecasting.evaluation.comparison import LEVEL

Width = Literal["wider", "narrower", "as promised"]


def judge_coverage(held: float, promised: float, *, origins: int, ahead: int) -> Width:
    """What the share `held` of forecasts from so many `origins`, `ahead` days before, says of intervals.

    They are wider than needed where chance alone would hardly have them hold so many, narrower where hardly so few.
    """
    low, high = coverage_interval(held, origins=origins, ahead=ahead)
    return "wider" if low > promised else "narrower" if high < promised else "as promised"


def coverage_interval(held: float, *, origins: int, ahead: int) -> tuple[float, float]:
    """The 90 % interval of a share (Wilson 1927), which is not empty where all or none were held.

    Forecasts `ahead` days before share days with their neighbours: one in so many counts.
    """
    count = max(origins / ahead, 1.0)
    squared = NormalDist().inv_cdf((1 + LEVEL) / 2) ** 2
    middle = (held + squared / (2 * count)) / (1 + squared / count)
    reach = np.sqrt(squared * (held * (1 - held) / count + squared / (4 * count**2))) / (1 + squared / count)
    return max(float(middle - reach), 0.0), min(float(middle + reach), 1.0)
