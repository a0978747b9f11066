"""Weights of a mixture against a slow loop."""

import numpy as np
import pytest

from forecasting.models.ensemble.weights import (
    HALF_LIFE,
    POWER,
    RESERVED,
    SMOOTHING_RADIUS,
    ErrorHistory,
    update_online,
)

MEMBERS, DAYS, HORIZON = 5, 40, 9
GROUPS = np.array([0, 0, 1, 2, 2])
ALWAYS_INCLUDED = np.array([False, False, True, False, False])


@pytest.fixture
def made() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    actual = rng.normal(100, 10, (DAYS, HORIZON))
    forecasts = actual + rng.normal(size=(MEMBERS, DAYS, HORIZON)) * rng.uniform(5, 20, (MEMBERS, 1, 1))
    actual[rng.random(actual.shape) < 0.1] = np.nan
    return forecasts, actual


def slow_errors(forecasts, actual, day: int) -> np.ndarray:
    """Discounted mean error of every member and horizon known on `day`."""
    found = np.full((MEMBERS, HORIZON), np.nan)
    for member in range(MEMBERS):
        for ahead in range(1, HORIZON + 1):
            total = weight = 0.0
            for made in range(day - ahead + 1):
                error = abs(forecasts[member, made, ahead - 1] - actual[made, ahead - 1])
                if np.isfinite(error):
                    total, weight = 0.5 ** (1 / HALF_LIFE) * total + error, 0.5 ** (1 / HALF_LIFE) * weight + 1
            if weight:
                found[member, ahead - 1] = total / weight
    return found


def slow_weights(errors: np.ndarray) -> np.ndarray:
    """Step by step, as one would say it."""
    near = errors.copy()
    for ahead in range(1, HORIZON):
        near[:, ahead] = errors[:, max(ahead - SMOOTHING_RADIUS, 1) : ahead + SMOOTHING_RADIUS + 1].mean(axis=1)
    weights = np.zeros_like(near)
    for column in range(HORIZON):
        shares, within = {}, {}
        for group in range(3):
            mine = [member for member in range(MEMBERS) if GROUPS[member] == group]
            powers = [near[member, column] ** -POWER for member in mine]
            within |= {member: power / sum(powers) for member, power in zip(mine, powers, strict=True)}
            shares[group] = sum(within[member] * near[member, column] for member in mine) ** -POWER
        reserved = RESERVED * (1 - (column + 1) ** -0.5)
        for member in range(MEMBERS):
            share = shares[GROUPS[member]] / sum(shares.values())
            weights[member, column] = (1 - reserved) * within[member] * share + reserved * ALWAYS_INCLUDED[member]
    return weights


def test_weights_equal_a_slow_loop(made):
    path = update_online(*made, ErrorHistory.empty(MEMBERS, HORIZON)).weights(GROUPS, ALWAYS_INCLUDED)
    for day in (15, 39):
        assert path[day] == pytest.approx(slow_weights(slow_errors(*made, day)))
    assert path.sum(axis=1) == pytest.approx(np.ones((DAYS, HORIZON)))


def test_far_days_are_judged_as_the_farthest_known_until_their_own_errors_show(made):
    path = update_online(*made, ErrorHistory.empty(MEMBERS, HORIZON))
    errors = slow_errors(*made, 4)
    errors[:, 4:] = errors[:, [3]]
    assert path.at(4).weights(GROUPS, ALWAYS_INCLUDED) == pytest.approx(slow_weights(errors))
    assert np.ptp(path.at(0).weights(np.arange(MEMBERS), np.zeros(MEMBERS, bool))) < 1e-12  # nothing known: all equal


def test_going_on_from_a_record_is_going_on(made):
    forecasts, actual = made
    whole = update_online(forecasts, actual, ErrorHistory.empty(MEMBERS, HORIZON))
    first = actual.copy()
    for ahead in range(1, HORIZON + 1):
        first[20 - ahead + 1 :, ahead - 1] = np.nan  # not known on day 20
    half = update_online(forecasts, first, ErrorHistory.empty(MEMBERS, HORIZON)).at(20)
    rest = update_online(forecasts[:, 20:], actual[20:], half)
    # Forecasts made before day 20 that show after it are lost to the second; tomorrow's are not among them.
    assert rest.errors[5, :, 0] == pytest.approx(whole.errors[25, :, 0])


def test_a_member_without_error_takes_all_but_what_is_reserved(made):
    forecasts, actual = made
    forecasts[3] = np.where(np.isfinite(actual), actual, 0)
    history = update_online(forecasts, actual, ErrorHistory.empty(MEMBERS, HORIZON)).at(-1)
    weights = history.weights(GROUPS, ALWAYS_INCLUDED)
    assert weights[3, 0] == pytest.approx(1)
    assert weights[3, 8] == pytest.approx(1 - RESERVED * (1 - 1 / 3))
