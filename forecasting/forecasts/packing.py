"""Fitted forecasters as plain arrays and a record for JSON, and back: a trained run, or what Auto mixed."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pkgutil import resolve_name

import numpy as np
import pandas as pd

from forecasting.messages import N_, BadInput
from forecasting.models.ensemble.auto import Auto
from forecasting.models.ensemble.candidates import TrialResult
from forecasting.models.ensemble.member import Member, Recipe, architecture
from forecasting.models.ensemble.weights import ErrorHistory
from forecasting.models.ets import Smoothing
from forecasting.models.registry import baseline
from forecasting.scaling import Scaler
from forecasting.settings import RunSettings
from forecasting.typical_range import WEEK

NO_WEIGHTS = N_(
    "Support vectors and trees have no weights that a model file could hold; train a network to download it."
)
TRIALS = "ladder"  # the key that files of format 1 have for what Auto tried
Arrays = dict[str, np.ndarray]


def pack(forecaster) -> tuple[dict, Arrays]:
    """Record and arrays of an Auto or a TrainedRun. Raises BadInput for a shallow reference, which is neither."""
    return _pack_auto(forecaster) if isinstance(forecaster, Auto) else _pack_run(forecaster)


def unpack(record: dict, arrays: Arrays, holidays: Sequence[pd.Timestamp] = ()):
    """The forecaster that was packed; to a run `holidays` are further days to take for holidays."""
    return _unpack_auto(record, arrays) if "members" in record else _unpack_run(record, arrays, holidays)


def check(record: dict, arrays: Arrays) -> None:
    """Raise ValueError, KeyError or TypeError unless the arrays are those that the record needs. Loads no torch."""
    if "scaler" in record:
        Scaler(**record["scaler"])
    auto = "members" in record
    wanted = _shapes_of_auto(record, arrays["errors"].shape[1]) if auto else _shapes_of_run(record)
    if {name: arrays[name].shape for name in wanted} != wanted:
        raise ValueError("arrays of other shapes than the record says")
    if auto:  # members are plain arrays: putting them together tells whether they fit
        _unpack_auto(record, arrays)


def settings_of(record: dict) -> RunSettings | None:
    """The settings of a run; None for Auto."""
    return RunSettings.from_json(json.dumps(record["settings"])) if "settings" in record else None


def needs(record: dict) -> int:
    """Days of views before a forecast."""
    if settings := settings_of(record):
        return settings.architecture.window
    return max(WEEK, *map(_member_needs, record["members"]))


# A run


def _pack_run(run) -> tuple[dict, Arrays]:
    network = run.model
    if not hasattr(network, "parameters"):
        raise BadInput(NO_WEIGHTS)
    arrays = {name: np.array(getattr(network, name).numpy()) for name in ("parameters", "running")}
    return {"settings": json.loads(run.settings.to_json()), "scaler": asdict(run.scaler)}, arrays


def _unpack_run(record: dict, arrays: Arrays, holidays: Sequence[pd.Timestamp]):
    settings = RunSettings.from_json(json.dumps(record["settings"]))
    of_weights = resolve_name("forecasting.models.trained_run:of_weights")  # loads torch, which the server never does
    return of_weights(settings, Scaler(**record["scaler"]), arrays, tuple(holidays))


def _shapes_of_run(record: dict) -> dict[str, tuple[int, ...]]:
    """As models.StackedNetwork has them."""
    settings = RunSettings.from_json(json.dumps(record["settings"]))
    seeds, net = settings.training.seeds, settings.architecture
    moving = 2 * net.hidden * net.units * settings.regularisation.batch_norm
    return {"parameters": (seeds, settings.parameters), "running": (seeds, moving)}


# Auto


def _pack_auto(auto: Auto) -> tuple[dict, Arrays]:
    record = {
        "members": [_pack_member(*pair) for pair in zip(auto.members, auto.member_names, strict=True)],
        "names": list(auto.names),
        "last": str(auto.last.date()),
        "limit": auto.limit,
        TRIALS: [asdict(trial) for trial in auto.trials],
    }
    learnt = {place: member for place, member in enumerate(auto.members) if isinstance(member, Smoothing | Member)}
    arrays = {f"member{place}": member.parameters for place, member in learnt.items()}
    history = auto.error_history
    return record, arrays | {"groups": auto.groups, "errors": history.errors, "counts": history.counts}


def _pack_member(member, name: str) -> dict:
    if isinstance(member, Smoothing):
        return {"form": list(member.form), "first": str(member.first.date())}
    return member.record() if isinstance(member, Member) else {"naive": name}


def _unpack_auto(record: dict, arrays: Arrays) -> Auto:
    members = [_unpack_member(member, arrays.get(f"member{place}")) for place, member in enumerate(record["members"])]
    return Auto(
        tuple(members),
        arrays["groups"],
        tuple(record["names"]),
        pd.Timestamp(record["last"]),
        ErrorHistory(arrays["errors"], arrays["counts"]),
        (pd.DatetimeIndex([]), np.empty((0, len(arrays["counts"])))),
        tuple(map(TrialResult.of_record, record[TRIALS])),
        limit=float(record.get("limit", 0.0)),  # older files do not say
    )


def _unpack_member(member: dict, parameters: np.ndarray | None):
    if "naive" in member:
        return baseline(member["naive"])
    if parameters is None:
        raise KeyError("parameters")
    if "form" in member:
        return Smoothing(tuple(member["form"]), parameters, pd.Timestamp(member["first"]))
    return Member.of_record(member, parameters)


def _member_needs(member: dict) -> int:
    if "naive" in member:
        return baseline(member["naive"]).needs
    return member["recipe"]["window"] if "recipe" in member else WEEK


def _shapes_of_auto(record: dict, horizon: int) -> dict[str, tuple[int, ...]]:
    members = record["members"]
    shapes = {"groups": (len(members),), "errors": (len(members), horizon), "counts": (horizon,)}
    for place, member in enumerate(members):
        if "recipe" in member:
            recipe = Recipe(**member["recipe"])
            shapes[f"member{place}"] = (recipe.seeds, architecture(recipe).parameters)
    return shapes
