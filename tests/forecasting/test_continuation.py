"""Files that go on with a channel: which do, what the two are as one, and that other channels stay apart."""

from dataclasses import replace
from datetime import date
from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from forecasting.continuation import Continuation, continuation, joined, revised_days
from forecasting.events import Event
from forecasting.series import Channel, Correction

DAYS = 120


def made(seed: int = 0, level: float = 300.0, name: str = "mine", first: str = "2024-01-01") -> Channel:
    rng = np.random.default_rng(seed)
    days = pd.date_range(first, periods=DAYS, name="date")
    usual = level * (1 + 0.3 * np.sin(2 * np.pi * np.arange(DAYS) / 7))
    return Channel(name, pd.Series(rng.poisson(usual).astype(float), days, name="views"), channel_names=(name,))


def part(first: int, last: int, channel: Channel | None = None, **changed: object) -> Channel:
    """Days `first` to before `last` of a channel, as a file that holds no others."""
    channel = channel or made()
    return replace(channel, views=channel.views[first:last], **changed)


def certain(kept: Channel, read: Channel) -> Continuation:
    found = continuation(kept, read)
    assert found and found.certainty == "certain"
    return found


def test_a_newer_file_extends_the_channel_under_its_own_name():
    found = certain(part(0, 80), part(60, DAYS, name="export 2024-04", channel_names=()))
    pd.testing.assert_series_equal(found.channel.views, made().views)
    assert (found.channel.name, found.new_days, found.common, found.revised, found.note) == ("mine", 40, 20, 0, [])


@pytest.mark.parametrize("level", [3.0, 300.0])
def test_parts_in_any_order_give_the_whole(level):
    whole = made(level=level)
    parts = [part(0, 50, whole), part(25, 75, whole), part(40, 95, whole), part(70, DAYS, whole)]
    for first, *others in permutations(parts):
        found = first
        for other in others:
            found = joined(found, other).channel
        pd.testing.assert_series_equal(found.views, whole.views)


def test_a_file_of_earlier_days_is_put_in_front():
    found = certain(part(60, DAYS), part(0, 80))
    pd.testing.assert_series_equal(found.channel.views, made().views)
    assert found.new_days == 60


def test_the_same_file_once_more_is_no_new_version():
    kept = part(0, 80, events=(Event(date(2024, 2, 1), "launch"),))
    assert certain(kept, part(0, 80)).channel.fingerprint == kept.fingerprint
    assert certain(kept, part(10, 50)).channel.fingerprint == kept.fingerprint


def test_of_revised_days_the_newer_numbers_are_taken_and_it_is_said():
    newer = part(0, DAYS)
    newer = replace(newer, views=newer.views.mask(newer.views.index.day == 3, lambda views: views * 1.05))
    found = certain(part(0, 80), newer)
    pd.testing.assert_series_equal(found.channel.views, newer.views)
    assert (found.revised, found.common) == (3, 80)
    assert found.note[0].translated() == (
        "3 of 80 days that both files have were revised, by 5 % in the middle; the newer numbers are taken."
    )
    assert list(revised_days(part(0, 80), found.channel).day) == [3, 3, 3]
    backwards = certain(newer, part(0, 80))  # an older export has older numbers
    pd.testing.assert_series_equal(backwards.channel.views, newer.views)


def test_the_unfinished_end_of_an_export_is_replaced():
    older = part(0, 80)
    views = older.views.copy()
    views.iloc[-2:] = [40.0, 2.0]
    found = certain(replace(older, views=views), part(50, DAYS))
    pd.testing.assert_series_equal(found.channel.views, made().views)
    assert found.revised == 2


def test_other_channels_stay_apart():
    """On the same days and level, with few views, with zeros on most days, and from the same file."""
    for level in (0.2, 1.0, 3.0, 300.0):
        assert continuation(made(1, level), made(2, level)) is None
        assert continuation(part(0, 80, made(1, level)), part(60, DAYS, made(2, level))) is None
    total = made()
    views = total.views + np.where(np.arange(DAYS) % 10 == 0, 50, 0)  # another channel that seldom has a view
    names = ("sum of all", "mine", "other")
    whole = replace(total, name="sum of all", views=views, channel_names=names)
    assert continuation(total, whole) is None
    assert continuation(total, replace(total, metric="watch hours")) is None


def test_days_without_views_prove_nothing():
    zeros = replace(made(), views=made().views * 0)
    assert continuation(zeros, replace(zeros, views=zeros.views[50:])) is None


def test_where_days_in_common_cannot_tell_it_is_asked():
    def asked(kept: Channel, read: Channel) -> bool:
        found = continuation(kept, read)
        assert found is None or found.certainty == "possible"
        return found is not None

    first = part(0, 60, name="export 2024-02")
    assert asked(first, part(60, DAYS, name="export 2024-04"))  # touches
    assert asked(first, part(80, DAYS, name="export 2024-04"))  # a gap
    assert asked(first, part(57, DAYS, name="export 2024-04"))  # three days in common
    assert not asked(first, part(60, DAYS, name="something else"))
    assert not asked(first, part(60, DAYS, made(level=30_000.0), name="export 2024-04"))
    assert asked(first, replace(made(), views=made().views * 1.04))  # all days a little higher


def test_days_between_two_parts_are_unknown():
    found = joined(part(0, 50), part(60, DAYS)).channel.views
    assert found[50:60].isna().all() and found.notna().sum() == DAYS - 10


def test_first_days_without_views_count_once_the_channel_had_begun():
    zeros = tuple(made().views.index[60:65].date)
    late = part(65, DAYS, corrections=(Correction("{count} left out", zeros, option="keep_zeros"),))
    whole = made().views.mask(made().views.index.isin(pd.DatetimeIndex(zeros)), 0.0)
    for found in (joined(part(0, 60), late), joined(late, part(0, 60))):
        pd.testing.assert_series_equal(found.channel.views, whole)
        assert not found.channel.corrections
    assert joined(late, part(70, DAYS)).channel.corrections == late.corrections


def test_corrections_and_events_go_along_with_their_days():
    filled = tuple(made().views.index[[10, 70]].date)
    kept = part(0, 80, corrections=(Correction("{count} filled", filled, option="fill"), Correction("of the file")))
    event = Event(date(2024, 2, 1), "launch", learn=False)
    read = part(60, DAYS, corrections=(Correction("{count} filled", tuple(made().views.index[[100]].date)),))
    found = joined(replace(kept, events=(event,)), replace(read, events=(replace(event, learn=True),))).channel
    assert [day for one in found.corrections for day in one.days] == [filled[0], date(2024, 4, 10)]  # 70 was measured
    assert "of the file" in [one.text for one in found.corrections]
    assert found.events == (event,)
    assert list(found.series.filled.date) == [filled[0]]


def test_a_measured_day_goes_before_one_that_is_not():
    newer = part(60, DAYS)
    views = newer.views.copy()
    views.iloc[5] = np.nan
    found = joined(part(0, 80), replace(newer, views=views)).channel
    pd.testing.assert_series_equal(found.views, made().views)
