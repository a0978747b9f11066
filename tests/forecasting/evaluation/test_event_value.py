"""Whether events help is said where they do, and not where they do not; the held-out days have no say in their use."""

from dataclasses import replace

import numpy as np
import pandas as pd

from forecasting.evaluation.event_value import AHEAD, judge_events
from forecasting.models.event_effects import EventEffects, KindEffect
from forecasting.models.validation import validation_origins
from forecasting.series import Series
from forecasting.split import Period, Split
from tests.support.event_channels import NONE, UPLOAD, made_channel

QUICK = ("four-weeks",)


def split_of(series: Series, held_out: int = 120) -> Split:
    days = series.views.index.date
    return Split(Period(days[0], days[-held_out - 1]), Period(days[-held_out], days[-1]))


def test_events_that_move_the_views_lower_the_error():
    found = [judge_events(series, split_of(series), QUICK) for series in map(made_channel, range(10))]
    assert all(one.used and one.held_out.difference < 0 and one.events > 5 for one in found)
    assert sum(one.held_out.answer == "better" for one in found) >= 7


def test_events_that_do_nothing_are_hardly_ever_said_to_help():
    found = [judge_events(series, split_of(series), QUICK) for series in (made_channel(s, NONE) for s in range(20))]
    assert sum(one.used and one.held_out.answer == "better" for one in found) <= 2


def test_held_out_days_have_no_part_in_the_choice():
    series = made_channel(12)
    split = split_of(series)
    later = series.views.index > pd.Timestamp(split.train.last)
    views = series.views.mask(later, np.random.default_rng(0).uniform(0, 1e5, len(series)))
    found, other = (judge_events(one, split, QUICK) for one in (series, replace(series, views=views)))
    assert found.validation == other.validation
    assert found.used == other.used


def test_validation_days_do_not_teach_the_effects_they_are_to_judge():
    series = made_channel(15, NONE)
    split = split_of(series)
    learnt = series.until(split.train.last)
    effects = EventEffects((KindEffect("upload", 9, tuple(3 * UPLOAD)),), learnt.last)
    factor = np.exp(effects.log_factor(series.events, series.views.index))
    validation = series.views.index > validation_origins(learnt, AHEAD)[0]  # from there on uploads bring much
    changed = replace(series, views=series.views * np.where(validation, factor, 1.0))
    found = judge_events(changed, split, QUICK)
    assert abs(found.validation.difference) < 0.1 * found.validation_error
    assert found.held_out.difference < 0  # by then they were seen


def test_without_known_effects_there_is_nothing_to_compare():
    series = made_channel(13)
    found = judge_events(replace(series, events=series.events[:4]), split_of(series), QUICK)
    assert (found.validation, found.held_out, found.used) == (None, None, False)


def test_few_held_out_days_tell_nothing():
    series = made_channel(14)
    assert judge_events(series, split_of(series, 3 * AHEAD), QUICK).held_out.answer == "cannot tell"
