"""What a run takes is told before it begins, and too much is refused with what to lower."""

from dataclasses import replace

import pytest

from forecasting.messages import BadInput
from forecasting.models.memory import memory, refuse_beyond
from forecasting.settings import Architecture, Regularisation, RunSettings, Training
from forecasting.split import Period, Split

SPLIT = Split(Period.parse("2000-01-01:2018-12-31"), Period.parse("2019-01-01:2019-12-31"))
HUGE = RunSettings(SPLIT, Architecture(layers=8, units=430), Training(seeds=32, batch_size=0))
WINDOWS = 6900


@pytest.mark.parametrize(  # measured as the highest resident memory of a process that trained two epochs, in MB
    ("net", "training", "kept", "windows", "measured"),
    [
        (Architecture(layers=8, units=430), Training(seeds=4, batch_size=0), {}, 2080, 790),
        (Architecture(layers=2, units=1500), Training(seeds=8), {}, 600, 1041),
        (Architecture(layers=4, units=400), Training(seeds=4, batch_size=0), {"dropout": 0.2}, 2080, 674),
        (Architecture(layers=4, units=400), Training(seeds=4, optimizer="lbfgs"), {}, 2080, 656),
    ],
)
def test_the_estimate_is_near_what_was_measured(net, training, kept, windows, measured):
    settings = RunSettings(SPLIT, net, training, regularisation=Regularisation(**kept))
    assert memory(settings, windows) / 1e6 == pytest.approx(measured, rel=0.25)


def test_the_largest_run_that_was_ever_seen_took_as_much():
    assert memory(HUGE, WINDOWS) / 1e9 == pytest.approx(7.6, rel=0.05)


@pytest.mark.parametrize(
    ("limit", "training", "advice"),
    [
        (3e9, {}, "smaller batches"),
        (1e9, {}, "fewer seeds"),
        (0.46e9, {}, "fewer units"),
        (5e9, {"optimizer": "lbfgs"}, "fewer seeds"),
    ],
)
def test_a_run_beyond_the_limit_is_told_what_to_lower(limit, training, advice):
    settings = replace(HUGE, training=replace(HUGE.training, **training))
    with pytest.raises(BadInput, match=advice):
        refuse_beyond(limit, settings, WINDOWS)


def test_a_run_within_the_limit_is_not_refused():
    refuse_beyond(8e9, HUGE, WINDOWS)
