"""The reveal: errors and winners against plain loops, and sentences that do not claim too much."""

import numpy as np
import pandas as pd
import pytest

from forecasting.lectures.reveal import agreement, hidden_days, reveal
from forecasting.messages import BadInput

NOISE = np.random.default_rng(1)


def held_out(views, days=60) -> dict[str, pd.Series]:
    """Forecasts of three models of different skill."""
    judged = views[-days:]
    return {name: judged + NOISE.normal(0, size, days) for name, size in {"good": 90, "fair": 100, "poor": 300}.items()}


def test_errors_and_winners(views):
    days = hidden_days(views, 2)
    points = {"good": views[days] + [10, -30], "poor": views[days] + [5, 7]}
    found = reveal(views, days, points, held_out=held_out(views))
    assert found.errors == pytest.approx({"good": 20.0, "poor": 6.0})
    assert (found.closest, found.best) == ("poor", "good")
    ahead = held_out(views)
    expected = {name: np.mean(np.abs(series - views[series.index])) for name, series in ahead.items()}
    assert reveal(views, days, points, held_out=ahead).held_out == pytest.approx(expected)


@pytest.mark.parametrize("length", [1, 2, 7])
def test_agreement_is_that_of_a_loop(views, length):
    errors = pd.DataFrame({name: (series - views[series.index]).abs() for name, series in held_out(views).items()})
    best, agreed = errors.mean().idxmin(), []
    for start in range(len(errors) - length + 1):
        part = errors.iloc[start : start + length]
        agreed.append(min(part.columns, key=lambda name, part=part: part[name].mean()) == best)
    assert agreement(errors, length) == pytest.approx(np.mean(agreed))
    assert 0.3 < agreement(errors, length) < 1


def test_unknown_days_do_not_count(views):
    views = views.copy()
    views.iloc[-1] = np.nan
    days = hidden_days(views, 2)
    found = reveal(views, days, {"one": [views.iloc[-2] + 4, 1e9]}, held_out={})
    assert found.errors == {"one": pytest.approx(4.0)}
    with pytest.raises(BadInput, match="hide more"):
        hidden_days(views, 1)


def test_sentences_say_who_won_and_how_little_that_proves(views):
    days = hidden_days(views, 2)
    points = {"good": views[days] + 20, "poor": views[days] + 6}
    found = reveal(views, days, points, held_out=held_out(views))
    assert "Nobody voted. “poor” came closest" in found.on_the_vote({}).translated()
    assert "The vote was right: “poor”" in found.on_the_vote({"poor": 2, "good": 1}).translated()
    assert found.on_the_vote({"good": 1}).translated().startswith("The vote went to “good”, 20 views a day off; “poor”")
    assert "“good” has the smallest error over all held-out days" in found.how_little().translated()
    few = reveal(views, days, points, held_out={name: series[-20:] for name, series in held_out(views).items()})
    assert few.how_little().translated() == "Days hidden: 2. With so few days the ranking is mostly luck."
