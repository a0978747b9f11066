"""A fitted model as one file to take away: safetensors, with all that is not a number of its own as JSON. No pickle.

The file holds what a forecast needs anywhere else: weights of all seeds, settings with the split, the scaler, the
errors on days it had not learnt from, which its intervals rest on, and how it did on the held-out days.
"""

import hashlib
import json
import struct
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version

import numpy as np
import pandas as pd
from safetensors import SafetensorError
from safetensors.numpy import load, save

from forecasting.backtest import Fitted, joined, unknown
from forecasting.errors import N_, BadInput
from forecasting.forecast import Forecast, Judged, ahead_of, check_horizon, reach_of
from forecasting.intervals import LEVELS, MEMORY, TOTALS, Scores, delays, make_scores
from forecasting.settings import RunSettings
from forecasting.views import Channel
from forecasting.windows import Scaler, futures, known_views

FORMAT = 1  # of the file; a reader refuses any other
MARK = "viewcast"  # where the facts stand in the file's metadata
LIBRARIES = ("numpy", "torch")  # whose versions are noted
NO_WEIGHTS = N_(
    "Support vectors and trees have no weights that a model file could hold; train a network to take it away."
)
NO_MODEL = N_("This is no model file; take one away from the Forecast page.")
FOREIGN = N_("The model file was made by another program; only Viewcast's own say what a forecast needs.")
DAMAGED = N_("The model file is damaged; take it away again.")
OTHER = N_("The model file is of version {version}, and this Viewcast reads version {known} only; take it away again.")


@dataclass(frozen=True)
class Origin:
    """The views that a model comes from."""

    first: pd.Timestamp
    last: pd.Timestamp
    fingerprint: str

    @classmethod
    def of(cls, views: pd.Series) -> "Origin":
        """From a channel's views, unknown days included."""
        return cls(views.index[0], views.index[-1], Channel("", views).fingerprint)

    def begins(self, views: pd.Series) -> bool:
        """Whether `views` are the same, or the same and later days."""
        part = views.loc[self.first : self.last]
        return len(part) > 0 and Origin.of(part) == self


@dataclass(frozen=True)
class Model:
    """A trained run away from the store. Arrays are as `checkpoints` keeps them; no torch before a forecast."""

    name: str
    settings: RunSettings
    scaler: Scaler
    parameters: np.ndarray  # (seeds, unknowns)
    running: np.ndarray  # (seeds, values), of batch normalization
    scores: Scores  # of days before and after the end of training
    judged: tuple[Judged, ...]  # on the held-out days
    origin: Origin

    @property
    def last(self) -> pd.Timestamp:
        """The last day it learnt from."""
        return pd.Timestamp(self.settings.split.train.last)

    @property
    def reach(self) -> int:
        """Days ahead that its intervals reach."""
        return len(self.scores.delays) - len(TOTALS)

    def forecaster(self, holidays: Sequence[pd.Timestamp] = ()):
        """The TrainedRun; `holidays` are days to take for holidays."""
        import torch  # noqa: PLC0415  the server process reads files too, and never loads torch

        from forecasting.checkpoints import take_weights  # noqa: PLC0415
        from forecasting.fitting import build  # noqa: PLC0415
        from forecasting.trained import TrainedRun  # noqa: PLC0415

        network = build(self.settings)
        parts = {name: torch.from_numpy(getattr(self, name).copy()) for name in ("parameters", "running")}
        take_weights(network, parts)
        return TrainedRun(self.settings, network, self.scaler, tuple(holidays))

    def forecast(
        self,
        views: pd.Series,
        horizon: int,
        filled: Sequence[pd.Timestamp] = (),
        holidays: Sequence[pd.Timestamp] = (),
        levels: Sequence[float] = LEVELS,
    ) -> Forecast:
        """The `horizon` days after the last of `views`. Intervals reach as far as the errors in the file do.

        What it did on the held-out days is part of the forecast where `views` go on from the views it comes from.
        """
        check_horizon(horizon)
        known, window = known_views(views, filled), self.settings.architecture.window
        if len(known) < window:
            raise BadInput(
                N_("The channel has {days} days of views; this model needs the last {window} before a forecast."),
                days=len(known),
                window=window,
            )
        forecaster, reach = self.forecaster(holidays), reach_of(horizon)
        known_before = self.origin.begins(views)
        scores = self._scores_through(views, known, filled, forecaster, reach, known_before)
        fitted = Fitted(self.name, forecaster, self.last, scores)
        judged = self.judged if known_before else ()
        return ahead_of(forecaster, fitted, known, scores, horizon, levels, judged)

    def _scores_through(self, views, known, filled, forecaster, reach: int, known_before: bool) -> Scores:
        """The file's scores for `reach` days ahead, and those of the days since; of a stranger's views, of its own."""
        scores = _for_reach(self.scores, reach)
        origins = known.index[self.settings.architecture.window - 1 : -1][-(MEMORY + reach) :]
        if known_before:  # of the last days in the file, what came later was not known yet
            origins = origins[origins > self.origin.last - pd.Timedelta(days=reach)]
        if known.index[-1] == self.origin.last or not len(origins):
            return scores
        predicted = forecaster.predict(known, origins, reach)
        actual = futures(unknown(views, filled), origins, reach)
        later = make_scores(known, origins, actual, predicted)
        return joined(scores, later) if known_before else later


def take_away(name: str, run, scores: Scores, judged: Sequence[Judged], views: pd.Series) -> Model:
    """The Model of a `run` (TrainedRun) of a channel's `views`. Raises BadInput for a shallow reference."""
    network = run.model
    if not hasattr(network, "parameters"):
        raise BadInput(NO_WEIGHTS)
    arrays = (np.array(part.numpy()) for part in (network.parameters, network.running))
    return Model(name, run.settings, run.scaler, *arrays, scores, tuple(judged), Origin.of(views))


def save_model(model: Model) -> bytes:
    """The file."""
    facts = {
        "format": FORMAT,
        "name": model.name,
        "settings": json.loads(model.settings.to_json()),
        "scaler": asdict(model.scaler),
        "judged": [asdict(one) for one in model.judged],
        "views": {
            "first": str(model.origin.first.date()),
            "last": str(model.origin.last.date()),
            "fingerprint": model.origin.fingerprint,
        },
        "libraries": {library: version(library) for library in LIBRARIES},
    }
    arrays = {
        "parameters": model.parameters,
        "running": model.running,
        "scores": model.scores.values,
        "score_days": model.scores.origins.to_numpy().astype("datetime64[D]").astype(np.int64),
    }
    return save(arrays, {MARK: _text(facts | {"sha256": _digest(facts, arrays)})})


def load_model(blob: bytes) -> Model:
    """The Model that `save_model` wrote. Raises BadInput for anything else, damaged files among it."""
    facts, arrays = _contents(blob)
    try:
        settings = RunSettings.from_json(json.dumps(facts["settings"]))
        if tuple(arrays[name].shape for name in ("parameters", "running")) != _shapes(settings):
            raise ValueError("weights of another shape than the settings")
        values = arrays["scores"]
        days = pd.DatetimeIndex(arrays["score_days"].astype("datetime64[D]").astype("datetime64[us]"))
        scores = Scores(days, values, delays(values.shape[1] - len(TOTALS)))
        origin = Origin(
            *(pd.Timestamp(facts["views"][end]) for end in ("first", "last")), facts["views"]["fingerprint"]
        )
        judged = tuple(Judged.of_record(one) for one in facts["judged"])
        scaler = Scaler(**facts["scaler"])
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):  # whole, but not as it is written above
        raise BadInput(DAMAGED) from None
    weights = arrays["parameters"], arrays["running"]
    return Model(str(facts["name"]), settings, scaler, *weights, scores, judged, origin)


def _shapes(settings: RunSettings) -> tuple[tuple[int, int], tuple[int, int]]:
    """Of parameters and running, as models.StackedNetwork has them."""
    seeds, net = settings.training.seeds, settings.architecture
    moving = 2 * net.hidden * net.units * settings.regularisation.batch_norm
    return (seeds, settings.parameters), (seeds, moving)


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


def _for_reach(scores: Scores, reach: int) -> Scores:
    """The columns of forecasts up to `reach` days ahead; days beyond those known have no scores."""
    wanted = delays(reach)
    there = len(scores.delays) - len(TOTALS)
    values = np.full((len(scores.origins), len(wanted)), np.nan)
    days = min(reach, there)
    values[:, :days] = scores.values[:, :days]
    values[:, reach:] = scores.values[:, there:]
    return Scores(scores.origins, values, wanted)
