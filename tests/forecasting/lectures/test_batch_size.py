"""Batch sizes: training against the engine's own rows, curvature against the exact Hessian, claims on made data."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecasting.lectures import batch_size, batch_training
from forecasting.lectures.batch_size import LAST, BatchRun, BatchSizes, Sharpness, UpdateTime
from forecasting.lectures.curvature import hessian, squared_error
from forecasting.models.fitting import build, fit
from forecasting.networks.inputs import prepared_periods
from forecasting.series import Series
from forecasting.split import default_split
from forecasting.windows import run_windows
from tests.forecasting.conftest import make_views

WINDOWS = 640


@pytest.fixture(scope="module")
def trained():
    series = Series(make_views(160))
    split = default_split(series.views)
    data = run_windows(series, batch_size.run_settings(split, 16, 2, epochs=1))
    periods = prepared_periods(data)
    return series, split, data, periods, batch_training.train_with(data, periods, split, size=16, seeds=2)


def test_losses_are_those_of_the_engines_rows(trained):
    series, split, data, _periods, found = trained
    epochs = batch_size.points_of(len(data.train), 16).epochs
    settings = batch_size.run_settings(split, 16, 2, epochs=epochs)
    rows = list(fit(build(settings), run_windows(series, settings), settings))
    run = found.run
    for epoch in (batch_size.EPOCHS, epochs):
        place = run.place(epoch * run.per_epoch(len(data.train)))
        np.testing.assert_allclose(run.train[place], rows[epoch - 1].train_loss, rtol=1e-6)
        np.testing.assert_allclose(run.held_out[place], rows[epoch - 1].held_out_loss, rtol=1e-6)


def test_sharpness_is_the_exact_hessians_largest_eigenvalue(trained):
    *_data, periods, found = trained
    goals = found.run.train.min(axis=0) * 1.01
    sharp = batch_training.sharpness_of(found, periods["train"], goals)
    loss = squared_error(found.network, periods["train"])
    first = int((found.run.train[:, 1] <= goals[1]).argmax())
    for at, value in (
        (found.kept[first][1], sharp.equal_loss[1]),
        (found.kept[found.run.place(found.run.updates_of_epochs(len(periods["train"])))][1], sharp.equal_epochs[1]),
    ):
        assert value == pytest.approx(np.linalg.eigvalsh(hessian(loss, at.double()))[-1], rel=1e-5)
    assert found.run.train[first, 1] <= goals[1] < found.run.train[first - 1, 1]
    assert sharp.reached.all()
    assert not batch_training.sharpness_of(found, periods["train"], goals * 0).reached.any()


@pytest.mark.parametrize("size", [1, 16, 0])
@pytest.mark.parametrize("windows", [2, 65, 1405])
def test_a_run_is_looked_at_wherever_sizes_are_compared(windows, size):
    points = batch_size.points_of(windows, size)
    per_epoch = -(-windows // (size or windows))
    assert {0, batch_size.UPDATES, batch_size.EPOCHS * per_epoch} <= {*points.updates}
    assert points.updates[-1] == points.epochs * per_epoch
    assert points.updates[-LAST:] == [*range(points.updates[-1] - LAST + 1, points.updates[-1] + 1)]


def test_jitter_is_the_mean_change_as_a_share():
    losses = np.full((LAST, 2), 100.0)
    losses[::2, 1] += 10
    run = BatchRun(1, np.arange(LAST), losses, losses)
    assert run.jitter == pytest.approx([0, 10 / 105])


# Claims, on made data


def made(small: np.ndarray, large: np.ndarray, *, windows: int = WINDOWS, sharp: tuple = ()) -> BatchSizes:
    """Runs of both sizes with these losses (seeds,) wherever one looks."""

    def run(batch: int, losses: np.ndarray) -> BatchRun:
        updates = np.array([batch_size.UPDATES, batch_size.EPOCHS * -(-windows // batch)])
        rows = np.tile(losses, (2, 1))
        return BatchRun(batch, updates, rows, rows)

    curved = tuple(
        Sharpness(batch, values, values, values, values > 0)
        for batch, values in zip((16, windows), sharp, strict=False)
    )
    times = tuple(UpdateTime(batch, np.array([1e-3, 1.1e-3, 1e-3])) for batch in (1, 64, windows))
    return BatchSizes(windows, 2, times, (run(16, small), run(windows, large)), curved)


def normal(mean: float, seed: int, spread: float = 5.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, spread, 10)


@pytest.mark.parametrize(
    "large, answer", [(450.0, "holds"), (400.0, "does not hold here"), (350.0, "does not hold here")]
)
def test_whether_the_large_batch_trains_worse(large, answer):
    known = made(normal(400, 0), normal(large, 1))
    for equal in ("epochs", "updates"):
        assert batch_size.trains_worse(known, equal).answer == answer


def test_few_seeds_and_few_windows_tell_nothing():
    few = made(normal(400, 0)[:3], normal(500, 1)[:3])
    assert batch_size.trains_worse(few, "epochs").answer == "cannot tell"
    short = made(normal(400, 0), normal(500, 1), windows=63, sharp=(normal(5, 0, 0.1), normal(9, 1, 0.1)))
    found = batch_size.claims(short)
    assert len(found) == 5
    assert {claim.answer for claim in found[1:]} == {"cannot tell"}


def test_no_large_batch_trains_worse_by_chance():
    held = [
        batch_size.trains_worse(made(normal(400, 2 * seed, 20), normal(400, 2 * seed + 1, 20)), "epochs").answer
        == "holds"
        for seed in range(200)
    ]
    assert np.mean(held) <= 0.05


@pytest.mark.parametrize("large, answer", [(7.0, "holds"), (5.0, "does not hold here"), (4.0, "does not hold here")])
def test_whether_the_small_batch_lies_flatter(large, answer):
    known = made(normal(400, 0), normal(400, 1), sharp=(normal(5, 2, 0.2), normal(large, 3, 0.2)))
    assert batch_size.is_flatter(known, "equal_loss").answer == answer
    flat = made(normal(400, 0), normal(400, 1), sharp=(np.zeros(10), normal(large, 3, 0.2)))
    assert batch_size.is_flatter(flat, "equal_loss").answer == "cannot tell"


def timed(some: list[float], windows: int = WINDOWS) -> BatchSizes:
    known = made(normal(400, 0), normal(400, 1), windows=windows)
    times = (
        UpdateTime(1, np.array([1.0, 1.0, 1.0])),
        UpdateTime(64, np.array(some)),
        UpdateTime(windows, np.full(3, 9.0)),
    )
    return replace(known, times=times)


def test_whether_an_update_of_64_takes_as_long_as_one_of_one():
    assert batch_size.is_flat_in_time(timed([1.2, 1.3, 1.2])).answer == "holds"
    assert batch_size.is_flat_in_time(timed([5.0, 5.0, 5.1])).answer == "does not hold here"
    assert batch_size.is_flat_in_time(timed([1.2, 2.0, 2.0])).answer == "cannot tell"
    assert batch_size.flat_up_to(timed([1.2, 1.3, 1.2])) == 64
    assert batch_size.flat_up_to(timed([5.0, 5.0, 5.1])) == 1


def test_a_claim_comes_with_what_it_rests_on():
    known = made(normal(400, 0), normal(500, 1))
    assert len(batch_size.claims(replace(known, runs=()))) == 1
    assert len(batch_size.claims(known)) == 3


@pytest.mark.parametrize(
    "values", [np.full(300, 7.0), np.zeros(300), make_views(28).to_numpy(), make_views(90).to_numpy()]
)
def test_a_channel_that_cannot_be_judged_is_told_why(values):
    series = Series(pd.Series(values, pd.date_range("2020-01-01", periods=len(values)), name="views"))
    found = list(batch_training.channel_claims(series, default_split(series.views)))
    assert len(found) == 5
    assert all(claim.answer == "cannot tell" and claim.lacking for claim in found)
