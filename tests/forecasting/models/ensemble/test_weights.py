"""Weights of a mixture against a slow loop."""

from dataclasses import replace

import numpy as np
import pytest

from forecasting.models.ensemble.weights import (
    SMOOTHING_RADIUS,
    WEIGHTING,
    ErrorHistory,
    Kinds,
    Weighting,
    update_online,
)

MEMBERS, DAYS, HORIZON = 5, 40, 9
GROUPS = np.array([0, 0, 1, 2, 2])
FAMILIES = np.array(["far", "far", "near", "far", "far"])
ALWAYS_INCLUDED = np.array([False, False, True, False, False])
KINDS = Kinds(GROUPS, FAMILIES, ALWAYS_INCLUDED)
FADE = 0.5 ** (1 / WEIGHTING.half_life)
EARLIER = Weighting()  # of files that name none
SHARPEST = replace(WEIGHTING, reserved=0.0, by_record=False)


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
                    total, weight = FADE * total + error, FADE * weight + 1
            if weight:
                found[member, ahead - 1] = total / weight
    return found


def slow_weights(errors: np.ndarray, weighting: Weighting, day: int) -> np.ndarray:
    """Step by step, as one would say it."""
    near = errors.copy()
    for ahead in range(1, HORIZON):
        near[:, ahead] = errors[:, max(ahead - SMOOTHING_RADIUS, 1) : ahead + SMOOTHING_RADIUS + 1].mean(axis=1)
    weights = np.zeros_like(near)
    for column in range(HORIZON):
        of_all = [0.5 ** (back / weighting.half_life) for back in range(5000)]
        evidence = sum(of_all[: max(day - column, 0)]) / sum(of_all)
        sharp, left = (evidence, 1 - evidence) if weighting.by_record else (1, 1)
        share, of_group, of_family = {}, {}, {}
        for group in range(3):
            mine = [member for member in range(MEMBERS) if GROUPS[member] == group]
            share |= shares({member: near[member, column] for member in mine}, sharp * weighting.within)
            of_group[group] = sum(share[member] * near[member, column] for member in mine)
        families = [[0, 2], [1]] if weighting.by_family else [[group] for group in of_group]
        for groups in families:
            among = shares({group: of_group[group] for group in groups}, sharp * weighting.within)
            for member in range(MEMBERS):
                share[member] *= among.get(GROUPS[member], 1.0)
            of_family[tuple(groups)] = sum(among[group] * of_group[group] for group in groups)
        top = shares(of_family, sharp * weighting.among)
        reserved = left * weighting.reserved * (1 - (column + 1) ** -0.5)
        for member in range(MEMBERS):
            family = next(family for family in of_family if GROUPS[member] in family)
            weights[member, column] = (1 - reserved) * share[member] * top[family] + reserved * ALWAYS_INCLUDED[member]
    return weights


def shares(errors: dict, power: float) -> dict:
    """Of 1, in proportion to this power of one over the error."""
    total = sum(error**-power for error in errors.values())
    return {key: error**-power / total for key, error in errors.items()}


@pytest.mark.parametrize("weighting", [WEIGHTING, EARLIER])
def test_weights_equal_a_slow_loop(made, weighting):
    path = update_online(*made, ErrorHistory.empty(MEMBERS, HORIZON)).weights(KINDS, weighting, np.arange(DAYS))
    for day in (15, 39):
        assert path[day] == pytest.approx(slow_weights(slow_errors(*made, day), weighting, day))
    assert path.sum(axis=1) == pytest.approx(np.ones((DAYS, HORIZON)))


def test_far_days_are_judged_as_the_farthest_known_until_their_own_errors_show(made):
    path = update_online(*made, ErrorHistory.empty(MEMBERS, HORIZON))
    errors = slow_errors(*made, 4)
    errors[:, 4:] = errors[:, [3]]
    assert path.at(4).weights(KINDS, WEIGHTING, 4) == pytest.approx(slow_weights(errors, WEIGHTING, 4))
    different = Kinds(np.arange(MEMBERS), np.arange(MEMBERS), np.zeros(MEMBERS, bool))
    assert np.ptp(path.at(0).weights(different, WEIGHTING, 0)) < 1e-12  # nothing known: all equal


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
    weights = history.weights(KINDS, EARLIER, DAYS)
    assert weights[3, 0] == pytest.approx(1)
    assert weights[3, 8] == pytest.approx(1 - EARLIER.reserved * (1 - 1 / 3))


def test_weights_are_the_sharper_the_longer_the_record_is(made):
    known = update_online(*made, ErrorHistory.empty(MEMBERS, HORIZON)).at(-1)
    few, many, all_there_can_be = (known.weights(KINDS, WEIGHTING, days) for days in (20, 60, 10_000))
    assert (few.max(axis=0) < many.max(axis=0)).all()
    assert all_there_can_be == pytest.approx(known.weights(KINDS, SHARPEST, 20))
