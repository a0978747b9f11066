"""Deeper: the nets, their runs, the day missed most, and what each claim answers with the effect and without."""

import numpy as np
import pandas as pd
import pytest

from forecasting.lectures.depth import (
    CONTRASTS,
    DEEPEST,
    UNITS,
    WINDOW,
    TrainedNet,
    as_wide,
    claims,
    depth_settings,
    lectures_row,
    net,
    nets_along,
)
from forecasting.lectures.model_table import table_settings
from forecasting.settings import BOUNDS
from forecasting.split import LECTURE

DAYS = pd.date_range("2021-01-01", periods=200)
SETS = 60  # made channels without an effect


def made(architecture, train=100.0, held_out=400.0, *, seeds=5, days=200, draw=None, spread=2.0):
    """A net with these mean losses; `draw` is where its own chance comes from."""
    rng = draw or np.random.default_rng(0)
    actual = pd.Series(5000.0, DAYS[:days])
    errors = rng.exponential(1.0, (days, 1)) * held_out * np.ones(seeds) + rng.normal(0, spread, (days, seeds))
    losses = train + rng.normal(0, spread, seeds)
    predicted = pd.DataFrame(actual.to_numpy()[:, None] + errors, actual.index)
    return TrainedNet(architecture, losses, np.abs(errors).mean(axis=0), predicted, actual)


def nets(along, losses, **look):
    """Nets by architecture; `losses` maps each to (train, held-out)."""
    return {one: made(one, *losses(one), **look) for one in nets_along(along)}


@pytest.mark.parametrize("layers", [2, 3, 4, 5])
def test_the_wide_net_is_the_nearest_in_parameters_of_all_widths(layers):
    def parameters(units):
        return WINDOW * units + units + units + 1  # weights in, biases, weights out, bias

    deep = WINDOW * UNITS + UNITS + (layers - 1) * (UNITS * UNITS + UNITS) + UNITS + 1
    low, high = BOUNDS["units"]
    nearest = min(range(low, high + 1), key=lambda units: abs(parameters(units) - deep))
    assert (as_wide(net(layers)).units, net(layers).parameters) == (nearest, deep)


def test_no_layers_are_a_line_and_more_are_as_deep_as_said():
    assert [one.hidden for one in nets_along("layers")] == list(range(DEEPEST + 1))
    assert net(0).family == net(1, 0).family == "linear"


def test_nets_by_layers_and_units_are_runs_of_the_lectures_table():
    table = table_settings(LECTURE, seeds=10)
    for along in ("layers", "units"):
        assert set(depth_settings(LECTURE, along, 10)) <= set(table)
    assert lectures_row(net(3)).unseen == 380
    assert lectures_row(as_wide(net(3))) is None


def test_worst_day_is_the_one_a_slow_loop_finds():
    rng = np.random.default_rng(3)
    actual = pd.Series(rng.normal(1000, 50, 200), DAYS)
    predicted = pd.DataFrame(rng.normal(1000, 50, (200, 4)), DAYS)
    one = TrainedNet(net(2), np.ones(4), np.ones(4), predicted, actual)
    worst, most = None, -1.0
    for day in DAYS:
        missed = abs(sum(predicted.loc[day]) / 4 - actual[day])
        if missed > most:
            worst, most = day, missed
    assert one.worst_day == worst
    assert one.errors[2, 7] == pytest.approx(abs(predicted.iloc[7, 2] - actual.iloc[7]))


def answers(along, losses, **look):
    return [one.answer for one in claims(nets(along, losses, **look), along)]


def test_the_lectures_own_figures_hold():
    def lectures(one):
        row = lectures_row(one)
        return row.train, row.unseen or 500.0

    assert answers("layers", lectures) == ["holds"] * 3


def test_the_opposite_does_not_hold():
    assert (
        answers("layers", lambda one: (100 + 20 * (one.hidden if one.hidden < 5 else 0), 400 - 20 * one.hidden))
        == ["does not hold here"] * 3
    )
    assert answers("units", lambda one: (100 + one.units, 400 - one.units / 10)) == ["does not hold here"] * 2
    assert answers("shape", lambda one: (100, 300 + 50 * one.hidden)) == ["does not hold here"]


def test_wide_nets_as_said():
    assert answers("units", lambda one: (400 - one.units / 5, 300 + one.units / 10)) == ["holds"] * 2
    assert answers("shape", lambda one: (100, 450 - 50 * one.hidden)) == ["holds"]


def test_few_seeds_and_few_days_are_named_as_what_is_lacking():
    def lectures(one):
        return lectures_row(one).train, lectures_row(one).unseen or 500.0

    few_seeds = claims(nets("layers", lectures, seeds=3), "layers")
    assert {one.answer for one in few_seeds} == {"cannot tell"}
    assert few_seeds[0].lacking.translated() == "3 seeds, 5 needed"
    held_out = claims(nets("layers", lectures, days=20), "layers")[1]
    assert (held_out.answer, held_out.lacking.facts["days"]) == ("cannot tell", 20)


def test_only_what_has_been_trained_is_judged():
    some = {one: made(one) for one in (net(1), net(3), net(4))}
    assert [one.name for one in claims(some, "layers")] == [contrast.name for contrast in CONTRASTS["layers"][:2]]
    assert claims({}, "shape") == []


@pytest.mark.parametrize("along", ["layers", "shape"])
def test_without_an_effect_a_claim_seldom_holds(along):
    """A one-sided error of 5 % on one claim: more than six of sixty come once in forty times."""
    held = np.zeros(len(CONTRASTS[along]))
    for place in range(SETS):
        rng = np.random.default_rng(place)
        found = {one: made(one, draw=rng, spread=20.0) for one in nets_along(along)}
        held += [one.answer == "holds" for one in claims(found, along)]
    assert held.max() <= 6
