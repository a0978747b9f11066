"""Records through JSON text: whatever a record holds comes back, and any other reader can read the text."""

import json
import math
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.json_records import from_json, from_record, to_json, to_record
from forecasting.messages import Message
from forecasting.settings import Architecture, Inputs, RunSettings, Training
from forecasting.split import Period, Split

SETTINGS = RunSettings(
    Split(Period(date(2020, 1, 1), date(2020, 12, 31)), Period(date(2021, 1, 1), date(2021, 3, 1))),
    Architecture("relu", 14, 2, 8),
    Training("mse", epochs=7),
    Inputs(log=True, country="TW"),
)


@dataclass(frozen=True)
class Inner:
    level: float
    edges: tuple[float, ...]


@dataclass(frozen=True)
class Outer:
    name: str
    day: date
    stamp: pd.Timestamp
    loss: float
    table: np.ndarray
    inner: tuple[Inner, ...]
    pair: tuple[int, float]
    said: Message
    settings: RunSettings
    answer: Literal["better", "worse"]
    chances: dict[str, float]
    closest: Inner | None = None
    maybe: float | None = None
    more: dict[str, object] = field(default_factory=dict)


def outer(**other: object) -> Outer:
    known = {
        "name": "名",
        "day": date(2024, 2, 29),
        "stamp": pd.Timestamp("2021-05-03"),
        "loss": 0.1 + 0.2,
        "table": np.array([[1.5, 2.0], [3.0, 4.0]]),
        "inner": (Inner(0.5, (1.0, 2.0)), Inner(0.9, ())),
        "pair": (7, 0.5),
        "said": Message("{one} beats {other}", {"one": Message("1 day"), "other": 3}),
        "settings": SETTINGS,
        "answer": "worse",
        "chances": {"bias": 0.25, "fine": 0.75},
        "closest": Inner(0.9, (1.0,)),
        "maybe": None,
        "more": {"days": 3, "names": ["a", "b"]},
    }
    return Outer(**known | other)


def through(record: Outer) -> Outer:
    return from_json(Outer, to_json(record))


def test_everything_comes_back():
    record, again = outer(), through(outer())
    assert np.array_equal(again.table, record.table) and again.table.dtype == float
    for name in vars(record):
        if name != "table":
            assert getattr(again, name) == getattr(record, name), name
            assert type(getattr(again, name)) is type(getattr(record, name)), name


def refuse(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


def test_what_is_no_number_is_read_by_every_reader_and_comes_back():
    edges = (math.nan, math.inf, -math.inf, 1.0)
    record = outer(loss=math.nan, inner=(Inner(math.inf, edges),), table=np.array([[np.nan, 1.0], [-np.inf, np.inf]]))
    json.loads(to_json(record), parse_constant=refuse)
    again = through(record)
    assert math.isnan(again.loss) and again.inner[0].level == math.inf
    assert np.array_equal(again.inner[0].edges, edges, equal_nan=True)
    assert np.array_equal(again.table, record.table, equal_nan=True)


@given(st.lists(st.floats(), max_size=8))
def test_floats_come_back_to_the_last_bit(values):
    array, inner = np.array(values), Inner(0.5, tuple(values))
    assert np.array_equal(from_record(np.ndarray, json.loads(to_json(array))), array, equal_nan=True)
    assert np.array_equal(from_json(Inner, to_json(inner)).edges, array, equal_nan=True)


def test_numpy_numbers_are_numbers():
    record = Inner(np.float64(0.5), (np.float32(0.25), np.float64(np.nan)))
    assert to_record(record) == {"level": 0.5, "edges": [0.25, "NaN"]}


def test_a_fact_that_json_cannot_say_becomes_its_text():
    said = Message("{day}: {loss}", {"day": date(2021, 1, 2), "loss": np.float64(1.5)})
    again = from_json(Message, to_json(said))
    assert again == Message("{day}: {loss}", {"day": "2021-01-02", "loss": 1.5})
    assert again.translated() == said.translated()


def test_fields_may_be_missing_or_unknown():
    plain = to_record(Inner(0.5, ())) | {"of a later version": 1}
    assert from_record(Inner, plain) == Inner(0.5, ())
    short = to_record(outer())
    del short["closest"], short["more"]
    assert (from_record(Outer, short).closest, from_record(Outer, short).more) == (None, {})


def test_equal_settings_are_the_same_run_after_the_way_through_json():
    again = from_json(RunSettings, to_json(SETTINGS))
    assert again.to_json() == SETTINGS.to_json()
    assert again.run_id("views", "me") == SETTINGS.run_id("views", "me")


@pytest.mark.parametrize("text", ["{}", '{"level": "much", "edges": []}', '{"level": 1, "edges": 5}', "[]", "null"])
def test_a_text_of_something_else_is_refused(text):
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_json(Inner, text)


def test_a_word_that_is_none_of_the_choices_is_refused():
    with pytest.raises(ValueError, match="equal"):
        from_record(Outer, to_record(outer()) | {"answer": "equal"})
