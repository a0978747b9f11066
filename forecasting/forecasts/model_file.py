"""A fitted model as one file to take away: safetensors, with all that is not a number of its own as JSON. No pickle.

The file holds what a forecast needs anywhere else: weights of all seeds, settings with the split, the scaler, the
errors on days it had not learnt from, which its intervals rest on, and how it did on the held-out days.
"""

import hashlib
import json
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version

import numpy as np
import pandas as pd
from safetensors import SafetensorError
from safetensors.numpy import load, save

from forecasting import __version__
from forecasting.evaluation.backtest import joined
from forecasting.evaluation.calibration import CalibratedForecaster
from forecasting.evaluation.conformal import CALIBRATION_SIZE, LEVELS
from forecasting.evaluation.scores import TOTALS, Scores, delays, horizon_of, make_scores
from forecasting.forecasts.forecast import Forecast, HeldOutScore, check_horizon, make_forecast
from forecasting.forecasts.packing import Arrays, check, needs, pack, settings_of, unpack
from forecasting.forecasts.track_record import TrackRecord
from forecasting.json_records import from_record, to_record
from forecasting.messages import N_, BadInput
from forecasting.models.registry import Forecaster, run_name
from forecasting.models.with_events import auto_of
from forecasting.names import clean_name
from forecasting.series import Series
from forecasting.settings import RunSettings
from forecasting.split import Period, Split

FORMAT = 1  # of the file; a reader refuses any other
UNITS = "late and a year"  # what scores are in: no file before 0.3.0 says so
MARK = "viewcast"  # where the facts stand in the file's metadata
LIBRARIES = ("numpy", "torch")  # whose versions are noted
NO_MODEL = N_("This is no model file; download one on the Forecast page.")
FOREIGN = N_("The model file was made by another program; only Viewcast's own say what a forecast needs.")
DAMAGED = N_("The model file is damaged; download it again.")
NOT_FINITE = N_("The model file holds weights that are no finite numbers; train the model again and download it.")
FORGED: tuple[type[Exception], ...] = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
FORGED += (RecursionError, StopIteration, pd.errors.InvalidIndexError)  # pandas' own is none of the others
UNKNOWN_ALLOWED = ("scores", "score_days", "errors")  # arrays in which NaN says that nothing is known
OTHER = N_("The model file is of version {version}, and this Viewcast reads version {known} only; download it again.")


@dataclass(frozen=True)
class Origin:
    """The views that a model comes from."""

    first: pd.Timestamp
    last: pd.Timestamp
    fingerprint: str

    @classmethod
    def of(cls, series: Series) -> "Origin":
        """From a channel's series, unknown days included; its events may be named and planned anew at any time."""
        return cls(series.first, series.last, Series(series.views).fingerprint)

    def begins(self, series: Series) -> bool:
        """Whether `series` has the same views, or the same and later days."""
        part = Series(series.views.loc[self.first : self.last])
        return len(part) > 0 and Origin.of(part) == self


@dataclass(frozen=True)
class Model:
    """A run, or what Auto mixed, away from the store. Packed as `packing` has it: no torch before a forecast."""

    name: str
    record: dict
    arrays: Arrays
    split: Split
    scores: Scores  # of days before and after the end of training
    judged: tuple[HeldOutScore, ...]  # on the held-out days
    origin: Origin
    track: TrackRecord | None = None  # on the same days, for one horizon; None in files of older versions
    recent_units: bool = False  # whether scores are in units of late alone, as in files before 0.3.0

    @property
    def settings(self) -> RunSettings | None:
        """Of a run; None for Auto."""
        return settings_of(self.record)

    def forecast(
        self,
        series: Series,
        horizon: int,
        *,
        holidays: Sequence[pd.Timestamp] = (),
        levels: Sequence[float] = LEVELS,
    ) -> Forecast:
        """The `horizon` days after the last of `series`. Intervals reach as far as the errors in the file do.

        What it did on the held-out days is part of the forecast where `series` goes on from the views it comes from.
        """
        check_horizon(horizon)
        reach = max(horizon, *(days for days in TOTALS if days <= self.scores.horizon), 1)
        known_before = self.origin.begins(series)
        with _told_as_damage():
            forecaster, fitted = self.calibrated(series, horizon, reach=reach, holidays=holidays)
            forecast = make_forecast(
                forecaster,
                fitted,
                series,
                scores=fitted.scores,
                horizon=horizon,
                levels=levels,
                judged=self.judged if known_before else (),
                record=self.track if known_before and self.track and self.track.horizon == horizon else None,
            )
        if not np.isfinite(forecast.point).all():
            raise BadInput(NOT_FINITE)
        return forecast

    def calibrated(
        self, series: Series, horizon: int, *, reach: int, holidays: Sequence[pd.Timestamp] = ()
    ) -> tuple[Forecaster, CalibratedForecaster]:
        """The forecaster, and the same with its scores `reach` days ahead through the last day of `series`.

        Raises BadInput where the days do not suffice, or the model does not go `horizon` days ahead.
        """
        window = needs(self.record)
        if len(series.known) < window:
            raise BadInput(
                N_("The channel has {days} days of views; this model needs the last {window} before a forecast."),
                days=len(series.known),
                window=window,
            )
        forecaster, known_before = unpack(self.record, self.arrays, holidays), self.origin.begins(series)
        self._check_reach(forecaster, horizon)
        scores = self._scores_through(series, forecaster, reach, known_before)
        return forecaster, CalibratedForecaster(self.name, forecaster, pd.Timestamp(self.split.train.last), scores)

    def _check_reach(self, forecaster, horizon: int) -> None:
        """A run goes on by its own forecasts; what Auto mixed goes as far as it was mixed for."""
        auto = auto_of(forecaster)
        if auto and horizon > auto.horizon:
            raise BadInput(
                N_("This model file forecasts {reach} days ahead at most; download one that goes farther."),
                reach=auto.horizon,
            )

    def _scores_through(self, series: Series, forecaster, reach: int, known_before: bool) -> Scores:
        """The file's scores for `reach` days ahead, and those of the days since; of a stranger's views, of its own."""
        scores = _for_reach(self.scores, reach)
        if known_before and self.recent_units:
            scores = _in_todays_units(series, scores)
        origins = series.known.index[needs(self.record) - 1 : -1][-(CALIBRATION_SIZE + reach) :]
        if known_before:  # a run has learnt from no held-out day: what came after the last of them is known by now
            back = 0 if auto_of(forecaster) else reach - 1
            origins = origins[origins >= self.origin.last - pd.Timedelta(days=back)]
        if series.last == self.origin.last or not len(origins):
            return scores
        predicted = forecaster.predict(series, origins, reach)
        later = make_scores(series, origins, predicted)
        return joined(scores, later) if known_before else later


def export_model(
    name: str,
    forecaster,
    series: Series,
    *,
    split: Split,
    scores: Scores,
    judged: Sequence[HeldOutScore],
    track: TrackRecord | None = None,
) -> Model:
    """The Model of a TrainedRun or an Auto of a channel's `series`. Raises BadInput for a shallow reference."""
    return Model(name, *pack(forecaster), split, scores, tuple(judged), Origin.of(series), track)


def save_model(model: Model) -> bytes:
    """The file."""
    facts = {
        "format": FORMAT,
        "name": model.name,
        "model": model.record,
        "split": {"train": str(model.split.train), "held_out": str(model.split.held_out)},
        "judged": to_record(model.judged),
        "track": to_record(model.track),
        "units": "" if model.recent_units else UNITS,
        "views": {
            "first": str(model.origin.first.date()),
            "last": str(model.origin.last.date()),
            "fingerprint": model.origin.fingerprint,
        },
        "viewcast": __version__,
        "libraries": {library: version(library) for library in LIBRARIES},
    }
    arrays = model.arrays | {
        "scores": model.scores.values,
        "score_forecasts": model.scores.predicted,
        "score_days": model.scores.origins.to_numpy().astype("datetime64[D]").astype(np.int64),
    }
    rows = {name: np.ascontiguousarray(array) for name, array in arrays.items()}  # safetensors writes memory as it lies
    return save(rows, {MARK: _text(facts | {"sha256": _digest(facts, rows)})})


def load_model(blob: bytes) -> Model:
    """The Model that `save_model` wrote. Raises BadInput for anything else, damaged files among it."""
    facts, arrays = _contents(blob)
    with _told_as_damage():
        check(facts["model"], arrays)
        _check_finite(arrays)
        values = arrays.pop("scores")
        days = pd.DatetimeIndex(arrays.pop("score_days").astype("datetime64[D]").astype("datetime64[us]"))
        predicted = arrays.pop("score_forecasts", np.empty((0, 0)))  # no file before 0.3.0 has them
        scores = Scores(days, values, delays(horizon_of(values.shape[1])), predicted)
        first, last, fingerprint = (facts["views"][name] for name in ("first", "last", "fingerprint"))
        origin = Origin(pd.Timestamp(first), pd.Timestamp(last), fingerprint)
        judged = from_record(tuple[HeldOutScore, ...], facts["judged"])
        _check_scores(judged, scores)
        track = from_record(TrackRecord | None, facts.get("track"))  # type: ignore[arg-type]
        _check_track(track)
        split = Split(*(Period.parse(facts["split"][name]) for name in ("train", "held_out")))
        name = str(facts["name"])
        name = clean_name(name) if settings_of(facts["model"]) is None else run_name(name)
    recent_units = facts.get("units") != UNITS
    return Model(name, facts["model"], arrays, split, scores, judged, origin, track, recent_units)


@contextmanager
def _told_as_damage() -> Iterator[None]:
    """Raise BadInput for a file that is whole, but not as `save_model` writes it.

    A forger can have it contradict itself in more ways than can be named, and some show in a forecast alone.
    """
    try:
        yield
    except BadInput:
        raise
    except FORGED:
        raise BadInput(DAMAGED) from None


@dataclass(frozen=True)
class Description:
    """What a page says of a model file."""

    name: str
    settings: RunSettings | None  # of a run; None for Auto


def describe(blob: bytes) -> Description:
    """Of a file that could be used. Raises BadInput like `load_model`."""
    model = load_model(blob)
    return Description(model.name, model.settings)


def _check_finite(arrays: Arrays) -> None:
    """Raise BadInput for weights from which no number could come."""
    if not all(np.isfinite(array).all() for name, array in arrays.items() if name not in UNKNOWN_ALLOWED):
        raise BadInput(NOT_FINITE)


def _check_scores(judged: Sequence[HeldOutScore], scores: Scores) -> None:
    """Raise ValueError for figures that no held-out days can come to."""
    if np.isinf(scores.values).any():
        raise ValueError("infinite errors")
    if scores.values.ndim != 2 or len(scores.values) != len(scores.origins):
        raise ValueError("errors of other days than the file says")
    if not (scores.origins.is_monotonic_increasing and scores.origins.is_unique):
        raise ValueError("days twice, or out of order")
    for one in judged:
        shares = [one.won, *(share for share in one.coverage if not np.isnan(share))]
        sizes = [one.mae, one.mase, one.rmsse, *one.width]
        if not all(0 <= share <= 1 for share in shares) or any(size < 0 for size in sizes):
            raise ValueError("a share beyond 0 to 1, or an error below 0")
        if one.skill > 1 or one.origins < 1 or one.horizon < 1:
            raise ValueError("better than perfect, or judged on nothing")


def _check_track(track: TrackRecord | None) -> None:
    """Raise ValueError for a record that no held-out days can come to."""
    if track is None:
        return
    numbers = [*track.errors, *(one.share for one in track.totals), *(one.error for one in track.groups)]
    if track.horizon < 1 or not track.errors or any(number < 0 or np.isinf(number) for number in numbers):
        raise ValueError("no horizon, no error, or one below 0")
    if track.coverage < 0 or track.coverage > 1:
        raise ValueError("a share beyond 0 to 1")


def _contents(blob: bytes) -> tuple[dict, dict[str, np.ndarray]]:
    """JSON facts and arrays of a file of ours that is whole."""
    about = _metadata(blob)
    if MARK not in about:
        raise BadInput(FOREIGN)
    try:
        facts = dict(json.loads(about[MARK]))
        found = facts["format"]
        if found != FORMAT:
            raise BadInput(OTHER, version=str(found)[:20], known=FORMAT)
        arrays = load(blob)
    except BadInput:
        raise
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError):
        raise BadInput(DAMAGED) from None
    if facts.pop("sha256", None) != _digest(facts, arrays):
        raise BadInput(DAMAGED)
    return facts, arrays


def _metadata(blob: bytes) -> dict:
    """What a safetensors file says about itself."""
    (length,) = struct.unpack("<Q", blob[:8]) if len(blob) >= 8 else (len(blob),)
    try:
        header = json.loads(blob[8 : 8 + length]) if 8 + length <= len(blob) else None
    except (ValueError, RecursionError):  # bytes that are no text, text that is no JSON
        header = None
    if not isinstance(header, dict):
        raise BadInput(NO_MODEL)
    about = header.get("__metadata__", {})
    return about if isinstance(about, dict) else {}


def _text(facts: dict) -> str:
    return json.dumps(facts, sort_keys=True)


def _digest(facts: dict, arrays: dict[str, np.ndarray]) -> str:
    """SHA-256 of everything else in the file."""
    found = hashlib.sha256(_text(facts).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        found.update(f"{name} {array.dtype} {array.shape}".encode())
        found.update(array.tobytes())
    return found.hexdigest()


def _in_todays_units(series: Series, scores: Scores) -> Scores:
    """Scores that were in units of late alone, as `conformal.scales` has units now."""
    typical, places = series.typical, series.known.index.get_indexer(scores.origins)
    ratio = np.sqrt(typical.unit / typical.year_unit)[places, None]
    return replace(scores, values=scores.values * ratio)


def _for_reach(scores: Scores, reach: int) -> Scores:
    """The columns of forecasts up to `reach` days ahead; days beyond those known have no scores."""
    wanted, there = delays(reach), scores.horizon
    values = np.full((len(scores.origins), len(wanted)), np.nan)
    days = min(reach, there)
    values[:, :days] = scores.values[:, :days]
    sums = min(len(wanted) - reach, len(scores.delays) - there)
    values[:, reach : reach + sums] = scores.values[:, there : there + sums]
    predicted = np.full((len(scores.origins), reach), np.nan)
    predicted[:, :days] = scores.predicted[:, :days]
    return Scores(scores.origins, values, wanted, predicted)
