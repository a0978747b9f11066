"""Chapter 14: what the state says is what the page says."""

import pytest

from forecasting.lectures import batch_normalization as lecture
from forecasting.lectures import rate_sweeps
from forecasting.settings import Architecture
from tests.pages.test_pages import wait_for

PAGE = "walkthrough/batch_normalization"


def said(app, kind: str) -> str:
    return " ".join(element.value for element in app.main.get(kind)).replace("\\", "")


def test_the_formula_follows_the_scale(visit):
    app = visit(PAGE, spread="100")
    assert r"30 \\ 30 & 10000" in app.latex[0].value
    assert "10,989 raw" not in said(app, "success")
    assert "38,226 raw (condition number 10,989)" in said(app, "success")
    app.select_slider(key="spread").set_value(1.0).run()
    assert r"0.3 \\ 0.3 & 1 " in app.latex[0].value
    assert "Unlike scales need more updates" in said(app, "warning")


def test_normalizing_shows_the_round_loss_and_keeps_the_scale(visit):
    app = visit(PAGE, spread="100", norm="true")
    assert r"\kappa = 1.86" in app.latex[0].value
    assert "Normalized inputs" in said(app, "caption")
    assert "Holds" in said(app, "success")


def test_two_examples_leave_a_sign(visit):
    app = visit(PAGE, part="Your network", batch="2")
    assert r"\pm 1" in app.latex[0].value
    app.select_slider(key="batch").set_value(64).run()
    assert "B = 64" in app.latex[0].value


def test_train_is_one_link_away_with_normalization(visit):
    app = visit(PAGE, part="Your network", norm="true", batch="8", rate="0.1")
    (link,) = [link for link in app.main.get("page_link") if link.proto.label == "Open in Train"]
    for setting in ("batch_norm=true", "batch_size=8", "learning_rate=0.1"):
        assert setting in link.proto.query_string


@pytest.mark.slow
def test_trained_networks_are_judged_and_kept(visit, monkeypatch):
    monkeypatch.setattr(rate_sweeps, "UPDATES", 2)
    monkeypatch.setattr(lecture, "NETWORK", Architecture("relu", 7, 1, 2))
    app = visit(PAGE, part="Your network")
    next(button for button in app.button if button.label.startswith("Train 54")).click().run()
    verdicts = ("success", "warning", "info")
    wait_for(app, lambda: "usable rates" in " ".join(said(app, kind) for kind in verdicts))
    assert "2 updates each, five seeds, batch 64" in said(app, "caption")
    app.button(key="preset-2").click().run()
    assert not app.exception
    assert "batch 2" in said(app, "caption")
