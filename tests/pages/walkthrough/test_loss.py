"""Chapter 13: what the state says is what the page says."""

import pytest

from tests.pages.test_pages import csv


def said(app, *kinds: str) -> str:
    return " ".join(element.value for kind in kinds for element in app.main.get(kind)).replace("\\", "")


def table(app) -> str:
    return said(app, "markdown")


def test_squared_error_sticks_and_adam_rescues_it(visit):
    app = visit("walkthrough/loss", start="-8,8")
    assert "Holds**: MSE sticks where cross-entropy does not" in said(app, "success")
    assert "| Squared error (MSE) | gets stuck | p = 1e−7 |" in table(app)
    app.selectbox(key="method").select("adam").run()
    assert "| Squared error (MSE) | gets stuck | p = 0.995 |" in table(app)
    assert "Holds**: Adam rescues MSE" in said(app, "success")


def test_where_the_slope_is_below_epsilon_adam_does_not_rescue(visit):
    app = visit("walkthrough/loss")
    app.button(key="preset-2").click().run()
    assert app.query_params["start"] == "-10,10"
    assert "Does not hold here**: Adam rescues MSE" in said(app, "warning")


def test_the_other_target_turns_the_surface_round(visit):
    app = visit("walkthrough/loss", start="-8,8", target="Class 2")
    assert "Does not hold here**: MSE sticks" in said(app, "warning")
    assert "p_2" in app.latex[0].value


def test_tomorrows_class_follows_the_bounds_of_flat(visit):
    app = visit("walkthrough/loss", part="Tomorrow's class")
    assert "Log loss 0.883 instead of 1.09, skill 19 %" in said(app, "success")
    assert "| Right class | 39 % | 58 % |" in table(app)
    app.slider(key="flat").set_value(10).run()
    assert "instead of 0.822" in said(app, "success")


def test_a_preset_leads_back_to_the_surfaces(visit):
    app = visit("walkthrough/loss", part="Tomorrow's class")
    app.button(key="preset-1").click().run()
    assert not app.exception
    assert app.selectbox(key="method").value == "adam"


def test_networks_are_a_workers(visit):
    app = visit("walkthrough/loss", part="Tomorrow's class", model="Network")
    assert app.button(key="start").label == "Train five networks"
    assert "Does not hold" not in said(app, "warning")


def test_a_viral_day_by_its_size(visit):
    app = visit("walkthrough/loss", part="A viral day")
    assert "Holds**: A viral day moves MSE more than MAE and Huber" in said(app, "success")
    assert "| MSE | × 10 |" in table(app)
    app.select_slider(key="times").set_value(1).run()
    assert "| MSE | × 1 | 0 |" in table(app)


@pytest.mark.parametrize("part", ["Tomorrow's class", "A viral day"])
@pytest.mark.parametrize("days", [28, 90, 150])
def test_short_channels_get_a_sentence(visitor, part, days):
    app = visitor.go("data")
    app.file_uploader[0].upload("short.csv", csv(days)).run()
    app = visitor.go("walkthrough/loss", part=part)
    assert said(app, "warning", "info", "success")
