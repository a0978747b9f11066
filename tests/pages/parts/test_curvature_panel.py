"""Curvature along a run's training: which runs it is known of, and what is drawn of it."""

from dataclasses import replace

import numpy as np
import pytest

from forecasting.lectures.critical_points import Escape, Extremes, Look, Plane, Spectrum
from forecasting.messages import english
from forecasting.records import Run
from forecasting.sample import sample_channel
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import default_split
from pages.parts import curvature_panel
from pages.parts.curvature_panel import checkpoints, draw_ends, draw_plane, warning, why_not

EPOCHS = [0, 1, 2]
FLAT = Escape(np.zeros(1), np.ones(1), 0.0, 0.0)
BESIDE = Plane(  # heights 1 + first + 10 second; the middle point lies beside the plane, where the loss is another
    first=np.array([0.0, 1.0]),
    second=np.array([0.0, 1.0]),
    losses=np.array([[1.0, 2.0], [11.0, 12.0]]),
    path=np.array([[1.0, 0.0], [0.5, 0.25], [0.0, 0.0]]),
    path_losses=np.array([2.0, 3.25, 1.0]),
    beside=np.array([0.0, 0.75, 0.0]),
    directions=np.empty((2, 0)),
    unit=1.0,
    length=2.0,
)


def run_of(architecture: Architecture, status: str = "finished", **training: object) -> Run:
    settings = RunSettings(default_split(sample_channel().views), architecture, Training(**training))
    return Run("id", "A run", "channel", settings, status, None, 0.0)


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (run_of(Architecture("linear"), optimizer="exact"), "solved at once"),
        (run_of(Architecture("trees")), "solved at once"),
        (run_of(Architecture("linear")), "linear model"),
        (run_of(Architecture("relu", 7, 3, 300)), "This run has 183,301 unknowns"),
        (run_of(Architecture("relu", 7, 1, 4), "paused"), "finished runs only"),
    ],
)
def test_a_run_without_curvature_to_see_says_why(run, words):
    assert words in why_not(run).translated()


def test_a_finished_network_has_some():
    assert why_not(run_of(Architecture("relu", 7, 1, 4))) is None


def test_checkpoints_are_listed_with_the_signs_and_ends_of_their_spectra():
    looks = [
        Look(0, 1.23456, 2.0, Spectrum(np.array([-0.00123, 0.0, 0.5, 3.0])), FLAT),
        Look(5, 0.5, 0.1, Spectrum(np.array([0.1, 0.2, 0.5, 4.0])), FLAT),
    ]
    table = checkpoints(looks, english).set_index("Epoch")
    assert table[["Negative", "Zero", "Positive"]].to_numpy().tolist() == [[1, 1, 2], [0, 0, 4]]
    assert table.loc[0, ["Squared error (standardised views)", "Lowest eigenvalue"]].tolist() == [1.23, -0.00123]
    by_ends = [replace(looks[0], curvature=Extremes(-0.5, 3.0, 20))]
    table = checkpoints(by_ends, english)
    assert "Positive" not in table
    assert table[["Lowest eigenvalue", "Highest eigenvalue"]].to_numpy().tolist() == [[-0.5, 3.0]]


def test_the_path_is_drawn_on_the_plane_with_start_end_and_checkpoint_named(monkeypatch):
    drawn, said = {}, []
    monkeypatch.setattr(curvature_panel, "stage", lambda _key, **parts: drawn.update(parts))
    monkeypatch.setattr(curvature_panel.st, "warning", lambda text, **_look: said.append(text))
    draw_plane(BESIDE, EPOCHS, 1, english)
    assert drawn["surface"].heights is BESIDE.losses
    assert drawn["tracks"][0].points is BESIDE.path
    assert {dot.label: dot.at for dot in drawn["dots"]} == {
        "Epoch 0": [1.0, 0.0],
        "Epoch 2": [0.0, 0.0],
        "Epoch 1": [0.5, 0.25],
    }
    assert (drawn["x"].low, drawn["x"].high, drawn["y"].low, drawn["y"].high) == (0, 1, 0, 1)
    assert said == [warning(BESIDE, EPOCHS).translated()]


def test_the_warning_says_how_much_lies_in_the_plane_and_how_wrong_its_height_is():
    text = warning(BESIDE, EPOCHS).translated()
    assert "The plane holds 56 % of the path's length" in text  # two parts of 0.559, of 2
    assert "after epoch 1 the loss is 3.25, the height 4." in text
    assert "All checkpoints lie in this plane" in warning(replace(BESIDE, beside=np.zeros(3)), EPOCHS).translated()


def test_of_a_large_network_the_ends_are_drawn_by_checkpoint(monkeypatch):
    drawn = {}
    monkeypatch.setattr(curvature_panel, "stage", lambda _key, **parts: drawn.update(parts))
    monkeypatch.setattr(curvature_panel.st, "caption", lambda _text: None)
    draw_ends([Look(epoch, 1.0, 1.0, Extremes(-1.0 - epoch, 8.0, 20), FLAT) for epoch in (0, 7)], english)
    lowest, highest = drawn["lines"]
    assert lowest.points.tolist() == [[0, -1], [1, -2]]  # on the scale of cube roots
    assert highest.points.tolist() == [[0, 2], [1, 2]]
    assert [text for _place, text in drawn["x"].ticks] == ["0", "7"]
    assert drawn["y"].low < -2 < 2 < drawn["y"].high
