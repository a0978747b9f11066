"""Fitted forecasters as a record for JSON and plain arrays, and back: a trained run, or what Auto mixed.

A record has every field of its dataclass but the arrays, which a model file keeps beside it:

- a run: settings and scaler; `parameters` (seeds, unknowns) and `running` (seeds, statistics)
- Auto: members, names, trials and so on; `groups`, `errors`, `counts`, `member0` ... for the parameters of members, and
  `evidence_products` ... for what its mixture is corrected by

Where it takes events into account, `events` beside these says what they do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pkgutil import resolve_name

import numpy as np
import pandas as pd
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from forecasting.json_records import converter, from_record, to_record
from forecasting.messages import N_, BadInput
from forecasting.models.ensemble.auto import Auto
from forecasting.models.ensemble.member import Member, Recipe, architecture
from forecasting.models.ensemble.stacking import bands_of
from forecasting.models.ets import Smoothing
from forecasting.models.event_effects import EventEffects
from forecasting.models.pooled_trees import PooledTrees
from forecasting.models.registry import Forecaster, slug_of, unfitted
from forecasting.models.with_events import WithEvents
from forecasting.scaling import Scaler
from forecasting.settings import RunSettings
from forecasting.typical_range import WEEK

NO_WEIGHTS = N_(
    "Support vectors and trees have no weights that a model file could hold; train a network to download it."
)
TRIALS = override(rename="ladder")  # what files of format 1 call the trials of Auto
EVIDENCE = "evidence_"  # before the names of its arrays
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class RunRecord:
    """What a run's network needs beside its weights."""

    settings: RunSettings
    scaler: Scaler


def pack(forecaster) -> tuple[dict, Arrays]:
    """Record and arrays of an Auto or a TrainedRun, either with events. Raises BadInput for a shallow reference."""
    if isinstance(forecaster, WithEvents):
        record, arrays = pack(forecaster.forecaster)
        return record | {"events": to_record(forecaster.effects)}, arrays
    if not isinstance(forecaster, Auto):
        return _record_of_run(forecaster)
    record = _auto_converter.unstructure(forecaster)
    arrays = {"groups": record.pop("groups")} | record.pop("error_history")
    arrays |= {EVIDENCE + name: sums for name, sums in (record.pop("evidence") or {}).items()}
    learnt = {place: member for place, member in enumerate(record["members"]) if "parameters" in member}
    return record, arrays | {f"member{place}": member.pop("parameters") for place, member in learnt.items()}


def unpack(record: dict, arrays: Arrays, holidays: Sequence[pd.Timestamp] = ()):
    """The forecaster that was packed; to a run `holidays` are further days to take for holidays."""
    if "events" in record:
        usual = {name: part for name, part in record.items() if name != "events"}
        return WithEvents(unpack(usual, arrays, holidays), from_record(EventEffects, record["events"]))
    if "members" in record:
        return _auto_converter.structure(_with_arrays(record, arrays), Auto)
    run = from_record(RunRecord, record)
    of_weights = resolve_name("forecasting.models.trained_run:of_weights")  # loads torch, which the server never does
    return of_weights(run.settings, run.scaler, arrays, holidays=tuple(holidays))


def check(record: dict, arrays: Arrays) -> None:
    """Raise ValueError, KeyError or TypeError unless the arrays are those that the record needs. Loads no torch."""
    auto = "members" in record
    wanted = _shapes_of_auto(record, arrays) if auto else _shapes_of_run(record)
    if {name: arrays[name].shape for name in wanted} != wanted:
        raise ValueError("arrays of other shapes than the record says")
    if auto:  # members are plain arrays: putting them together tells whether they fit
        unpack(record, arrays)
    elif "events" in record:
        raise ValueError("a run sees events among its inputs, if at all")


def settings_of(record: dict) -> RunSettings | None:
    """The settings of a run; None for Auto."""
    return from_record(RunRecord, record).settings if "settings" in record else None


def needs(record: dict) -> int:
    """Days of views before a forecast."""
    if settings := settings_of(record):
        return settings.architecture.window
    return max(WEEK, *map(_member_needs, record["members"]))


# A run


def _record_of_run(run) -> tuple[dict, Arrays]:
    network = run.model
    if not hasattr(network, "parameters"):
        raise BadInput(NO_WEIGHTS)
    arrays = {name: np.array(getattr(network, name).numpy()) for name in ("parameters", "running")}
    return to_record(RunRecord(run.settings, run.scaler)), arrays


def _shapes_of_run(record: dict) -> dict[str, tuple[int, ...]]:
    """As models.StackedNetwork has them."""
    settings = from_record(RunRecord, record).settings
    seeds, net = settings.training.seeds, settings.architecture
    moving = 2 * net.hidden * net.units * settings.regularisation.batch_norm
    return {"parameters": (seeds, settings.parameters), "running": (seeds, moving)}


# Auto


def _with_arrays(record: dict, arrays: Arrays) -> dict:
    """The record as `pack` had it before it took the arrays out."""
    members = [
        member if "naive" in member else member | {"parameters": arrays[f"member{place}"]}
        for place, member in enumerate(record["members"])
    ]
    history = {name: arrays[name] for name in ("errors", "counts")}
    evidence = {name.removeprefix(EVIDENCE): sums for name, sums in arrays.items() if name.startswith(EVIDENCE)}
    parts = {"members": members, "groups": arrays["groups"], "error_history": history}
    return record | parts | {"evidence": evidence or None}  # files before 0.3.0 have none


def _kind_of(member: dict) -> type:
    """Of what is fitted, by the fields that only it has."""
    return Member if "recipe" in member else PooledTrees if "depth" in member else Smoothing


def _member_needs(member: dict) -> int:
    if "naive" in member:
        return unfitted(member["naive"]).needs
    if "depth" in member:
        return PooledTrees.needs
    return member["recipe"]["window"] if "recipe" in member else WEEK


def _shapes_of_auto(record: dict, arrays: Arrays) -> dict[str, tuple[int, ...]]:
    members, horizon = record["members"], arrays["errors"].shape[1]
    shapes = {"groups": (len(members),), "errors": (len(members), horizon), "counts": (horizon,)}
    if EVIDENCE + "products" in arrays:
        shapes[EVIDENCE + "with_errors"] = (bands_of(horizon)[-1] + 1, len(members))
    for place, member in enumerate(members):
        if "recipe" in member:
            recipe = from_record(Recipe, member["recipe"])
            shapes[f"member{place}"] = (recipe.seeds, architecture(recipe).parameters)
    return shapes


# How a file of format 1 has Auto's fields: unfitted methods by their slugs, arrays as such, `trials` under its old name


_auto_converter = converter.copy()
_auto_converter.register_unstructure_hook(np.ndarray, lambda array: array)
_auto_converter.register_structure_hook(np.ndarray, lambda array, _kind: array)
_auto_converter.register_unstructure_hook_func(
    lambda kind: kind is Forecaster,
    lambda member: (
        _auto_converter.unstructure(member)
        if isinstance(member, Smoothing | Member | PooledTrees)
        else {"naive": slug_of(member)}
    ),
)
_auto_converter.register_structure_hook_func(
    lambda kind: kind is Forecaster,
    lambda record, _kind: (
        unfitted(record["naive"]) if "naive" in record else _auto_converter.structure(record, _kind_of(record))
    ),
)
_auto_converter.register_unstructure_hook(
    Auto, make_dict_unstructure_fn(Auto, _auto_converter, trials=TRIALS, validated=override(omit=True))
)
_auto_converter.register_structure_hook(
    Auto, make_dict_structure_fn(Auto, _auto_converter, trials=TRIALS, validated=override(omit=True))
)
