"""The ranking, beside slow loops over days, and how often it tells apart what does not differ."""

from datetime import date

import numpy as np
import pytest

from forecasting.forecasts.ranking import JudgedMethod, rank
from forecasting.forecasts.track_record import TrackRecord
from forecasting.messages import Message

FIRST = date(2021, 1, 1)


def judged(key: str, errors, *, first: date = FIRST, horizon: int = 7) -> JudgedMethod:
    return JudgedMethod(key, TrackRecord(horizon, first, tuple(map(float, errors)), usual=50.0, coverage=0.9))


def noise(seed: int, days: int = 140) -> np.ndarray:
    return 100 + 20 * np.random.default_rng(seed).standard_normal(days)


def test_order_errors_and_skill_are_those_of_a_loop():
    errors = {"far": noise(1) + 40, "last-week": noise(2) + 10, "near": noise(3)}
    for values in errors.values():
        values[5] = np.nan  # nobody knows what came
    found = rank([judged(key, values) for key, values in errors.items()])
    means = {key: sum(e for e in values if e == e) / sum(e == e for e in values) for key, values in errors.items()}
    assert [row.judged.key for row in found.rows] == sorted(means, key=means.get)
    for row in found.rows:
        key = row.judged.key
        assert row.error == pytest.approx(means[key]) and row.mase == pytest.approx(means[key] / 50)
        both = [(a, b) for a, b in zip(errors[key], errors["last-week"], strict=True) if a == a and b == b]
        assert row.skill == pytest.approx(1 - sum(a for a, _ in both) / sum(b for _, b in both))
    assert [row.as_good for row in found.rows] == [True, False, False]
    assert "every other method errs more" in found.sentence("Near").translated()
    more = means["far"] / means["near"] - 1
    assert found.rows[-1].verdict.translated().startswith(f"{100 * more:.0f} % worse (")


def test_methods_that_only_chance_tells_apart_stand_with_the_best():
    common = noise(4)
    close = [
        judged(f"close {place}", common + 3 * np.random.default_rng(place).standard_normal(140)) for place in range(3)
    ]
    found = rank([judged("last-week", common + 30), *close])
    assert [row.as_good for row in found.rows] == [True, True, True, False]
    assert (
        found.sentence("x")
        .translated()
        .endswith("2 other methods cannot be told apart from it: their larger errors may be chance.")
    )
    assert found.rows[0].verdict.translated() == "Lowest error"
    assert "worse may be chance" in found.rows[1].verdict.translated()


def test_equal_methods_are_seldom_told_apart_however_many_there_are():
    rng, wrong, rankings = np.random.default_rng(0), 0, 40
    for _ in range(rankings):
        shocks = rng.standard_normal((8, 113))
        errors = np.abs(shocks[:, 1:] + 0.5 * shocks[:, :-1])  # neighbouring days resemble each other
        found = rank([judged(str(key), 100 * values) for key, values in enumerate(errors)])
        wrong += not all(row.as_good for row in found.rows)
    assert wrong <= 9  # of 40 rankings 10 % are 4


def test_few_days_tell_nothing_apart_and_that_is_said():
    found = rank([judged("last-week", noise(5, 20) + 50), judged("near", noise(6, 20))])
    assert all(row.as_good for row in found.rows)
    assert "20 held-out days are too few" in found.sentence("x").translated()
    assert "at least 28" in found.sentence("x").translated()


def test_a_run_that_knows_some_of_the_days_is_compared_on_the_others_alone():
    """Its days are quiet ones: its error is the smallest there is, and still it errs more than the best on them."""
    quiet = np.concatenate([np.full(70, 300.0), np.full(70, 60.0)]) + noise(7) / 10
    run = judged("run", quiet[70:] + 20 + noise(8, 70) / 50, first=date(2021, 3, 12))
    found = rank([judged("best", quiet), judged("last-week", quiet + 300), run])
    assert [row.judged.key for row in found.rows] == ["best", "run", "last-week"]
    of_run = found.rows[1]
    assert of_run.error < found.rows[0].error and of_run.origins == 70 and not of_run.as_good
    assert of_run.against_best.days == 70
    assert of_run.skill == pytest.approx(1 - run.record.by_origin().mean() / (quiet[70:] + 300).mean())
    late = judged("late", noise(9, 5), first=date(2021, 5, 16))
    (row,) = [one for one in rank([judged("best", quiet), late]).rows if one.judged.key == "late"]
    assert not row.as_good and row.verdict.translated() == "Cannot tell: only 5 days to compare"


def test_what_could_not_be_judged_stands_below_with_its_reason():
    without = JudgedMethod("trees", reason=Message("Too few days."))
    found = rank([without, judged("last-week", noise(1))])
    assert found.unjudged == (without,) and len(found.rows) == 1
    assert rank([without]).sentence("").translated() == "No method could be judged on the held-out days."
