"""Damaged and forged model files: each is refused in a sentence, or forecasts finite numbers.

    python -m tests.stress.model_files [--count 2000] [--first 0] [--by file|command|page]

Files of a small net and of an Auto are damaged byte by byte, or taken apart, changed where it hurts (weights that are
no numbers, other shapes and types, sizes with a fraction, below zero or beyond all bounds, judgements better than
perfect, keys doubled, JSON too deep) and put together again with a digest that fits, as a forger would. Each is loaded
and asked to forecast, or given to the command line, or to the page Forecast and its worker.
"""

import argparse
import io
import json
import random
import sys
import tempfile
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path

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
from tests.pages.conftest import Visitor, app_test_with
from tests.pages.test_forecast import press
from tests.pages.test_pages import metrics
from tests.stress.ends import end_of
from tests.support.forging import change_array, change_fact, change_number, damage

HORIZON, DAYS = 7, 260


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


def forge(blob: bytes, chance: random.Random) -> bytes:
    """Facts and arrays changed, with the digest of what they are now."""
    facts, arrays = json.loads(_metadata(blob)[MARK]), load(blob)
    facts.pop("sha256")
    for _edit in range(chance.choice((1, 1, 1, 2, 3))):
        change, what = chance.choice(
            ((change_fact, facts), (change_fact, facts), (change_number, facts), (change_array, arrays))
        )
        change(what, chance)
    try:
        text = json.dumps(facts | {"sha256": _digest(facts, arrays)}, sort_keys=True)
    except ValueError:
        text = "{}"
    if chance.random() < 0.05:
        text = chance.choice(
            ("[" * 100_000, text[:-1] + ', "model": {}}', text[:-1] + ', "format": 1.0}', '"x"', "NaN")
        )
    return save(arrays, {MARK: text.encode("utf-8", "replace").decode()})


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
    """The same, asked for in a terminal: one line that begins `error:`, or a table of finite numbers."""
    (folder / "model.safetensors").write_bytes(blob)
    (folder / "views.csv").write_text(series().views.rename_axis("date").to_csv())
    out, said = io.StringIO(), io.StringIO()
    asked = ["forecast", str(folder / "views.csv"), "--model", str(folder / "model.safetensors"), "--horizon", "7"]
    with redirect_stdout(out), redirect_stderr(said):
        code = command_line(asked)
    if code:
        (refusal,) = [line for line in said.getvalue().splitlines() if line.startswith("error:")]
        return "refused" if _is_sentence(refusal) else "NO SENTENCE"
    numbers = [float(cell) for row in out.getvalue().split()[1:] for cell in row.split(",")[1:]]
    return "forecasts" if len(numbers) == 21 and np.isfinite(numbers).all() else "NOT FINITE"


def judge_on_page(blob: bytes) -> str:
    """The same, brought to the page Forecast, and its forecast asked for there."""
    visitor = Visitor()
    app = visitor.go("forecast")
    app.file_uploader(key="model_file").upload("model.safetensors", blob).run()
    if not app.error and not app.exception:
        return "forecasts" if metrics(press(app)) else "refused to forecast"
    return "refused" if app.error and all(_is_sentence(error.value) for error in app.error) else "NO SENTENCE"


def _is_sentence(refusal: object) -> bool:
    return str(refusal).endswith(".") and " " in str(refusal)


def main() -> int:
    """Print what came of all; 1 where any end was bad."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--by", choices=("file", "command", "page"), default="file", help="where they are brought")
    given = parser.parse_args()
    of, ends = series(), Counter[str]()
    whole = [of_a_net(of), of_auto(of)]
    with tempfile.TemporaryDirectory() as folder, app_test_with(f"sqlite:///{folder}/runs.db"):
        ways = {"file": lambda blob: judge(blob, of), "page": judge_on_page}
        way = (ways | {"command": lambda blob: judge_on_command_line(blob, Path(folder))})[given.by]
        assert [way(blob) for blob in whole] == ["forecasts"] * 2
        for number in range(given.first, given.first + given.count):
            ends[end_of(number, partial(way, changed(whole, number)))] += 1
    print(f"{given.count} files:", ", ".join(f"{count} {end}" for end, count in ends.most_common()))
    return any(end.isupper() for end in ends)


def changed(whole: list[bytes], number: int) -> bytes:
    """The file of this number."""
    chance = random.Random(number)
    return chance.choice((damage, forge, forge, forge))(chance.choice(whole), chance)


if __name__ == "__main__":
    sys.exit(main())
