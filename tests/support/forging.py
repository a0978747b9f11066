"""Files damaged byte by byte, and records and arrays changed where it hurts, as a forger would."""

import json
import random
from collections.abc import Callable
from typing import Any

import numpy as np

VALUES: list[Any] = [
    None,
    True,
    -1,
    0,
    1.5,
    -2.5,
    1e308,
    10**9,
    10**400,
    -(10**30),
    "",
    "x",
    "9999-12-31",
    [],
    {},
    [[]],
]
VALUES += [float("nan"), float("inf"), "0001-01-01", "2021-02-30", "a" * 10_000, [1, 2, 3], {"a": 1}, "\ud800", "NaN"]
SHAPES: tuple[Callable[[np.ndarray], np.ndarray], ...] = (
    lambda array: array.T.copy(),
    lambda array: array.reshape(-1),
    lambda array: array[:0],
    lambda array: array[:1],
    lambda array: array.astype(np.float16),
    lambda array: array.astype(np.int8),
    lambda array: np.concatenate([array, array]),
    lambda array: np.zeros((0, 10**6), array.dtype),
    lambda array: array[None],
)


def damage(blob: bytes, chance: random.Random) -> bytes:
    """Bytes flipped, cut, doubled or overwritten, the length of the header among them."""
    out = bytearray(blob)
    for _edit in range(chance.choice((1, 1, 2, 10))):
        out = out or bytearray(b"x")
        at = chance.choice((chance.randrange(8), chance.randrange(len(out) + 1), chance.randrange(min(4000, len(out)))))
        match chance.randrange(4):
            case 0 if at < len(out):
                out[at] ^= 1 << chance.randrange(8)
            case 1:
                del out[at : at + chance.choice((1, 8, 500, 10**9))]
            case 2:
                out[at:at] = out[at : at + 50]
            case 3:
                out[at : at + 4] = chance.choice((b"null", b"1e99", b"-1.5", b"[[[[", b"\0\0\0\0", b"\xff\xff\xff\xff"))
    return bytes(out)


def places(record: Any) -> list[tuple[Any, Any]]:
    """Every container in a record with each of its keys."""
    keys = list(record) if isinstance(record, dict) else list(range(len(record))) if isinstance(record, list) else []
    return [(record, key) for key in keys] + [found for key in keys for found in places(record[key])]


def change_fact(facts: dict, chance: random.Random) -> None:
    """Another value, none, or one of elsewhere."""
    container, key = chance.choice(places(facts))
    match chance.randrange(5):
        case 0 if isinstance(container, dict):
            del container[key]
        case 1 if isinstance(container, dict):
            container[chance.choice(("extra", "", "settings", "members", "events"))] = chance.choice(VALUES)
        case 2:
            other, place = chance.choice(places(facts))
            container[key] = json.loads(json.dumps(other[place]))
        case _:
            container[key] = chance.choice(VALUES)


def change_number(facts: dict, chance: random.Random) -> None:
    """A number made negative, fractional, huge or none."""
    numbers = [(c, k) for c, k in places(facts) if isinstance(c[k], int | float) and not isinstance(c[k], bool)]
    container, key = chance.choice(numbers)
    number = container[key]
    container[key] = chance.choice((-number, number + 0.5, number * 10**6, 1e308, 10**18, float("nan"), str(number), 0))


def change_array(arrays: dict, chance: random.Random) -> None:
    """Numbers that are none, other shapes and types, or an array that is missing."""
    name = chance.choice([*arrays])
    array = arrays[name].copy()
    match chance.randrange(4):
        case 0 if array.size:
            array.reshape(-1)[chance.randrange(array.size)] = chance.choice((0, -1, 10**6))
        case 1 if array.size and array.dtype.kind == "f":
            array.reshape(-1)[chance.randrange(array.size)] = chance.choice((np.nan, np.inf, -np.inf, 1e30))
        case 2:
            array = chance.choice(SHAPES)(array)
        case 3:
            array = arrays[chance.choice([*arrays])].copy()
    arrays[name] = np.ascontiguousarray(array)
    if chance.random() < 0.1:
        del arrays[name]
