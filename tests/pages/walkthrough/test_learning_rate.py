"""Chapter 12: what the state says is what the page says."""

import pytest

from forecasting.lectures import learning_rate as lecture
from forecasting.lectures import rate_sweeps
from forecasting.settings import Architecture
from tests.pages.test_pages import wait_for

PAGE = "walkthrough/learning_rate"


def said(app, kind: str) -> str:
    return " ".join(element.value for element in app.main.get(kind)).replace("\\", "")


def test_the_switch_gives_each_unknown_its_own(visit):
    app = visit(PAGE, rate="0.01")
    assert r"\theta_t - \eta_t\, g_t,\quad \eta_{1000} = 0.01" in app.latex[0].value
    assert "A large rate bounces, a tiny one stands still" in said(app, "success")
    app.toggle(key="each").set_value(True).run()
    assert r"\frac{\eta_t}{\sigma_t}\, m_t" in app.latex[0].value
    assert "Adagrad bursts, and decay stops it" in said(app, "success")


def test_adagrad_at_a_small_rate_does_not_burst(visit):
    app = visit(PAGE, each="true", adaptive="Adagrad (mean of squares, lecture)", rate="0.001")
    assert "Rate 0.001, 1,000 updates. Bursts: 0; with decay: 0." in said(app, "warning")


def test_decay_stands_in_the_formula(visit):
    app = visit(PAGE)
    app.button(key="preset-1").click().run()
    assert r"\eta_{1000} = 0.0158" in app.latex[0].value
    assert r"\, g_t" in app.latex[0].value


def test_train_is_one_link_away_with_rate_and_optimizer(visit):
    app = visit(PAGE, each="true", rate="0.1", adaptive="RMSProp")
    (link,) = [link for link in app.main.get("page_link") if link.proto.label == "Open in Train"]
    assert "optimizer=RMSProp" in link.proto.query_string
    assert "learning_rate=0.1" in link.proto.query_string


@pytest.mark.slow
def test_rates_tried_on_the_network_are_judged_for_the_optimizer_chosen(visit, monkeypatch):
    monkeypatch.setattr(rate_sweeps, "UPDATES", 2)
    monkeypatch.setattr(lecture, "NETWORK", Architecture("relu", 7, 1, 2))
    app = visit(PAGE)
    next(button for button in app.button if button.label.startswith("Try rates")).click().run()
    verdicts = ("success", "warning", "info")
    wait_for(app, lambda: "rates usable" in " ".join(said(app, kind) for kind in verdicts))
    assert "2 updates of 64 windows" in said(app, "caption")
    app.selectbox(key="adaptive").select("rmsprop").run()
    assert not app.exception
    assert "with RMSProp" in " ".join(said(app, kind) for kind in verdicts)
