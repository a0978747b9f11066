"""Where a run is shown it can be taken along as a notebook, and where it cannot, a sentence says so."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from forecasting import owners
from forecasting.forecasts.homework import as_notebook
from forecasting.messages import english
from pages.parts import session
from pages.parts.homework import homework_of
from tests.pages.test_pages import csv, train

SMALL = {"epochs": 3, "seeds": 2, "units": 4, "window": 7}
HANDED_OUT = {"Notebook in plain PyTorch", "The same as a program", "Clean series as CSV"}


@pytest.fixture
def mine(visitor):
    """The visitor with a short channel."""
    visitor.go("data").file_uploader[0].upload("mine.csv", csv(300)).run()
    return visitor


def labels(app) -> set[str]:
    return {button.label for button in app.get("download_button")}


def test_train_and_forecast_hand_out_a_run(mine):
    app = train(mine.go("train"), **SMALL)
    assert labels(app) == HANDED_OUT
    name = app.selectbox(key="run").options[0]
    app = mine.go("forecast", forecaster=name)
    assert not HANDED_OUT & labels(app)  # nothing of a run before there is a forecast of it


def test_notebook_says_what_the_page_shows(mine):
    train(mine.go("train"), **SMALL)
    owner = owners.browser(mine.app.session_state.token)
    (run,) = session.store().runs(owner)
    channel = session.channel_store().channel(owner, run.fingerprint)
    visit = SimpleNamespace(store=session.store(), owner=owner, translate=english)
    homework = homework_of(visit, run, channel)
    last = session.store().history(run.id)
    assert homework.losses == pytest.approx((np.mean(last.train_loss[-1]), np.mean(last.held_out_loss[-1])), rel=1e-4)
    assert f"train {homework.losses[0]:.2f}" in json.loads(as_notebook(homework))["cells"][-1]["source"]
    assert homework_of(visit, replace(run, status="running"), channel) is None


def test_a_run_of_trees_says_why_there_is_none(mine):
    app = train(mine.go("train", family="Boosted trees"), epochs=3, window=7)
    assert not labels(app)
    assert any("This run has no notebook" in caption.value for caption in app.caption)
