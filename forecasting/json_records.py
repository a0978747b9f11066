"""Records as JSON and back, by their type hints (cattrs): what the store keeps, a worker reports and a file holds.

    text = to_json(record)                    # any dataclass; also dict[str, float], list[Trial], None ...
    record = from_json(Forecast, text)

    part = to_record(record)                  # the same as dicts and lists, to stand inside other JSON
    record = from_record(Forecast, part)

A dataclass needs nothing but its hints: `tuple[float, ...]`, `Literal[...]`, `X | None`, other dataclasses. Beside what
JSON has:

- a float that is no number or infinite is the text "NaN", "Infinity" or "-Infinity", so that any reader takes it
- an `np.ndarray` is nested lists of numbers, and comes back as floats; None in it comes back as NaN
- a `date` or `pd.Timestamp` is its day in ISO form
- a Message keeps its sentence and facts, Views and ThreeDigits in them too; a fact that JSON cannot say becomes its
  text
- RunSettings are the object that their own canonical text says; that text stays a run's identity, and is written by
  `RunSettings.to_json` alone

Fields that a text does not have take their defaults, fields it has too many are passed over. A text that does not fit
raises KeyError, TypeError or ValueError.
"""

import json
import math
from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from cattrs.errors import CattrsError
from cattrs.preconf.json import make_converter

from forecasting.formats import ThreeDigits, Views
from forecasting.messages import Message, check_sentence
from forecasting.settings import RunSettings

T = TypeVar("T")
SAID_BY_JSON = (str, int, float, bool, type(None))

converter = make_converter(detailed_validation=False)  # a file of another layout copies it and adds to the copy


def to_json(record: object) -> str:
    """The record as JSON; equal records give equal text."""
    return json.dumps(to_record(record), sort_keys=True, ensure_ascii=False, allow_nan=False)


def from_json(kind: type[T], text: str) -> T:
    """The record of this kind that `to_json` wrote."""
    return from_record(kind, json.loads(text))


def to_record(record: object) -> Any:
    """The record as dicts, lists, texts and numbers."""
    return converter.unstructure(record)


def from_record(kind: type[T], value: object) -> T:
    """The record of this kind that `to_record` took apart."""
    try:
        return converter.structure(value, kind)
    except CattrsError as unfit:  # none of the three
        raise ValueError(str(unfit)) from unfit


def _float_to_json(value: float) -> float | str:
    if math.isfinite(value):
        return float(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _array_to_json(array: np.ndarray) -> list:
    if np.isfinite(array).all():
        return array.tolist()
    return [_array_to_json(part) if array.ndim > 1 else _float_to_json(part) for part in array]


def _message_to_json(message: Message) -> dict[str, object]:
    return {"text": message.text, "facts": {name: _fact_to_json(fact) for name, fact in message.facts.items()}}


def _fact_to_json(fact: object) -> object:
    if isinstance(fact, Message):
        return _message_to_json(fact)
    if isinstance(fact, Views):
        return {"views": _float_to_json(float(fact.value))}
    if isinstance(fact, ThreeDigits):
        return {"three digits": _float_to_json(float(fact.value))}
    if isinstance(fact, np.generic):
        fact = fact.item()
    if isinstance(fact, float):
        return _float_to_json(fact)
    return fact if isinstance(fact, SAID_BY_JSON) else str(fact)


def _message_from_json(value: Mapping, _kind: type) -> Message:
    facts = {name: _fact_from_json(fact) for name, fact in value["facts"].items()}
    text = value["text"]  # a pair of singular and plural has become a list
    check_sentence(text, facts)
    return Message(text if isinstance(text, str) else (text[0], text[1]), facts)


def _fact_from_json(fact: object) -> object:
    if not isinstance(fact, Mapping):
        return fact
    if "three digits" in fact:
        return ThreeDigits(float(fact["three digits"]))
    return Views(float(fact["views"])) if "views" in fact else _message_from_json(fact, Message)


converter.register_structure_hook_func(lambda kind: kind is object, lambda value, _kind: value)
converter.register_unstructure_hook(float, _float_to_json)
converter.register_unstructure_hook(np.floating, _float_to_json)
converter.register_unstructure_hook(np.ndarray, _array_to_json)
converter.register_structure_hook(np.ndarray, lambda value, _kind: np.array(value, float))
converter.register_unstructure_hook(date, date.isoformat)
converter.register_structure_hook(date, lambda value, _kind: date.fromisoformat(value))
converter.register_unstructure_hook(pd.Timestamp, lambda day: str(day.date()))
converter.register_structure_hook(pd.Timestamp, lambda value, _kind: pd.Timestamp(value))
converter.register_unstructure_hook(Message, _message_to_json)
converter.register_structure_hook(Message, _message_from_json)
converter.register_unstructure_hook(RunSettings, lambda settings: json.loads(settings.to_json()))
converter.register_structure_hook(RunSettings, lambda value, _kind: RunSettings.from_json(json.dumps(value)))
