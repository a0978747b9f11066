"""Damaged and forged model files: each is refused in a sentence, or forecasts finite numbers.

    python -m tests.stress.model_files [--count 2000] [--first 0]

Files of a small net and of an Auto are damaged byte by byte, or taken apart, changed where it hurts (weights that are
no numbers, other shapes and types, sizes with a fraction, below zero or beyond all bounds, judgements better than
perfect, keys doubled, JSON too deep) and put together again with a digest that fits, as a forger would.
"""

import argparse
import json
import random
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from forecasting.__main__ import main as command_line
from forecasting.evaluation.calibration import calibrate_run, fit_method, refit
from forecasting.forecasts.forecast import evaluate_held_out, horizon_with_totals
from forecasting.forecasts.model_file import MARK, _digest, _metadata, export_model, load_model, save_model
from forecasting.messages import BadInput
from forecasting.models.fitting import build, fit
from forecasting.models.trained_run import of_run
from forecasting.series import Series
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import default_split
from forecasting.windows import run_windows
from tests.forecasting.conftest import make_views

HORIZON, DAYS = 7, 260
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


def series() -> Series:
    """Whole weeks with noise."""
    return Series(make_views(DAYS))


def of_a_net(of: Series) -> bytes:
    """The file of a net after a few epochs."""
    split = default_split(of.views)
    settings = RunSettings(split, Architecture("relu", 14, 2, 8), Training(epochs=3, seeds=2))
    model = build(settings)
    for _row in fit(model, run_windows(of, settings), settings):
        pass
    run = of_run(settings, model, of)
    fitted = calibrate_run("mine", run, of.until(split.train.last), horizon=horizon_with_totals(HORIZON))
    done, judged = evaluate_held_out(of, fitted, split, horizon=HORIZON)
    return save_model(export_model("mine", run, of, split=split, scores=done.scores, judged=judged))


def of_auto(of: Series) -> bytes:
    """The file of what Auto mixes in two seconds."""
    split = default_split(of.views)
    fitted = fit_method("auto", of.until(split.train.last), horizon_with_totals(HORIZON), budget=2.0)
    done, judged = evaluate_held_out(of, fitted, split, horizon=HORIZON)
    again = refit(fitted, of, horizon_with_totals(HORIZON))
    return save_model(export_model("auto", again, of, split=split, scores=done.scores, judged=judged))


# Changes


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


def forge(blob: bytes, chance: random.Random) -> bytes:
    """Facts and arrays changed, with the digest of what they are now."""
    facts, arrays = json.loads(_metadata(blob)[MARK]), load(blob)
    facts.pop("sha256")
    for _edit in range(chance.choice((1, 1, 1, 2, 3))):
        chance.choice((change_fact, change_fact, change_number, change_array))(facts, arrays, chance)
    try:
        text = json.dumps(facts | {"sha256": _digest(facts, arrays)}, sort_keys=True)
    except ValueError:
        text = "{}"
    if chance.random() < 0.05:
        text = chance.choice(
            ("[" * 100_000, text[:-1] + ', "model": {}}', text[:-1] + ', "format": 1.0}', '"x"', "NaN")
        )
    return save(arrays, {MARK: text.encode("utf-8", "replace").decode()})


def places(record: Any) -> list[tuple[Any, Any]]:
    """Every container in a record with each of its keys."""
    keys = list(record) if isinstance(record, dict) else list(range(len(record))) if isinstance(record, list) else []
    return [(record, key) for key in keys] + [found for key in keys for found in places(record[key])]


def change_fact(facts: dict, _arrays: dict, chance: random.Random) -> None:
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


def change_number(facts: dict, _arrays: dict, chance: random.Random) -> None:
    """A number made negative, fractional, huge or none."""
    numbers = [(c, k) for c, k in places(facts) if isinstance(c[k], int | float) and not isinstance(c[k], bool)]
    container, key = chance.choice(numbers)
    number = container[key]
    container[key] = chance.choice((-number, number + 0.5, number * 10**6, 1e308, 10**18, float("nan"), str(number), 0))


def change_array(_facts: dict, arrays: dict, chance: random.Random) -> None:
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


# What comes of it


def judge(blob: bytes, of: Series) -> str:
    """Refused, or what came of a forecast."""
    try:
        model = load_model(blob)
    except BadInput as refusal:
        return "refused" if _is_sentence(refusal) else "NO SENTENCE"
    try:
        forecast = model.forecast(of, HORIZON)
    except BadInput as refusal:
        return "refused to forecast" if _is_sentence(refusal) else "NO SENTENCE"
    return "forecasts" if np.isfinite(forecast.point).all() else "NOT FINITE"


def judge_on_command_line(blob: bytes, folder: Path) -> str:
    """The same, asked for in a terminal: an exit with a sentence, or a table."""
    (folder / "model.safetensors").write_bytes(blob)
    try:
        command_line(["forecast", str(folder / "views.csv"), "--model", str(folder / "model.safetensors"), "-n", "7"])
    except SystemExit as end:
        return "command line refuses" if end.code else "command line forecasts"
    return "command line forecasts"


def _is_sentence(refusal: BadInput) -> bool:
    return str(refusal).endswith(".") and " " in str(refusal)


def main() -> int:
    """Print what came of all; 1 where any end was bad."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    of, ends = series(), Counter[str]()
    whole = [of_a_net(of), of_auto(of)]
    assert [judge(blob, of) for blob in whole] == ["forecasts"] * 2
    for number in range(given.first, given.first + given.count):
        chance = random.Random(number)
        blob = chance.choice((damage, forge, forge, forge))(chance.choice(whole), chance)
        try:
            ends[judge(blob, of)] += 1
        except BaseException as error:  # a panic of a library is no Exception
            if isinstance(error, KeyboardInterrupt):
                raise
            ends["TRACEBACK"] += 1
            print(f"file {number}:", "".join(traceback.format_exception(error)[-3:]), file=sys.stderr, flush=True)
    print(f"{given.count} files:", ", ".join(f"{count} {end}" for end, count in ends.most_common()))
    return any(end.isupper() for end in ends)


if __name__ == "__main__":
    sys.exit(main())
