"""The sample channel is what its program makes, and its oracle is the best forecast there is."""

import importlib
import sys
from math import exp, log
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

DATA = Path(__file__).parents[2] / "data"
sys.path.insert(0, str(DATA))  # a program, not a package
program = importlib.import_module("make_sample_channel")


@pytest.fixture(scope="module")
def channel():
    return program.make_channel(program.SEED)


@pytest.fixture(scope="module")
def views(channel):
    return channel.set_index("Date").Views


@pytest.fixture(scope="module")
def median(channel):
    return channel.set_index("Date").Median


@pytest.mark.parametrize("name, column", [("sample_channel.csv", "Views"), ("sample_oracle.csv", "Median")])
def test_committed_files_are_what_the_program_makes(channel, name, column):
    made = channel[["Date", column]].to_csv(index=False, lineterminator="\n")
    assert (DATA / name).read_bytes() == made.encode()


def test_the_card_holds_the_table_of_this_channel(channel):
    assert program.as_markdown(program.floor_table(channel)) in (DATA / "README.md").read_text(encoding="utf-8")


def test_six_years_without_a_gap(views):
    assert views.index.equals(pd.date_range("2017-01-01", "2022-12-31"))
    assert views.dtype.kind == "i" and views.min() > 0
    assert 4_500 < views["2019":"2020"].mean() < 5_500
    assert views["2017"].mean() < views["2019"].mean() < views["2022"].mean()


def test_friday_and_saturday_are_low_in_term(views):
    autumn = pd.concat([views[f"{year}-09-12" : f"{year}-12-31"] for year in range(2017, 2023)])
    by_day = autumn.groupby(autumn.index.day_of_week).mean()
    assert set(by_day.nsmallest(2).index) == {program.FRIDAY, program.SATURDAY}
    assert (
        by_day[[program.FRIDAY, program.SATURDAY]].max() < 0.8 * by_day.drop([program.FRIDAY, program.SATURDAY]).min()
    )


def test_the_week_turns_round_before_exams(views):
    exams = views[program.before_exams(views.index)]
    weekend = exams.index.day_of_week.isin([program.FRIDAY, program.SATURDAY])
    assert exams[weekend].mean() > exams[~weekend].mean()


def test_the_spike_is_the_highest_day_of_its_year_so_far(views, median):
    assert 7_300 < views[program.SPIKE_DAY] < 7_700
    assert views["2021-01-01":"2021-02-26"].idxmax() == program.SPIKE_DAY
    assert median[program.SPIKE_DAY] < 5_000


def test_the_spike_leaves_no_trace():
    without = program.make_channel(program.SEED, program.Mix(spike=0)).set_index("Date")
    spiked = program.make_channel(program.SEED).set_index("Date")
    assert list(without.index[without.Views != spiked.Views]) == [program.SPIKE_DAY]
    assert (spiked.Median - without.Median).abs().max() == 0


@pytest.mark.parametrize("eve", program.NEW_YEAR_EVES)
def test_views_sag_at_lunar_new_year(views, eve):
    around = views[eve - pd.Timedelta(days=21) : eve + pd.Timedelta(days=21)]
    assert views[eve] < 0.7 * around.median()
    assert (around.idxmin() - eve).days in (0, 1)  # the Eve is lowest in the program; noise may move it by a day


def test_the_oracle_can_be_worked_out_from_past_views_and_the_calendar(views, median):
    """The recursion of the data card, written out anew."""
    mix = program.Mix()
    calendar = program.calendar(mix)
    interest = 0.0
    for date, day in calendar.iterrows():
        foreseen = day.usual + day.swing * mix.fade * interest
        best = exp(foreseen + program.median_surprise(day.upload_chance, mix))
        assert abs(best - median[date]) <= 0.5  # it is published as a whole number
        surprise = log(views[date]) - foreseen if day.swing > 0 and date != program.SPIKE_DAY else 0
        interest = mix.fade * interest + surprise


def test_the_median_minds_the_upload_and_halves_simulated_days():
    mix = program.Mix(upload_chance=0.3)
    rng = np.random.default_rng(0)
    surprise = rng.normal(0, mix.noise, 400_000)
    surprise += np.where(rng.random(400_000) < 0.3, rng.normal(mix.upload, mix.upload_spread, 400_000), 0)
    assert program.median_surprise(0.3, mix) == pytest.approx(np.median(surprise), abs=5e-4)
    assert program.median_surprise(0.3, mix) > 0.02
    assert program.median_surprise(0.0, mix) == pytest.approx(0, abs=1e-12)
    miss = np.abs(np.exp(surprise - np.median(surprise)) - 1).mean()
    assert program.expected_miss(0.3, mix) == pytest.approx(miss, rel=5e-3)


def test_the_floor_is_below_the_baselines(channel):
    table = program.floor_table(channel)
    assert (table.floor < 0.75 * table[["yesterday", "same day last week"]].min(axis=1)).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_floor_falls_out_as_expected(seed):
    mix = program.Mix(spike=0)
    channel = program.make_channel(seed, mix)
    misses = (channel.Views - channel.Median).abs()
    expected = channel.Median * [program.expected_miss(c, mix) for c in program.calendar(mix).upload_chance]
    standard_error = (misses - expected).std() / len(channel) ** 0.5
    assert abs((misses - expected).mean()) < 3 * standard_error


@pytest.mark.parametrize("factor", [0.98, 0.99, 1.01, 1.02])
def test_no_shift_of_the_oracle_is_better(views, median, factor):
    gain = (views - median).abs() - (views - factor * median).abs()
    assert gain.mean() < 2 * gain.std() / len(gain) ** 0.5


@pytest.mark.parametrize("seed", range(3))
def test_half_the_days_lie_above_the_oracle(seed):
    channel = program.make_channel(seed)
    above = (channel.Views > channel.Median).mean()
    assert above == pytest.approx(0.5, abs=3 * 0.5 / len(channel) ** 0.5)


def test_another_seed_or_mix_gives_another_channel(views):
    other = program.make_channel(program.SEED + 1).Views.to_numpy()
    assert (other != views.to_numpy()).mean() > 0.9
    double = program.make_channel(program.SEED, program.Mix(level=9_400.0)).Views.to_numpy()
    assert np.abs(double / views.to_numpy() - 2).max() < 0.01
