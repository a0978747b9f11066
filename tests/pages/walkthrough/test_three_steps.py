"""Chapter 1: what the state says is what the page says."""

import pytest


def said(app, kind: str) -> str:
    return " ".join(element.value for element in app.main.get(kind))


def test_descent_arrives_at_the_usual_rate_and_bounces_at_a_larger(visit):
    app = visit("walkthrough/three_steps")
    assert "Descent arrives. Within 1 %" in said(app, "success")
    app.select_slider(key="rate").set_value(0.1).run()
    assert "Descent arrives. It ends" in said(app, "warning")


def test_formula_begins_where_the_link_drops_the_point(visit):
    formula = visit("walkthrough/three_steps", hand="0.5,0.25").latex[0].value
    assert "0.25" in formula.split("longrightarrow")[0]
    assert "+0.50" in formula.split("longrightarrow")[0]


@pytest.mark.parametrize("hand", ["nowhere", "1", "nan,nan", "1,2,3"])
def test_a_point_that_is_none_is_the_lectures_start(visit, hand):
    assert "-0.80" in visit("walkthrough/three_steps", hand=hand).latex[0].value


def test_a_hidden_value_is_taken_within_its_bounds(visit):
    app = visit("walkthrough/three_steps", hide="rate", rate="0.1")
    assert "It ends" in said(app, "warning")
    app = visit("walkthrough/three_steps", hide="rate", rate="77")
    assert "Within 1 %" in said(app, "success")


def test_the_channel_is_a_day_late_and_train_is_one_link_away(visit):
    app = visit("walkthrough/three_steps")
    assert "The line is a day late" in said(app, "success")
    (link,) = [link for link in app.main.get("page_link") if link.proto.label == "Open in Train"]
    assert "window=1" in link.proto.query_string
    assert "family=Linear" in link.proto.query_string
