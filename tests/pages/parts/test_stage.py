"""What the canvas is sent: paths cut where they run away, few points, ticks and bands within the axes."""

import numpy as np
import pytest

from forecasting.messages import english
from pages.parts.session import translator
from pages.parts.stage import Axis, Track, _axis, _bands, _ticks, _track, thinned, views_axis


def test_a_path_is_cut_at_the_first_point_that_is_not_finite():
    points = np.array([[0, 0], [1, 2], [np.inf, 3], [4, 5]])
    assert _track(Track(points))["points"] == [[0, 0], [1, 2]]


@pytest.mark.parametrize("count", [0, 1, 299, 300, 301, 5000, 100_000])
def test_thinned_keeps_first_and_last_in_order(count):
    kept = thinned(count)
    assert len(kept) <= 300
    assert (np.diff(kept) > 0).all()
    if count:
        assert (kept[0], kept[-1]) == (0, count - 1)


@pytest.mark.parametrize(("low", "high"), [(-1, 1), (0, 7.3), (1e3, 1e6), (-0.75, 1.25), (0.001, 0.002), (0, 10.74)])
def test_ticks_are_some_round_values_within_the_axis(low, high):
    ticks = _ticks(Axis("", low, high))
    assert 3 <= len(ticks) <= 8
    assert low - 1e-9 <= ticks[0]
    assert ticks[-1] <= high + 1e-9
    assert np.allclose(np.diff(ticks), np.diff(ticks)[0])


def test_logarithmic_ticks_are_powers_of_ten():
    assert _ticks(Axis("", 0.05, 2000, log=True)) == [0.1, 1, 10, 100, 1000]
    assert _axis(Axis("", -1, 1), english)["ticks"][0] == (-1.0, "−1")


@pytest.mark.parametrize("heights", [np.linspace(1, 9, 30), np.linspace(0, 9, 30), np.linspace(-4, 9, 30)])
def test_bands_rise_within_the_heights_and_are_finest_at_the_bottom(heights):
    borders = np.array([heights.min(), *_bands(heights), heights.max()])
    assert (np.diff(borders) > 0).all()
    assert np.diff(borders)[0] < np.diff(borders)[-1]


@pytest.mark.parametrize(
    ("high", "language", "ticks"),
    [
        (8000, "en", ["0", "2k", "4k", "6k", "8k"]),
        (300, "en", ["0", "100", "200", "300"]),
        (8000, "zh", ["0", "2,000", "4,000", "6,000", "8,000"]),
        (50_000, "zh", ["0", "1 万", "2 万", "3 万", "4 万", "5 万"]),
        (7500, "zh_TW", ["0", "2,000", "4,000", "6,000"]),
    ],
)
def test_views_are_written_without_needless_zeros(high, language, ticks):
    axis = _axis(views_axis("Views", 0, high), translator(language))
    assert [text for _value, text in axis["ticks"]] == ticks


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0.02, 30, [0.1, 1, 10]), (0.3, 3, [0.5, 1, 2]), (1e-4, 1e-2, [0.0001, 0.001, 0.01]), (6, 15.4, [10])],
)
def test_ticks_of_a_logarithmic_axis(low, high, ticks):
    assert _ticks(Axis("", low, high, log=True)) == ticks
