"""A run written in plain PyTorch trains as the run did. The programs run in a process of their own."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from forecasting.__main__ import main
from forecasting.events import Event
from forecasting.forecasts.homework import Homework, as_notebook, as_program, why_not
from forecasting.forecasts.pytorch_code import PLAIN_OPTIMIZERS
from forecasting.metrics import IN_VIEWS
from forecasting.models.fitting import build, fit
from forecasting.networks.training import predict
from forecasting.reading import Choice, read_views, to_csv
from forecasting.sample import sample_channel
from forecasting.series import Channel
from forecasting.settings import SCHEDULES, SUBTRACT, Architecture, Inputs, Regularisation, RunSettings, Training
from forecasting.split import default_split
from forecasting.windows import run_windows
from tests.forecasting.conftest import make_views

pytestmark = pytest.mark.slow  # it fits models, some in processes of their own


HOLES = [100, 101, 200, 260, 300, 390]  # the last one is held out
LINE = re.compile(r"seed (\d+), epoch (\d+): train ([\d.]+), held-out ([\d.]+)")
DIGITS = 1e-5  # relative, of losses that do not drift apart
LINE_SEARCH = 1e-3  # the same where a line search chooses each step
DRIFT = 0.1  # of those that do, in their last epochs
TOGETHER = 3  # epochs before any drift
RUN_ALL = """\
import contextlib, io, json, runpy, sys
for name in sys.argv[1:]:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        losses = runpy.run_path(name + ".py")["losses"]
    print(json.dumps([losses.tolist(), printed.getvalue()]))
assert "forecasting" not in sys.modules
"""

SMOOTH, TRAINING = Architecture("sigmoid", 7, units=8), Training("mse", "adam", 0.01, 32, 22, 2)
SETTINGS = {
    **{name: (SMOOTH, replace(TRAINING, optimizer=name)) for name in PLAIN_OPTIMIZERS},
    **{
        f"{name}, warm-up {warmup}": (
            SMOOTH,
            replace(TRAINING, optimizer="momentum", schedule=name, warmup=warmup, decay_epochs=6),
        )
        for name in SCHEDULES
        for warmup in (0, 4)
    },
    "window and horizon": (replace(SMOOTH, window=70, horizon=7), replace(TRAINING, batch_size=0)),
    "absolute error": (SMOOTH, replace(TRAINING, loss="mae", optimizer="sgd")),
    **{f"logarithms, less {name}": (SMOOTH, TRAINING, Inputs(True, subtract=name)) for name in SUBTRACT},
    **{f"less {name}": (SMOOTH, TRAINING, Inputs(subtract=name, weekday=True)) for name in SUBTRACT},
    "logarithms alone": (SMOOTH, TRAINING, Inputs(True, False)),
    "penalties": (SMOOTH, TRAINING, Inputs(), Regularisation(weight_decay=0.01, l1=0.001)),
    "decay of weights apart": (
        SMOOTH,
        replace(TRAINING, optimizer="adamw"),
        Inputs(),
        Regularisation(weight_decay=0.1, clip=0.1),
    ),
    "weight decay in a line search": (
        SMOOTH,
        replace(TRAINING, optimizer="lbfgs"),
        Inputs(),
        Regularisation(weight_decay=0.01),
    ),
    "disturbed": (SMOOTH, TRAINING, Inputs(weekday=True), Regularisation(dropout=0.2, noise=0.1)),
    "early stopping": (
        replace(SMOOTH, horizon=3),
        TRAINING,
        Inputs(),
        Regularisation(train_days=200, validation=0.2, patience=2),
    ),
}
DRIFTING = {
    "relu": (Architecture("relu", 7, 2, 8, 7), TRAINING),
    "hard sigmoids": (Architecture("hard-sigmoid", 7, units=8), replace(TRAINING, schedule="cosine")),
    "linear": (Architecture("linear", 56), replace(TRAINING, loss="mae")),
}
GAPS = {
    f"{name}, {fill}": fill
    for name in ("early stopping", "relu", "absolute error", "window and horizon")
    for fill in ("same-weekday", "none")
}
CASES = [*SETTINGS, *DRIFTING, *GAPS, "weekdays", "sample", "days not learnt from"]


def channel_of(views, fill: str = Choice.fill) -> Channel:
    """The views as a file would bring them, days that are not there filled in."""
    return read_views(to_csv(Channel("mine", views)).encode(), "mine.csv", Choice(fill=fill))


def case_of(name: str) -> tuple[Channel, RunSettings]:
    settings, views = SETTINGS | DRIFTING, make_views().round()
    if name == "sample":
        channel, chosen = sample_channel(), (Architecture("sigmoid"), replace(TRAINING, seeds=1))
    elif name == "weekdays":
        gone = (views.index.day_of_week >= 5) | (views.index == views.index[HOLES[0]])
        channel, chosen = channel_of(views[~gone]), settings["adam"]
    elif name == "days not learnt from":
        views.iloc[HOLES] = 1e6
        events = tuple(Event(day.date(), learn=False) for day in views.index[HOLES])
        channel, chosen = Channel("mine", views, events=events), settings["adam"]
    elif name in GAPS:
        channel, chosen = channel_of(views.drop(views.index[HOLES]), GAPS[name]), settings[name.split(", ")[0]]
    else:
        channel, chosen = Channel("mine", views), settings[name]
    return channel, RunSettings(default_split(channel.views), *chosen)


def seen_of(channel: Channel) -> Channel:
    """What is handed out beside a program: days that nothing is learnt from as a model sees them."""
    return replace(channel, views=channel.series.inputs)


class Trained:
    """A run as the project trains it: losses of every epoch (seeds, epochs, 2), and of the weights kept (seeds, 2)."""

    def __init__(self, channel: Channel, settings: RunSettings) -> None:
        self.channel, self.settings = channel, settings
        data, model = run_windows(channel.series, settings), build(settings)
        rows = [(row.train_loss, row.held_out_loss) for row in fit(model, data, settings)]
        self.epochs = np.array(rows).transpose(2, 0, 1)
        self.kept = np.column_stack([self._loss(model, data, part) for part in (data.train, data.held_out)])

    def _loss(self, model, data, part) -> np.ndarray:
        predicted = predict(model, data, part)
        return IN_VIEWS[self.settings.training.loss](part.targets.ravel(), predicted.reshape(len(predicted), -1))

    def homework(self, file: str = "views.csv") -> Homework:
        losses = tuple(self.kept.mean(axis=0))
        return Homework(self.settings, self.channel.series, file, self.settings.training.epochs, losses)


@pytest.fixture(scope="module")
def trained(_one_thread) -> dict[str, Trained]:
    return {name: Trained(*case_of(name)) for name in CASES}


@pytest.fixture(scope="module")
def folder(trained, tmp_path_factory) -> Path:
    """Every program, 0.py and so on, beside the file that it reads."""
    folder = tmp_path_factory.mktemp("homework")
    for place, run in enumerate(trained.values()):
        (folder / f"{place}.csv").write_text(to_csv(seen_of(run.channel)), encoding="utf-8")
        (folder / f"{place}.py").write_text(as_program(run.homework(f"{place}.csv")), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def written(trained, folder) -> dict[str, tuple[np.ndarray, str]]:
    """What every program ends at (seeds, 2), and what it prints."""
    command = [sys.executable, "-c", RUN_ALL, *map(str, range(len(trained)))]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=True)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {name: (np.array(losses), printed) for name, (losses, printed) in zip(trained, found, strict=True)}


def tolerance(run: Trained) -> float:
    return LINE_SEARCH if run.settings.training.optimizer == "lbfgs" else DIGITS


@pytest.mark.parametrize("case", [name for name in CASES if name.split(", ")[0] not in DRIFTING])
def test_program_ends_at_the_losses_of_the_run(case, trained, written):
    np.testing.assert_allclose(written[case][0], trained[case].kept, rtol=tolerance(trained[case]))


@pytest.mark.parametrize("case", CASES)
def test_program_prints_the_losses_of_every_epoch(case, trained, written):
    lines = np.array([[float(word) for word in line] for line in LINE.findall(written[case][1])])
    for seed, expected in enumerate(trained[case].epochs):
        printed = lines[lines[:, 0] == seed]
        assert list(printed[:, 1]) == list(range(1, len(printed) + 1))
        first, exact = printed[:TOGETHER, 2:], expected[:TOGETHER]
        np.testing.assert_allclose(first, exact, rtol=tolerance(trained[case]), atol=0.006)
        np.testing.assert_allclose(printed[:, 2:], expected[: len(printed)], rtol=DRIFT)
    assert len(printed) == len(expected) or "early" in case  # alone, a seed stops before the others do


@pytest.mark.parametrize("case", CASES)
def test_program_says_what_the_run_ended_at(case, trained, written):
    *_epochs, mean, run = written[case][1].splitlines()
    train, held_out = trained[case].kept.mean(axis=0)
    assert run == f"The run itself ended at: train {train:.2f}, held-out {held_out:.2f}"
    assert [float(word) for word in re.findall(r"\d+\.\d+", mean)] == pytest.approx([train, held_out], rel=DRIFT)


@pytest.mark.parametrize("rule", [["check", "--select", "E,F,I,UP,SIM"], ["format", "--check"]])
def test_programs_are_written_as_ours_are(folder, rule):
    command = [sys.executable, "-m", "ruff", *rule, "--isolated", "--no-cache", "--line-length", "120", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_programs_are_short(folder):
    """As the README says."""
    lines = [[line for line in file.read_text("utf-8").splitlines() if line] for file in folder.glob("*.py")]
    counts = sorted(map(len, lines))
    assert counts[0] >= 60 and counts[-1] <= 100


def test_program_of_a_stopped_run_trains_the_epochs_that_it_had(trained):
    stopped = replace(trained["cosine, warm-up 0"].homework(), epochs=5)
    program = as_program(stopped)
    assert "range(1, 5 + 1)" in program and "math.pi * t / 22" in program  # the schedule is that of the whole run


def test_days_that_were_not_measured_are_listed_in_a_few_lines(trained):
    program = as_program(trained["weekdays"].homework())
    assert "measured[days.day_of_week.isin([5, 6])] = np.nan" in program
    assert re.findall(r"\d{4}-\d\d-\d\d/", program) == ["2020-04-10/"]  # a Friday


def test_cells_of_the_notebook_are_the_program(trained):
    homework = trained["relu"].homework()
    notebook = json.loads(as_notebook(homework))
    code = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert "\n\n\n".join(code) + "\n" == as_program(homework)
    assert [cell["cell_type"] for cell in notebook["cells"]] == ["markdown", "code"] * 4


def test_notebook_has_what_its_format_asks_for(trained):
    """The required fields of nbformat 4.5, as its documentation lists them."""
    notebook = json.loads(as_notebook(trained["relu"].homework()))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert set(notebook) == {"cells", "metadata", "nbformat", "nbformat_minor"}
    assert set(notebook["metadata"]["kernelspec"]) >= {"name", "display_name"}
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids) and all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", one) for one in ids)
    for cell in notebook["cells"]:
        own = {"execution_count", "outputs"} if cell["cell_type"] == "code" else set()
        assert set(cell) == {"cell_type", "id", "metadata", "source"} | own


def test_notebook_speaks_the_visitors_language(trained):
    notebook = json.loads(as_notebook(trained["relu"].homework(), lambda text, *_: "词"))
    words = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    assert all(text.startswith("## 词\n\n词") for text in words)


@pytest.mark.parametrize(
    ("settings", "setting"),
    [
        ((Architecture("trees"),), "Boosted trees"),
        ((Architecture("linear"), Training(optimizer="exact")), "Exact solution"),
        ((Architecture(), Training(), Inputs(country="TW")), "Public holidays"),
        ((Architecture(), Training(), Inputs(), Regularisation(scale=0.1)), "Random scale"),
        ((Architecture(), Training(), Inputs(), Regularisation(l1=0.1, clip=1)), "Gradient clipping"),
        ((Architecture(), Training(), Inputs(), Regularisation(batch_norm=True)), "Batch normalization"),
    ],
)
def test_a_run_that_is_not_plain_has_no_notebook(settings, setting, split):
    why = why_not(RunSettings(split, *settings))
    assert why.translated() == f"This run has no notebook in plain PyTorch, because of “{setting}”."


def test_command_line_prints_both(tmp_path, views, capsys):
    file = tmp_path / "views.csv"
    file.write_text(to_csv(Channel("mine", views.round())))
    assert main(["homework", str(file), "--family", "linear", "--window", "7", "--csv", "mine.csv"]) == 0
    program = capsys.readouterr().out
    assert 'pd.read_csv("mine.csv"' in program and "nn.Linear(7, 1)" in program
    assert main(["homework", str(file), "--family", "linear", "--window", "7", "--csv", "mine.csv", "--notebook"]) == 0
    cells = json.loads(capsys.readouterr().out)["cells"]
    assert cells[1]["source"] in program
    assert main(["homework", str(file), "--family", "trees"]) == 2
    assert "Boosted trees" in capsys.readouterr().err
