"""The last held-out weeks: which days, which curves, and for which of them there is room."""

import numpy as np
import pandas as pd
import pytest

from forecasting.windows import Windows
from pages.parts import held_out_weeks
from pages.parts.held_out_weeks import WEEKS, Prediction, draw_weeks

DAYS = 100


@pytest.fixture
def drawn(monkeypatch):
    def draw(prediction: np.ndarray, **how: bool) -> dict:
        pictures = []
        monkeypatch.setattr(held_out_weeks, "stage", lambda _key, **parts: pictures.append(parts))
        held_out = Windows(np.zeros((DAYS, 1)), 100.0 + np.arange(DAYS), pd.date_range("2021-01-01", periods=DAYS))
        draw_weeks(held_out, [Prediction(prediction, "Line")], translate=str, alt="", height=1, **how)
        return pictures[0]

    return draw


def test_the_last_days_with_their_dates(drawn):
    picture = drawn(np.full(DAYS, 150.0))
    assert (picture["x"].names[0], picture["x"].names[-1], len(picture["x"].names)) == (
        "2021-02-14",
        "2021-04-10",
        WEEKS,
    )
    real, predicted = (np.array(line.points) for line in picture["lines"])
    np.testing.assert_array_equal(real, np.stack([np.arange(WEEKS), 100 + np.arange(DAYS - WEEKS, DAYS)], axis=1))
    assert (predicted[:, 1] == 150).all()


def test_there_is_room_for_far_predictions_only_where_asked(drawn):
    far = np.full(DAYS, 10_000.0)
    assert drawn(far)["y"].high < 300
    assert drawn(far, whole=True)["y"].high > 10_000
    assert drawn(np.full(DAYS, np.inf))["y"].high < 300
