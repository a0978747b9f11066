"""A forecast as a worker makes it: Auto climbs its ladder, a run or a file is asked, and what is known is said."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict

import pandas as pd

from forecasting.evaluation.calibration import calibrate, calibrate_run, refit
from forecasting.forecasts.forecast import (
    Forecast,
    check_horizon,
    evaluate_held_out,
    horizon_with_totals,
    make_forecast,
)
from forecasting.forecasts.model_file import export_model, load_model, save_model
from forecasting.models.ensemble.auto import Auto
from forecasting.models.ensemble.search import search
from forecasting.models.fitting import build, fit
from forecasting.models.registry import METHODS
from forecasting.models.trained_run import of_run
from forecasting.networks.checkpoints import load, take_weights
from forecasting.runs import Finding
from forecasting.series import Channel
from forecasting.settings import REFERENCES, RunSettings
from forecasting.split import Period, Split
from forecasting.windows import run_windows

CLIMBED = 0.65  # share of the budget that is for the ladder; in the rest its choice is judged, and fitted again


def look_ahead(channel: Channel, request: dict) -> Iterator[Finding]:
    """Findings whose answers hold `ladder` (records of Rung) and at the end `forecast` (a record of Forecast).

    `request`: `horizon` in days, and either `auto` (its budget in seconds) with `train` and `held_out`; or `settings`
    (JSON) and `name` of a run with its checkpoint as `model`; or a taken-away `model` alone. `holidays` are further
    days to take for holidays; the answer then has `without`, the forecast of the calendar as it is.
    """
    check_horizon(request["horizon"])
    holidays = [pd.Timestamp(day) for day in request.get("holidays", ())]
    if "auto" in request:
        yield from _auto(channel, request)
    elif "settings" in request:
        yield from _run(channel, request, holidays)
    else:
        yield from _file(channel, request, holidays)


def _auto(channel: Channel, request: dict) -> Iterator[Finding]:
    series, horizon = channel.series, request["horizon"]
    split = Split(*(Period.parse(request[part]) for part in ("train", "held_out")))
    learnt, begun, ladder, auto = series.until(split.train.last), time.perf_counter(), [], None
    for step in search(learnt, horizon_with_totals(horizon), budget=CLIMBED * request["auto"]):
        if isinstance(step, Auto):
            auto = step
            break
        ladder.append(asdict(step))
        yield Finding(min((time.perf_counter() - begun) / request["auto"], CLIMBED), {"ladder": list(ladder)})
    fitted = calibrate("auto", auto, learnt, *auto.validated)
    done, judged = evaluate_held_out(series, fitted, split, horizon)
    yield Finding((1 + CLIMBED) / 2, {"ladder": list(ladder)})
    again = refit(fitted, series, horizon_with_totals(horizon))
    found = make_forecast(again, fitted, series, done.scores, horizon, judged=judged)
    shares = [[name, [float(share) for share in by_day]] for name, by_day in again.shares()]
    weights = save_model(export_model("auto", again, series, split=split, scores=done.scores, judged=judged))
    yield Finding(1.0, {"ladder": ladder, "shares": shares, "forecast": _record(found)}, weights)


def _run(channel: Channel, request: dict, holidays: list[pd.Timestamp]) -> Iterator[Finding]:
    """A run keeps its weights, so what it learnt from stays what it learnt from."""
    series, horizon = channel.series, request["horizon"]
    settings = RunSettings.from_json(request["settings"])
    run = _trained(settings, channel, request["model"])
    name = request["name"] if request["name"] not in METHODS else f"{request['name']} (2)"  # those mean something else
    fitted = calibrate_run(name, run, series.until(settings.split.train.last), horizon_with_totals(horizon))
    yield Finding(0.2)
    done, judged = evaluate_held_out(series, fitted, settings.split, horizon)
    found = make_forecast(run, fitted, series, done.scores, horizon, judged=judged)
    answer, weights = {"forecast": _record(found)}, None
    if settings.architecture.family not in REFERENCES:
        model = export_model(name, run, series, split=settings.split, scores=done.scores, judged=judged)
        weights = save_model(model)
        answer |= _what_if(model, channel, found, holidays)
    yield Finding(1.0, answer, weights)


def _file(channel: Channel, request: dict, holidays: list[pd.Timestamp]) -> Iterator[Finding]:
    model = load_model(request["model"])
    found = model.forecast(channel.series, request["horizon"])
    yield Finding(1.0, {"forecast": _record(found)} | _what_if(model, channel, found, holidays))


def uncover(channel: Channel, request: dict) -> Iterator[Finding]:
    """A finding whose answer has the `point` forecast of the last `days` days by a run that sees none of them.

    `request` names the run as in `look_ahead`.
    """
    settings = RunSettings.from_json(request["settings"])
    run = _trained(settings, channel, request["model"])
    before = channel.series.until(channel.series.last - pd.Timedelta(days=request["days"]))
    point = run.predict(before, before.views.index[-1:], request["days"])[0]
    yield Finding(1.0, {"point": [float(views) for views in point]})


def _what_if(model, channel: Channel, plain: Forecast, holidays: list[pd.Timestamp]) -> dict:
    """The forecast with further holidays takes the place of the `plain` one, which stays beside it."""
    if not holidays:
        return {}
    found = model.forecast(channel.series, len(plain.days), holidays=holidays)
    return {"forecast": _record(found), "without": plain.point}


def _trained(settings: RunSettings, channel: Channel, checkpoint: bytes | None):
    """The run's forecaster. A shallow reference leaves no weights and is fitted again, which gives the same."""
    model = build(settings)
    if checkpoint:
        take_weights(model, load(checkpoint)[1])
    else:
        for _row in fit(model, run_windows(channel.series, settings), settings):
            pass
    return of_run(settings, model, channel.series)


def _record(found: Forecast) -> dict:
    return json.loads(found.to_json())
