"""Chapter 2: what the state says is what the page says."""

import pytest

from pages.parts.stage import Line, _line
from tests.pages.test_pages import csv


def said(app, kind: str) -> str:
    return " ".join(element.value for element in app.main.get(kind)).replace("\\", "")


def test_the_sample_answers_the_three_claims(visit):
    app = visit("walkthrough/know_your_data")
    assert "7 days beat 1. Held-out MAE: 546 instead of 673 views" in said(app, "success")
    assert "28 days beat 7. Held-out MAE: 440 instead of 546 views" in said(app, "success")
    assert "56 days beat 28" in said(app, "info")


def test_formula_has_the_weights_of_the_window(visit):
    app = visit("walkthrough/know_your_data", window="7")
    assert "x_{7}" in app.latex[0].value
    assert "+0.54" in app.latex[0].value
    app.slider(key="window").set_value(1).run()
    assert app.latex[0].value.count("x_") == 1


def test_train_is_one_link_away_with_window_and_loss(visit):
    app = visit("walkthrough/know_your_data", window="28")
    (link,) = [link for link in app.main.get("page_link") if link.proto.label == "Open in Train"]
    assert "window=28" in link.proto.query_string
    assert "optimizer=Exact" in link.proto.query_string


def test_another_split_and_another_loss_are_judged(visit):
    app = visit("walkthrough/know_your_data")
    app.selectbox(key="split").select("lecture").run()
    app.selectbox(key="loss").select("mse").run()
    assert "Held-out RMSE" in said(app, "success") + said(app, "info") + said(app, "warning")


@pytest.mark.parametrize("split", ["2017–2020 / 2021 (lecture)", "Custom", "nowhere"])
def test_a_hidden_split_is_taken_from_the_link(visitor, split):
    shown = visitor.go("walkthrough/know_your_data", split=split)
    hidden = type(visitor)().go("walkthrough/know_your_data", split=split, hide="split")
    assert said(hidden, "success") == said(shown, "success")
    assert [box.key for box in hidden.main.selectbox] == ["loss"]


def test_a_window_longer_than_a_short_channel_can_fit_is_the_longest_it_can(visitor):
    app = visitor.go("data")
    app.file_uploader[0].upload("short.csv", csv(150)).run()
    app = visitor.go("walkthrough/know_your_data", window="56")
    assert "x_{31}" in app.latex[0].value
    assert "64 days, 114 needed" in said(app, "info")


def test_bars_reach_the_canvas():
    assert _line(Line([(1, 2)], bar=0.4))["bar"] == 0.4
