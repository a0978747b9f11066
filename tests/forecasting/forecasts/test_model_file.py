"""A model file: what comes out is what went in, to the last bit, and anything else is refused in a sentence."""

import json
from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import load, save

from forecasting import __version__
from forecasting.evaluation.calibration import calibrate_run, fit_method, refit
from forecasting.forecasts.forecast import evaluate_held_out, horizon_with_totals, make_forecast
from forecasting.forecasts.model_file import MARK, export_model, load_model, save_model
from forecasting.forecasts.packing import unpack
from forecasting.forecasts.track_record import TrackRecord
from forecasting.json_records import to_json
from forecasting.messages import BadInput
from forecasting.models.fitting import build, fit
from forecasting.models.trained_run import of_run
from forecasting.series import Series
from forecasting.settings import Architecture, Inputs, Regularisation, RunSettings, Training
from forecasting.split import Period, Split
from forecasting.windows import run_windows
from tests.forecasting.conftest import make_views

pytestmark = pytest.mark.slow  # it fits models, some in processes of their own


HORIZON, DAYS = 10, 420
SPLIT = Split(*map(Period.parse, ("2020-01-01:2020-12-31", "2021-01-01:2021-02-23")))  # as the fixture has it
KINDS = {
    "relu": (Architecture("relu", 14, 2, 8), Inputs(weekday=True, log=True), Regularisation(batch_norm=True)),
    "sigmoid of three days": (Architecture("sigmoid", 7, units=5, horizon=3), Inputs(subtract="mean"), None),
    "linear": (Architecture("linear", 7), Inputs(country="TW"), None),
}


def trained(views, split, kind="relu"):
    """A run's forecaster after a few epochs."""
    architecture, inputs, kept = KINDS[kind]
    settings = RunSettings(split, architecture, Training(epochs=3, seeds=2), inputs, kept or Regularisation())
    model = build(settings)
    for _row in fit(model, run_windows(Series(views), settings), settings):
        pass
    return of_run(settings, model, Series(views))


@cache
def taken(kind="relu", days=DAYS):
    """The model as the app takes it away after so many days, and the forecast that the app shows."""
    seen = make_views(DAYS)[:days]
    run = trained(seen, SPLIT, kind)
    fitted = calibrate_run("mine", run, Series(seen).until(SPLIT.train.last), horizon=horizon_with_totals(HORIZON))
    done, judged = evaluate_held_out(Series(seen), fitted, SPLIT, horizon=HORIZON)
    model = export_model("mine", run, Series(seen), split=SPLIT, scores=done.scores, judged=judged)
    return model, make_forecast(run, fitted, Series(seen), scores=done.scores, horizon=HORIZON, judged=judged)


@pytest.fixture
def file():
    """Bytes of a small model."""
    return save_model(taken()[0])


@pytest.mark.parametrize("kind", KINDS)
def test_saved_loaded_and_asked_gives_the_same_forecast_to_the_last_bit(views, kind):
    model, shown = taken(kind)
    again = load_model(save_model(model))
    assert (
        to_json(again.forecast(Series(views), HORIZON))
        == to_json(shown)
        == to_json(model.forecast(Series(views), HORIZON))
    )
    assert (again.settings, again.record, again.name) == (model.settings, model.record, "mine")
    np.testing.assert_array_equal(again.scores.values, model.scores.values)
    assert save_model(again) == save_model(model)


def test_errors_in_the_units_of_an_older_file_give_the_same_intervals(views):
    model, shown = taken()
    typical, places = Series(views).typical, views.index.get_indexer(model.scores.origins)
    older = model.scores.values * np.sqrt(typical.year_unit / typical.unit)[places, None]
    assert not np.allclose(older, model.scores.values, equal_nan=True)
    again = load_model(save_model(replace(model, scores=replace(model.scores, values=older), recent_units=True)))
    found = again.forecast(Series(views), HORIZON)
    np.testing.assert_allclose(found.to_frame(), shown.to_frame())


def test_it_is_the_forecast_of_the_run_itself(views, split):
    model, shown = taken()
    run = trained(views, split)
    fitted = calibrate_run("mine", run, Series(views).until(split.train.last), horizon=horizon_with_totals(HORIZON))
    done, judged = evaluate_held_out(Series(views), fitted, split, horizon=HORIZON)
    found = make_forecast(run, fitted, Series(views), scores=done.scores, horizon=HORIZON, judged=judged)
    assert to_json(found) == to_json(shown)
    kept = unpack(model.record, model.arrays)
    assert torch.equal(kept.model.parameters, run.model.parameters)
    assert kept.scaler == run_windows(Series(views), run.settings).scaler


def test_later_days_of_the_channel_move_forecast_and_intervals(views):
    model, shown = taken(days=DAYS - 7)
    later = load_model(save_model(model)).forecast(Series(views), HORIZON)
    assert later.origin == views.index[-1].date()
    assert str(later.judged) == str(shown.judged)  # the held-out days are those of the file
    run = unpack(model.record, model.arrays)
    np.testing.assert_array_equal(later.point, run.predict(Series(views), views.index[-1:], HORIZON)[0])
    assert later.bands != shown.bands


def test_days_since_are_scored_as_if_they_had_been_there_at_once(views, split):
    """Scores of a file and of the days since, against those of one backtest through all days."""
    model, _shown = taken(days=DAYS - 7)
    fitted = calibrate_run(
        "mine",
        unpack(model.record, model.arrays),
        Series(views).until(split.train.last),
        horizon=horizon_with_totals(HORIZON),
    )
    done, judged = evaluate_held_out(Series(views), fitted, split, horizon=HORIZON)
    expected = make_forecast(
        unpack(model.record, model.arrays), fitted, Series(views), scores=done.scores, horizon=HORIZON, judged=judged
    )
    found = model.forecast(Series(views), HORIZON)
    for one, other in zip(found.bands, expected.bands, strict=True):
        np.testing.assert_allclose(one.lower, other.lower)
        np.testing.assert_allclose(one.upper, other.upper)


def test_views_of_a_stranger_have_no_claim_to_the_held_out_figures():
    model, _shown = taken()
    other = make_views(200, seed=3) / 4
    found = model.forecast(Series(other), HORIZON)
    assert found.judged == ()
    short = model.forecast(Series(other[-40:]), HORIZON)  # too few days of its own to know its errors
    assert np.isnan(short.bands[0].lower).all()
    assert np.isfinite(short.point).all()


def test_intervals_grow_beyond_the_errors_in_the_file(views):
    model, _shown = taken()
    far = model.forecast(Series(views), 60)
    width = np.array(far.bands[-1].upper) - far.bands[-1].lower
    assert np.isfinite(width).all()
    # The held-out days tell of 28 days ahead; from there on errors grow with the root of the weeks.
    assert width[58] == pytest.approx(width[26] * (9 / 4) ** 0.5, rel=0.25)


@pytest.fixture(scope="module")
def mixed():
    """What Auto mixed of a little, on 420 days of which the last week is not there yet: model, forecast, all views."""
    views, split = make_views(), Split(*map(Period.parse, ("2020-01-01:2020-12-31", "2021-01-01:2021-02-16")))
    seen = views[:-7]
    fitted = fit_method("auto", Series(seen).until(split.train.last), horizon_with_totals(HORIZON), budget=1.0)
    done, judged = evaluate_held_out(Series(seen), fitted, split, horizon=HORIZON)
    again = refit(fitted, Series(seen), horizon_with_totals(HORIZON))
    model = export_model("auto", again, Series(seen), split=split, scores=done.scores, judged=judged)
    return (
        model,
        make_forecast(again, fitted, Series(seen), scores=done.scores, horizon=HORIZON, judged=judged),
        views,
        again,
    )


def test_mixture_of_auto_comes_back_to_the_last_bit(mixed):
    model, shown, views, _auto = mixed
    kinds = {kind for member in model.record["members"] for kind in ("naive", "form", "recipe") if kind in member}
    assert "recipe" in kinds and len(kinds) > 1
    again = load_model(save_model(model))
    assert to_json(again.forecast(Series(views[:-7]), HORIZON)) == to_json(shown)
    assert again.settings is None and save_model(again) == save_model(model)


def test_how_arrays_lie_in_memory_is_no_matter(mixed):
    model, *_rest = mixed
    other = replace(model, arrays={name: np.asfortranarray(array) for name, array in model.arrays.items()})
    assert save_model(other) == save_model(model) and load_model(save_model(other)).name == "auto"


def test_a_correction_for_other_members_is_damaged(mixed):
    model, _shown, _views, auto = mixed
    fewer = auto.evidence.of(np.arange(len(auto.members) - 1))
    arrays = model.arrays | {f"evidence_{name}": sums for name, sums in vars(fewer).items()}
    with pytest.raises(BadInput, match="damaged"):
        load_model(save_model(replace(model, arrays=arrays)))


def test_mixture_of_auto_goes_on_with_later_days(mixed):
    model, _shown, views, auto = mixed
    later = load_model(save_model(model)).forecast(Series(views), HORIZON)
    np.testing.assert_array_equal(later.point, auto.predict(Series(views), views.index[-1:], HORIZON)[0])
    assert later.origin == views.index[-1].date() and np.isfinite(later.bands[0].lower).all()
    with pytest.raises(BadInput, match="28 days ahead at most"):
        model.forecast(Series(views), 60)


def test_holidays_that_are_assumed_change_the_days_around_them(views):
    model, shown = taken("linear")
    day = pd.Timestamp(shown.days[8])  # none of Taiwan's; the fifth is one
    changed = np.array(model.forecast(Series(views), HORIZON, holidays=[day]).point) != np.array(shown.point)
    assert list(np.flatnonzero(changed)) == [7, 8, 9]  # from its eve on; later days are fed the changed ones


def test_shallow_references_stay(views, split):
    settings = RunSettings(split, Architecture("trees", 7), Training(epochs=3))
    model = build(settings)
    for _row in fit(model, run_windows(Series(views), settings), settings):
        pass
    with pytest.raises(BadInput, match="no weights"):
        export_model(
            "trees",
            of_run(settings, model, Series(views)),
            Series(views),
            split=split,
            scores=taken()[0].scores,
            judged=(),
        )


def test_channel_shorter_than_the_window_is_one_sentence(views, file):
    with pytest.raises(BadInput, match="13 days of views; this model needs the last 14"):
        load_model(file).forecast(Series(views[:13]), HORIZON)
    with pytest.raises(BadInput, match="91 days ahead is not possible"):
        load_model(file).forecast(Series(views), 91)


def facts_of(file: bytes) -> dict:
    """What the file says of itself, read by the format's definition."""
    length = int.from_bytes(file[:8], "little")
    return json.loads(json.loads(file[8 : 8 + length])["__metadata__"][MARK])


def test_the_file_says_what_wrote_it(file):
    found = facts_of(file)
    assert found["viewcast"] == __version__
    assert found["libraries"]["numpy"] == np.__version__
    assert torch.__version__.startswith(found["libraries"]["torch"])  # which may lack "+cpu"


def reworded(file: bytes, **changes) -> bytes:
    """The file with other facts in it, its digest as it was."""
    return save(load(file), {MARK: json.dumps(facts_of(file) | changes)})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda file: b"", "no model file"),
        (lambda file: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, "no model file"),
        (lambda file: b"Date,Views\n2020-01-01,3\n", "no model file"),
        (lambda file: b"PK\x03\x04" + file, "no model file"),
        (lambda file: save({"weight": np.ones(3, "f4")}), "another program"),
        (lambda file: save({"weight": np.ones(3, "f4")}, {"format": "pt"}), "another program"),
        (lambda file: reworded(file, format=2), "of version 2, and this Viewcast reads version 1"),
        (lambda file: reworded(file, name="yours"), "damaged"),
        (lambda file: file[:-1], "damaged"),
        (lambda file: file[: len(file) // 2], "damaged"),
        (lambda file: file[:100], "no model file"),
        (lambda file: file[:-5] + bytes([file[-5] ^ 1]) + file[-4:], "damaged"),
    ],
)
def test_what_is_no_model_is_one_sentence(file, content, words):
    with pytest.raises(BadInput, match=words):
        load_model(content(file))


def test_a_file_with_weights_that_do_not_fit_its_settings_is_damaged(file):
    model = load_model(file)
    wider = replace(model.settings, architecture=replace(model.settings.architecture, units=9))
    for record, arrays in (
        (model.record | {"settings": json.loads(wider.to_json())}, model.arrays),
        (model.record | {"scaler": {}}, model.arrays),
        (model.record, model.arrays | {"running": model.arrays["running"][:, 1:]}),
        ({"members": []}, model.arrays),
        ({}, model.arrays),
    ):
        with pytest.raises(BadInput, match="damaged"):
            load_model(save_model(replace(model, record=record, arrays=arrays)))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers_are_refused_with_the_reason(file, value):
    model = load_model(file)
    parameters = model.arrays["parameters"].copy()
    parameters[0, 3] = value
    forged = save_model(replace(model, arrays=model.arrays | {"parameters": parameters}))
    with pytest.raises(BadInput, match="no finite numbers"):
        load_model(forged)


@pytest.mark.parametrize(
    "forged",
    [{"coverage": (0.5, 1.9)}, {"mae": -3.0}, {"skill": 7.0}, {"won": 2.0}, {"origins": 0}, {"width": (1.0, -1.0)}],
)
def test_a_record_that_no_held_out_days_come_to_is_damaged(file, forged):
    model = load_model(file)
    judged = tuple(replace(one, **forged) for one in model.judged)
    with pytest.raises(BadInput, match="damaged"):
        load_model(save_model(replace(model, judged=judged)))


@pytest.mark.parametrize(("name", "value"), [("units", 3.5), ("window", 14.25), ("units", "9"), ("seeds", 1.5)])
def test_fractional_sizes_are_refused(file, name, value):
    model = load_model(file)
    settings = model.record["settings"]
    forged = {key: part | {name: value} if name in part else part for key, part in settings.items()}
    with pytest.raises(BadInput, match=r"damaged|whole number"):
        load_model(save_model(replace(model, record=model.record | {"settings": forged})))


def test_mutated_bytes_are_always_refused_in_a_sentence(file):
    rng = np.random.default_rng(0)
    head = int.from_bytes(file[:8], "little") + 8
    for draw in range(400):
        mutated = bytearray(file)
        places = rng.integers(0, head if draw % 2 else len(file), rng.integers(1, 4))
        for place in places:
            mutated[place] ^= int(rng.integers(1, 256))
        if draw % 5 == 0:
            first, second = sorted(rng.integers(0, len(file), 2))
            mutated = mutated[:first] + mutated[second:]
        try:
            found = load_model(bytes(mutated))
        except BadInput:
            continue
        assert save_model(found) == file  # a change that says nothing, such as the order of spaces


@pytest.mark.parametrize("forged", [{"coverage": 1.9}, {"errors": (-3.0,)}, {"errors": ()}, {"horizon": 0}])
def test_errors_of_past_forecasts_that_cannot_be_are_damaged(file, forged):
    track = TrackRecord(HORIZON, date(2021, 1, 1), (100.0, np.nan), usual=50.0, coverage=0.9)
    model = replace(load_model(file), track=track)
    assert load_model(save_model(model)).track.coverage == 0.9
    with pytest.raises(BadInput, match="damaged"):
        load_model(save_model(replace(model, track=replace(track, **forged))))
