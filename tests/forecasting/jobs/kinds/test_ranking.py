"""The ranking as a worker makes it: the same errors as by hand, on days that nobody has learnt from."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from forecasting.forecasts.ranking import RankingReport, rank
from forecasting.jobs.kinds.ranking import ranking
from forecasting.jobs.kinds.runs import load_run
from forecasting.jobs.requests import RankingRequest, RunVersion
from forecasting.json_records import from_json, to_json
from forecasting.models.registry import METHODS, fit
from forecasting.series import Channel
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import Period, Split
from tests.forecasting.conftest import make_views
from tests.support.tasks import task, trained

HORIZON = 3
QUICK = ("last-week", "mean-28", "ets")


@pytest.fixture
def channel() -> Channel:
    return Channel("mine", make_views(420))


@pytest.fixture(autouse=True)
def quick_methods(monkeypatch):
    """Three of the methods."""
    for slug in set(METHODS) - set(QUICK):
        monkeypatch.delitem(METHODS, slug)


def made(channel, split, store=None, runs: tuple[RunVersion, ...] = ()) -> RankingReport:
    reports = list(ranking(task(channel, RankingRequest(HORIZON, split, runs), store)))
    assert [len(one.result.methods) for one in reports] == list(range(1, len(reports) + 1))
    assert reports[-1].share == 1.0
    return from_json(RankingReport, to_json(reports[-1].result))


def run_on(split, **training) -> RunSettings:
    return RunSettings(split, Architecture("linear", 7), Training(optimizer="exact", loss="mse", **training))


def mean_error(forecaster, views, first: date, last: date) -> float:
    """The slow way: forecast from each day, knowing nothing later, and look at each day ahead."""
    errors = []
    for day in pd.date_range(first, last):
        known = Channel("known", views[: day - pd.Timedelta(days=1)]).series
        predicted = forecaster.predict(known, known.views.index[-1:], HORIZON)[0]
        there = [ahead for ahead in range(HORIZON) if day + pd.Timedelta(days=ahead) in views.index]
        errors.append(np.mean([abs(predicted[ahead] - views[day + pd.Timedelta(days=ahead)]) for ahead in there]))
    return float(np.mean(errors))


def test_errors_of_methods_and_of_a_run_are_those_of_a_loop(channel, split, store):
    version = trained(store, channel, run_on(split))
    rows = {row.judged.key: row for row in rank(made(channel, split, store, (version,)).methods).rows}
    assert set(rows) == {*QUICK, version.id}
    learnt, views = channel.series.until(split.train.last), channel.views
    forecasters = {slug: fit(slug, learnt, HORIZON) for slug in QUICK}
    forecasters[version.id] = load_run(task(channel, RankingRequest(HORIZON, split), store), version)[1]
    for key, forecaster in forecasters.items():
        expected = mean_error(forecaster, views, split.held_out.first, split.held_out.last)
        assert rows[key].error == pytest.approx(expected, rel=1e-4), key
        assert rows[key].judged.seconds >= 0 and 0 <= rows[key].judged.record.coverage <= 1
    assert len({row.origins for row in rows.values()}) == 1


def test_nothing_after_the_held_out_period_changes_it(channel, split):
    changed, last = channel.views.copy(), date(2021, 1, 24)
    changed[changed.index > pd.Timestamp(last) + pd.Timedelta(days=7)] *= 5  # after the last week's total
    earlier = replace(split, held_out=Period(split.held_out.first, last))
    before, after = (made(Channel("mine", views), earlier) for views in (channel.views, changed))
    assert [one.record for one in before.methods] == [one.record for one in after.methods]


def test_a_run_is_judged_only_on_days_that_it_has_not_learnt_from(channel, split, store):
    later = Split(Period(split.train.first, date(2021, 1, 31)), Period(date(2021, 2, 1), date(2021, 2, 23)))
    all_known = Split(Period(split.train.first, date(2021, 2, 23)), Period(date(2021, 2, 24), date(2021, 3, 10)))
    longer = Channel("mine", make_views(440))
    versions = [trained(store, longer, run_on(one), f"run {place}") for place, one in enumerate((later, all_known))]
    methods = {one.key: one for one in made(longer, split, store, tuple(versions)).methods}
    partly, wholly = (methods[version.id] for version in versions)
    assert partly.record.first == date(2021, 1, 31) and len(partly.record.errors) == 23
    assert "2021-01-31" in partly.note.translated()
    assert wholly.record is None and "has learnt from the held-out days" in wholly.reason.translated()


def test_days_that_do_not_suffice_for_a_method_are_its_reason(split):
    short = Channel("short", make_views(60))
    cut = Split(Period(date(2020, 1, 1), date(2020, 2, 10)), Period(date(2020, 2, 11), date(2020, 2, 29)))
    methods = {one.key: one for one in made(short, cut).methods}
    assert methods["last-week"].record is not None
    assert methods["ets"].record is None and "at least 48 are needed" in methods["ets"].reason.translated()
