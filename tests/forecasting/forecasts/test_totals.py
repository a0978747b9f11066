"""A total at the edge of its own interval is said to be there."""

import numpy as np
import pytest

from forecasting.forecasts.forecast import Total


@pytest.mark.parametrize(
    ("point", "band", "said"),
    [
        (146.0, (146.0, 194.0), "lower edge of its 90 % interval: past totals were nearly all higher"),
        (147.0, (146.0, 194.0), "lower edge"),
        (193.0, (146.0, 194.0), "upper edge of its 90 % interval: past totals were nearly all lower"),
        (160.0, (146.0, 194.0), ""),
        (0.0, (0.0, 9.0), ""),  # nothing lies below 0
        (5.0, (5.0, 5.0), ""),
        (5.0, (np.nan, np.nan), ""),
    ],
)
def test_where_a_total_lies_in_its_interval(point, band, said):
    notes = Total(28, point, ((0.5, *band), (0.9, *band))).note
    assert len(notes) == bool(said)
    assert all(said in note.translated() and "next 28 days" in note.translated() for note in notes)
