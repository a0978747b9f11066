"""The programs that a page shows run as they are, and do what the page did."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from forecasting.backtest import adopt
from forecasting.fitting import build, fit
from forecasting.forecast import ahead_of, judge_held_out, reach_of
from forecasting.program import program_from_file, program_of
from forecasting.reading import Choice, read_views, to_csv
from forecasting.settings import Architecture, Inputs, Regularisation, RunSettings, Training
from forecasting.takeaway import save_model, take_away
from forecasting.trained import of_run
from forecasting.views import Channel
from forecasting.windows import known_views, run_windows

ROOT = Path(__file__).parent.parent.parent
HORIZON = 9


@pytest.fixture
def file(tmp_path, views) -> Path:
    """A file with gaps, whose name needs care in a program."""
    place = tmp_path / 'my "own" views\' {file}.csv'
    gaps = views.round().drop(views.index[[40, 41, 200]])
    place.write_text(to_csv(Channel("mine", gaps)))
    return place


def output_of(program: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_of(channel, settings):
    model, rows = build(settings), []
    for row in fit(model, run_windows(channel.views, settings, channel.filled), settings):
        rows.append((row.epoch, row.train_loss.mean(), row.held_out_loss.mean()))
    return of_run(settings, model, channel.views, channel.filled), rows


@pytest.mark.parametrize(
    "settings",
    [
        (Architecture("relu", 7, 2, 6), Training("mse", epochs=3, seeds=2, batch_size=0), Inputs(True, weekday=True)),
        (Architecture("linear", 56), Training(optimizer="exact"), Inputs(country="TW")),
        (Architecture(), Training(epochs=1), Inputs(subtract="last"), Regularisation(validation=0.2, patience=5)),
    ],
)
def test_program_of_a_run_trains_the_same_run(file, split, settings):
    settings, said = RunSettings(split, *settings), {"fill": "interpolate"}
    channel = read_views(file.read_bytes(), file.name, Choice(**said))
    assert len(channel.filled) == 3
    run, rows = run_of(channel, settings)
    lines = output_of(program_of(settings, file.name, said, HORIZON), file.parent).split("\n", len(rows))
    np.testing.assert_allclose([[float(word) for word in line.split()] for line in lines[:-1]], rows, rtol=1e-5)
    views = known_views(channel.views, channel.filled)
    found = np.array(lines[-1].strip("[] \n").split(), float)
    np.testing.assert_allclose(found, run.predict(views, views.index[-1:], HORIZON)[0], rtol=1e-5)


def test_program_of_a_model_file_prints_the_forecast(file, split):
    channel = read_views(file.read_bytes(), file.name)
    run, _rows = run_of(channel, RunSettings(split, Architecture("linear", 7), Training(optimizer="exact")))
    views, filled = channel.views, channel.filled
    fitted = adopt("mine", run, views, np.datetime64(split.train.last), reach_of(HORIZON), filled)
    done, judged = judge_held_out(views, fitted, split, HORIZON, filled)
    (file.parent / "mine.safetensors").write_bytes(save_model(take_away("mine", run, done.scores, judged, views)))
    expected = ahead_of(run, fitted, known_views(views, filled), done.scores, HORIZON, judged=judged)
    printed = output_of(program_from_file(file.name, "mine.safetensors", HORIZON), file.parent)
    assert printed.rstrip("\n") == str(expected.to_frame())
