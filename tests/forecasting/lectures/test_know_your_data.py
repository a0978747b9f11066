"""What more days bring: the sample's figures, the three answers on made channels, short and exact ones."""

import numpy as np
import pandas as pd
import pytest

from forecasting.lectures.know_your_data import CLAIMS, fit_lengths, more_is_better, weekday_means
from forecasting.messages import BadInput
from forecasting.sample import sample_channel
from forecasting.series import Series
from forecasting.split import Period, default_split


def series(views: np.ndarray) -> Series:
    return Series(pd.Series(np.asarray(views, float), pd.date_range("2018-01-01", periods=len(views))))


def fitted(views: np.ndarray, loss="mae"):
    channel = series(views)
    return fit_lengths(channel, default_split(channel.views), loss)


def weekly(days: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 1000 + 200 * (np.arange(days) % 7 > 4) + rng.normal(0, 30, days)


def test_held_out_errors_of_the_sample():
    sample = sample_channel().series
    found = fit_lengths(sample, default_split(sample.views), "mae")
    assert [round(found.held_out_losses[window - 1]) for window in (1, 7, 28)] == [673, 546, 440]
    assert found.held_out_losses[55] == pytest.approx(433, abs=1)
    views = sample.views.to_numpy()
    assert found.last_week == pytest.approx(np.abs(views[-365:] - views[-372:-7]).mean())


def test_a_longer_window_never_has_a_larger_training_loss():
    for loss in ("mae", "mse"):
        losses = fitted(weekly(700), loss).train_losses
        assert (np.diff(losses) <= 1e-4 * losses[:-1]).all()


def test_seven_days_beat_one_where_views_repeat_weekly():
    assert more_is_better(fitted(weekly(700)), 7, 1).answer == "holds"


def test_seven_days_do_not_beat_one_where_each_day_follows_the_one_before():
    walk = 5000 + np.random.default_rng(0).normal(0, 30, 2500).cumsum()
    assert more_is_better(fitted(walk), 7, 1).answer == "does not hold here"


def test_windows_that_a_short_channel_cannot_fit_are_not_told():
    found = fitted(weekly(150))
    claims = [more_is_better(found, more, fewer) for more, fewer in CLAIMS]
    assert claims[2].answer == "cannot tell"
    assert claims[2].lacking.translated() == "64 days, 114 needed"
    assert found.longest == 31


def test_a_few_held_out_days_are_not_told():
    assert more_is_better(fitted(weekly(120)), 7, 1).answer == "cannot tell"


def test_of_two_perfect_fits_neither_is_better():
    for loss in ("mae", "mse"):
        answers = [more_is_better(fitted(np.arange(400) + 30 * (np.arange(400) % 7), loss), 56, 28).answer]
        assert "holds" not in answers


def test_of_fits_that_differ_by_rounding_neither_is_better():
    mostly_none = np.random.default_rng(0).poisson(0.2, 400)  # every window foretells 0
    found = more_is_better(fitted(mostly_none), 7, 1)
    assert (found.answer, found.statistic) == ("does not hold here", 0.0)


def test_a_channel_of_a_few_training_days_says_how_many_it_lacks():
    with pytest.raises(BadInput, match="There are 3 training days; a line needs at least 4"):
        fitted(weekly(73))


def test_false_holds_are_rare_where_no_day_helps():
    said = 0
    for seed in range(60):
        noise = np.random.default_rng(seed).normal(1000, 100, 500)
        said += more_is_better(fitted(noise, "mse"), 7, 1).answer == "holds"
    assert said <= 5  # 5 % expected at most, with room for 60 channels


def test_weekday_means_of_measured_days():
    days = pd.date_range("2024-01-01", periods=15)  # a Monday
    views = pd.Series(np.arange(15.0), days)
    views.iloc[8] = np.nan
    channel = Series(views, pd.DatetimeIndex([days[9]]))
    means = weekday_means(channel, Period(days[0].date(), days[-1].date()))
    np.testing.assert_array_equal(means, [7, 1, 2, 6.5, 7.5, 8.5, 9.5])
