"""Whether saved work is what this program would have saved. It comes from a stranger: all that a page shows is tried.

Every function raises an error of some kind where something is not; `from_file` makes one sentence of them.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from safetensors.numpy import load as load_arrays

from forecasting.events import MOST_EVENTS
from forecasting.forecasts.forecast import Forecast
from forecasting.forecasts.model_file import load_model
from forecasting.forecasts.past import freshness, past_forecast, summary
from forecasting.forecasts.report import ForecastReport
from forecasting.jobs.channels import LARGEST_SOURCE
from forecasting.jobs.runs import LARGEST_CHECKPOINT, LONGEST_TAG
from forecasting.jobs.saved_work.records import SavedChannel, SavedForecast, SavedRun, SavedWork, part_of
from forecasting.json_records import from_json, from_record
from forecasting.messages import Message, check_sentence
from forecasting.names import LONGEST_NAME, clean_name
from forecasting.reading import Choice
from forecasting.series import Channel
from forecasting.settings import DEFAULTS, RunSettings
from forecasting.windows import run_windows

MOST_DAYS = 36_525  # a century
FIRST_YEAR, LAST_YEAR = 1800, 2200
LATEST = 1e11  # seconds since 1970
MOST_TAGS = 100
LONGEST_RESULT = 4 * 2**20  # bytes of JSON
CURVES = ("epoch", "learning_rate", "seconds", "train_loss", "held_out_loss", "gradient_norm", "validation_loss")
OUTCOME = ("held_out_days", "predictions", "kept_train_loss", "kept_held_out_loss")
ENDED = ("finished", "stopped", "failed", "paused")


def check(work: SavedWork, parts: Mapping[str, bytes]) -> SavedWork:
    """The work with its parts, every name on one line."""
    channels = tuple(_clean_channel(saved) for saved in work.channels)
    runs = tuple(replace(saved, name=_name(saved.name), tags=_tags(saved.tags)) for saved in work.runs)
    known = {saved.fingerprint: channel_of(saved, parts) for saved in channels}
    _require(len(known) == len(channels) and len({saved.id for saved in runs}) == len(runs))
    wanted = [_parts_of_channel(saved, parts) for saved in channels]
    wanted += [_check_run(saved, known[saved.fingerprint], parts) for saved in runs]
    wanted += [_check_forecast(saved, known[saved.fingerprint], parts) for saved in work.forecasts]
    _require(set(parts) == set().union(*wanted))  # and nothing that nobody asked for
    _require(all(slug == clean_name(slug) and 0 < len(slug) <= 40 for slug in work.chapters))
    return replace(work, channels=channels, runs=runs, parts=parts)


def channel_of(saved: SavedChannel, parts: Mapping[str, bytes]) -> Channel:
    """The channel; its views and events have the fingerprint that it is known by."""
    views = np.frombuffer(parts[part_of(saved, "views")], "<f8").copy()
    _require(0 < len(views) <= MOST_DAYS and FIRST_YEAR <= saved.first_day.year <= LAST_YEAR)
    _require(not np.isinf(views).any() and np.nanmax(np.abs(views)) < 1e300)
    days = pd.date_range(str(saved.first_day), periods=len(views), freq="D", unit="us")
    channel = Channel(
        saved.name,
        pd.Series(views, index=days, name="views"),
        saved.corrections,
        saved.metric,
        saved.channel_names,
        saved.metrics,
        saved.events,
    )
    _require(channel.fingerprint == saved.fingerprint)
    return channel


# A channel


def _clean_channel(saved: SavedChannel) -> SavedChannel:
    return replace(
        saved,
        name=_name(saved.name),
        metric=_name(saved.metric),
        channel_names=tuple(map(_name, saved.channel_names)),
        metrics=tuple(map(_name, saved.metrics)),
        file=saved.file and _name(saved.file),
    )


def _parts_of_channel(saved: SavedChannel, parts: Mapping[str, bytes]) -> set[str]:
    _require(len(saved.events) <= MOST_EVENTS and 0 <= saved.saved < LATEST)
    _require(all(event.name == clean_name(event.name) for event in saved.events))
    _require(all(FIRST_YEAR <= event.day.year <= LAST_YEAR for event in saved.events))
    for correction in saved.corrections:
        check_sentence(correction.text, {"count": 0, **correction.facts})
        _check_said([Message(correction.text, {"count": len(correction.days), **correction.facts})])
    source = part_of(saved, "source")
    if source in parts:
        _require(saved.file is not None and saved.said is not None and len(parts[source]) <= 8 * LARGEST_SOURCE)
        from_record(Choice, saved.said)
    else:
        _require(saved.said is None)
    return {part_of(saved, "views"), source} & set(parts)


# A run


def _check_run(saved: SavedRun, channel: Channel, parts: Mapping[str, bytes]) -> set[str]:
    """The names of its parts."""
    _check_settings(saved.settings, channel)
    _require(saved.status in ENDED and len(saved.id) == 12 and saved.id.isalnum())
    _check_times(saved.queued, saved.seconds)
    _require(0 <= saved.share <= 1)
    _check_said([saved.reason] if saved.reason else [])
    curves = load_arrays(parts[part_of(saved, "curves")])
    _check_curves(curves, saved)
    if "predictions" in curves:
        _check_outcome(curves, channel)
    _require(set(saved.checkpoints) <= {"last", "progress"})
    for part, epoch in saved.checkpoints.items():
        _require(0 < epoch <= saved.settings.training.epochs)
        _check_weights(parts[part_of(saved, part)], saved.settings, whole=part == "last")
    return {part_of(saved, part) for part in ("curves", *saved.checkpoints)}


def _check_settings(settings: RunSettings, channel: Channel) -> None:
    """Bounds are those of RunSettings itself; here the kinds of the others, and that the split lies on the channel."""
    for name, usual in DEFAULTS.items():
        _require(name not in settings.flat() or _alike(settings.flat()[name], usual))
    run_windows(channel.series, settings)


def _alike(value: object, usual: object) -> bool:
    return type(value) is type(usual) or (isinstance(usual, float) and type(value) is int)


def _check_curves(curves: Mapping[str, np.ndarray], saved: SavedRun) -> None:
    _require(set(CURVES) <= set(curves) <= {*CURVES, *OUTCOME})
    _require(all(array.dtype == np.float64 for array in curves.values()))
    epochs, replicas = curves["epoch"], curves["train_loss"].shape[-1]
    _require(np.array_equal(epochs, np.arange(1, len(epochs) + 1)) and len(epochs) <= saved.settings.training.epochs)
    for name in CURVES[:3]:
        _require(curves[name].shape == epochs.shape and bool(np.isfinite(curves[name]).all()))
    for name in CURVES[3:]:
        none = name == "validation_loss" and curves[name].size == 0
        _require(none or curves[name].shape == (len(epochs), replicas))
    _require(replicas == saved.settings.training.seeds or not len(epochs))


def _check_outcome(curves: Mapping[str, np.ndarray], channel: Channel) -> None:
    """Predictions (replicas, days), of days that the channel has."""
    days = pd.DatetimeIndex(curves["held_out_days"].astype("datetime64[D]"))
    replicas = curves["train_loss"].shape[-1]
    _require(curves["predictions"].shape == (replicas, len(days)) and len(days) > 0)
    _require(days.is_monotonic_increasing and days.is_unique and days.isin(channel.views.index).all())
    for name in OUTCOME:
        _require(np.isfinite(curves[name]).all())
    _require(all(curves[name].shape == (replicas,) for name in OUTCOME[2:]))


def _check_weights(blob: bytes, settings: RunSettings, *, whole: bool) -> None:
    """A checkpoint: finite weights of the run's sizes. What else a progress holds, its worker looks at."""
    _require(len(blob) <= LARGEST_CHECKPOINT)
    arrays = load_arrays(blob)
    if whole:
        _require(set(arrays) == {"parameters", "running"})
        _require(arrays["parameters"].shape == (settings.training.seeds, settings.parameters))
    for name, array in arrays.items():
        _require(not name.endswith(("parameters", "running")) or bool(np.isfinite(array).all()))


# A forecast


def _check_forecast(saved: SavedForecast, channel: Channel, parts: Mapping[str, bytes]) -> set[str]:
    """The names of its parts; what “How did it go?” says of the forecast is said once."""
    _check_times(saved.queued, saved.seconds)
    _require(len(saved.id) == 12 and saved.id.isalnum())
    result = parts[part_of(saved, "result")]
    _require(len(result) <= LONGEST_RESULT)
    forecast = from_json(ForecastReport, result.decode()).forecast
    if forecast is None:
        raise ValueError("a finished forecast has one")
    _check_days(forecast, channel)
    past = past_forecast(forecast, then=channel.series, now=channel.series, model="", name="")
    _require(len(summary([past])) == 1)
    _check_said([freshness([past]).message, *forecast.notes])
    model = part_of(saved, "model")
    if model in parts:
        load_model(parts[model])
    return {part_of(saved, "result"), model} & set(parts)


def _check_days(forecast: Forecast, channel: Channel) -> None:
    """The days after the channel's last one, with a number and intervals each."""
    days = len(forecast.days)
    _require(pd.Timestamp(forecast.origin) == channel.views.index[-1] and 0 < days <= 366)
    _require(list(forecast.days) == list(pd.date_range(forecast.origin, periods=days + 1)[1:].date))
    _require(len(forecast.point) == days and all(map(math.isfinite, forecast.point)) and len(forecast.bands) > 0)
    for band in forecast.bands:
        _require(len(band.lower) == len(band.upper) == days and 0 < band.level < 1)
    _require(all(total.bands for total in forecast.totals) and len(forecast.method) <= LONGEST_NAME)
    _require(all(len(score.coverage) == len(score.width) for score in forecast.judged))


# What all have


def _check_times(queued: float, seconds: float) -> None:
    _require(0 <= queued < LATEST and 0 <= seconds < LATEST)


def _check_said(messages: Iterable[Message]) -> None:
    for message in messages:
        _require(len(message.translated()) < 10_000)


def _name(text: str) -> str:
    """On one line, and there."""
    cleaned = clean_name(text)
    _require(bool(cleaned))
    return cleaned


def _tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    _require(len(tags) <= MOST_TAGS)
    return tuple(sorted({_name(tag)[:LONGEST_TAG] for tag in tags}))


def _require(true: bool) -> None:
    if not true:
        raise ValueError("not as it would have been saved")
