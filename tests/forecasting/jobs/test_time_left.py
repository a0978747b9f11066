"""Time left of several runs: exact where an epoch's time follows from the size, and from their own pace otherwise."""

import pytest

from forecasting.jobs.time_left import RunTime, seconds_left


def test_nothing_is_told_before_an_epoch():
    assert seconds_left([RunTime(1, 10), RunTime(2, 10)], 2) is None


def test_those_that_wait_take_as_long_as_their_size_says():
    runs = [RunTime(1, 10, done=10, seconds=5), RunTime(3, 10)]  # half a second an epoch, then 1.5
    assert seconds_left(runs, 1) == pytest.approx(15)


def test_one_under_way_goes_on_at_its_own_pace_and_several_share_the_time():
    slow = RunTime(1, 10, done=5, seconds=50)
    assert seconds_left([slow], 1) == pytest.approx(50)
    runs = [slow, RunTime(1, 10), RunTime(1, 10)]
    assert seconds_left(runs, 2) == pytest.approx((50 + 100 + 100) / 2)


def test_the_longest_cannot_be_shared():
    assert seconds_left([RunTime(1, 10, done=10, seconds=10), RunTime(9, 10)], 4) == pytest.approx(90)


def test_a_run_that_is_done_takes_no_longer():
    assert seconds_left([RunTime(1, 10, done=10, seconds=5)], 1) == 0
