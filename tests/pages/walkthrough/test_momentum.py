"""Chapter 11: what the state says is what the page says."""

import pytest

from tests.pages.test_pages import csv


def said(app, kind: str) -> str:
    return " ".join(element.value for element in app.main.get(kind)).replace("\\", "")


def test_the_preset_of_d2l_runs_away_and_arrives_with_momentum(visit):
    app = visit("walkthrough/momentum")
    app.button(key="preset-0").click().run()
    assert "> 500 without momentum, 9 with" in said(app, "caption")
    assert "−0.388, −1.67k | −0.388, −1.67k" in said(app, "markdown")
    assert "0.5\\,m_{t-1} - 0.6" in app.latex[0].value


def test_the_best_momentum_stands_there_once_one_has_been_tried(visit):
    app = visit("walkthrough/momentum")
    assert "beta^*" not in app.latex[0].value
    app.select_slider(key="momentum").set_value(0.4).run()
    assert "= 0.40\\ (\\eta = 0.67)" in app.latex[0].value


def test_the_fewest_updates_so_far_stay_to_be_beaten(visit):
    app = visit("walkthrough/momentum")
    assert "Your best" not in said(app, "caption")
    app.select_slider(key="momentum").set_value(0.99).run()
    assert "Your best: 10, with 0.5" in said(app, "caption")


def test_too_much_momentum_is_judged_on_the_surface_and_on_the_channel(visit):
    app = visit("walkthrough/momentum", momentum="0.99")
    assert "Too much momentum swings past the goal" in said(app, "success")
    assert "Momentum needs fewer updates on this channel" in said(app, "warning")


@pytest.mark.parametrize(
    "query", [{"start_ellipse": "nan,0"}, {"update": "inf"}, {"start_road": "here"}, {"update": "999"}]
)
def test_places_that_are_none_are_the_usual_ones(visit, query):
    assert not visit("walkthrough/momentum", **query).exception


def test_nesterov_looks_ahead_and_goes_to_train(visit):
    app = visit("walkthrough/momentum", nesterov="true", momentum="0.9")
    assert "- 0.4\\,(\\nabla L(\\theta_{t-1}) + 0.9\\,v_t)" in app.latex[0].value
    (link,) = [link for link in app.main.get("page_link") if link.proto.label == "Open in Train"]
    assert "momentum=0.9" in link.proto.query_string
    assert "Nesterov" in link.proto.query_string


def test_toys_need_no_channel_and_its_own_surface_says_what_lacks(visitor):
    app = visitor.go("data")
    app.file_uploader[0].upload("short.csv", csv(60)).run()
    app = visitor.go("walkthrough/momentum")
    assert "Momentum needs fewer updates. Middle of 25 starts" in said(app, "success")
    assert "Lacking" in said(app, "info")
    app.selectbox(key="surface").select("channel").run()
    assert "60 days of views" in said(app, "warning")
