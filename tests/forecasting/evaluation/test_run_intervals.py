"""A run's intervals on days that neither training nor calibration saw: a small part of the benchmark."""

import pytest

from tests.benchmark.run_intervals import held

pytestmark = pytest.mark.slow  # it fits models, some in processes of their own


def test_about_as_many_days_are_held_as_promised():
    """Twelve channels, four weeks each; neighbouring days resemble each other, so the bounds are wide."""
    found = held(12, held_out=45, correlations=(0.8,)).loc[0.8]
    days = found.loc[["days 1 to 7", "days 8 to 17", "days 18 to 28"]].mean()
    assert 0.4 <= days[0.5] <= 0.75 and 0.82 <= days[0.9] <= 0.99
