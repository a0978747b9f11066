"""The programs that a page shows run as they are, and do what the page did."""

import csv
import io
import re
import runpy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from forecasting.__main__ import main
from forecasting.evaluation.calibration import calibrate_run
from forecasting.forecasts.forecast import evaluate_held_out, horizon_with_totals, make_forecast
from forecasting.forecasts.model_file import NO_MODEL, export_model, load_model, save_model
from forecasting.forecasts.program import program_from_file, program_of
from forecasting.messages import BadInput
from forecasting.models.fitting import build, fit
from forecasting.models.trained_run import of_run
from forecasting.reading import Choice, read_views, to_csv
from forecasting.series import Channel
from forecasting.settings import Architecture, Inputs, Regularisation, RunSettings, Training
from forecasting.windows import run_windows

pytestmark = pytest.mark.slow  # it fits models, some in processes of their own


ROOT = Path(__file__).parents[3]
HORIZON = 9


@pytest.fixture
def file(tmp_path, views) -> Path:
    """A file with gaps, whose name needs care in a program."""
    place = tmp_path / 'my "own" views\' {file}.csv'
    gaps = views.round().drop(views.index[[40, 41, 200]])
    place.write_text(to_csv(Channel("mine", gaps)))
    return place


@pytest.fixture
def output_of(tmp_path, monkeypatch, capsys) -> Callable[[str], str]:
    """Runs a program as a file of its own, beside the channel; what it prints."""

    def run(program: str) -> str:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "program.py").write_text(program, encoding="utf-8")
        runpy.run_path("program.py", run_name="__main__")
        return capsys.readouterr().out

    return run


def run_of(channel, settings):
    model, rows = build(settings), []
    for row in fit(model, run_windows(channel.series, settings), settings):
        rows.append((row.epoch, row.train_loss.mean(), row.held_out_loss.mean()))
    return of_run(settings, model, channel.series), rows


@pytest.mark.parametrize(
    "settings",
    [
        (Architecture("relu", 7, 2, 6), Training("mse", epochs=3, seeds=2, batch_size=0), Inputs(True, weekday=True)),
        (Architecture("linear", 56), Training(optimizer="exact"), Inputs(country="TW")),
        (Architecture(), Training(epochs=1), Inputs(subtract="last"), Regularisation(validation=0.2, patience=5)),
    ],
)
def test_program_of_a_run_trains_the_same_run(file, split, settings, output_of):
    settings, said = RunSettings(split, *settings), {"fill": "interpolate"}
    channel = read_views(file.read_bytes(), file.name, Choice(**said))
    assert len(channel.series.filled) == 3
    run, rows = run_of(channel, settings)
    lines = output_of(program_of(settings, file.name, said, horizon=HORIZON)).split("\n", len(rows))
    np.testing.assert_allclose([[float(word) for word in line.split()] for line in lines[:-1]], rows, rtol=1e-5)
    found = np.array(lines[-1].strip("[] \n").split(), float)
    np.testing.assert_allclose(found, run.predict(channel.series, channel.views.index[-1:], HORIZON)[0], rtol=1e-5)


@pytest.fixture
def taken(file, split):
    """Channel, bytes of a model file, and the forecast that the app shows."""
    channel = read_views(file.read_bytes(), file.name)
    run, _rows = run_of(channel, RunSettings(split, Architecture("linear", 7), Training(optimizer="exact")))
    learnt = channel.series.until(split.train.last)
    fitted = calibrate_run("mine", run, learnt, horizon=horizon_with_totals(HORIZON))
    done, judged = evaluate_held_out(channel.series, fitted, split, horizon=HORIZON)
    expected = make_forecast(run, fitted, channel.series, scores=done.scores, horizon=HORIZON, judged=judged)
    model = export_model("mine", run, channel.series, split=split, scores=done.scores, judged=judged)
    return channel, save_model(model), expected


def test_program_of_a_model_file_prints_the_forecast(file, taken, output_of):
    _channel, blob, expected = taken
    (file.parent / "mine.safetensors").write_bytes(blob)
    printed = output_of(program_from_file(file.name, "mine.safetensors", HORIZON))
    assert printed.rstrip("\n") == str(expected.to_frame())


def test_the_lines_in_the_readme_are_a_program(file, taken, output_of):
    channel, blob, _expected = taken
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len([line for line in code.splitlines() if line]) == 5
    (file.parent / "views.csv").write_bytes(file.read_bytes())
    (file.parent / "model.safetensors").write_bytes(blob)
    expected = load_model(blob).forecast(channel.series, 28)
    assert output_of(code).rstrip("\n") == str(expected.to_frame())


def test_command_line_takes_a_model_file(file, taken, capsys):
    _channel, blob, expected = taken
    model = file.parent / "mine.safetensors"
    model.write_bytes(blob)
    assert main(["forecast", str(file), "--model", str(model), "--horizon", str(HORIZON), "--level", "0.5"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["date"] for row in rows] == [str(day) for day in expected.days]
    band = expected.bands[0]
    for name, values in {"forecast": expected.point, "lower": band.lower, "upper": band.upper}.items():
        np.testing.assert_allclose([float(row[name]) for row in rows], values, rtol=1e-5)


def test_command_line_gives_edges_beyond_the_days_that_were_held_out(file, taken, capsys):
    model = file.parent / "mine.safetensors"
    model.write_bytes(taken[1])
    assert main(["forecast", str(file), "--model", str(model), "--horizon", "60"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert re.fullmatch(r"[\d-]+(,[\d.]+){3}", last)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n", b"\0" * 5000])
def test_command_line_says_what_is_no_model_file_in_one_line(file, content, capsys):
    model = file.parent / "mine.safetensors"
    model.write_bytes(content)
    assert main(["forecast", str(file), "--model", str(model)]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.splitlines()[-1]) == ("", "error: " + str(BadInput(NO_MODEL)))
