"""Chapter 15: what the state says is what the page says."""

import pytest

from tests.pages.test_pages import csv


def said(app, *kinds: str) -> str:
    return " ".join(element.value for kind in kinds for element in app.main.get(kind)).replace("\\", "")


def test_the_sample_answers_the_four_claims(visit):
    app = visit("walkthrough/when_the_world_changes")
    everything = said(app, "success", "warning", "info")
    for name in (
        "The two periods differ",
        "Refitting every week helps",
        "A shorter history helps",
        "The largest day was foreseeable",
    ):
        assert name in everything
    assert "8.05k views, 6.63k predicted" in everything


def test_the_border_is_a_day_in_the_link(visit):
    app = visit("walkthrough/when_the_world_changes", border="2021-01-01")
    assert "Trained from 2017-01-01, held out 2021-01-01 to 2021-12-31" in said(app, "caption")


@pytest.mark.parametrize(
    "border, first", [("1990-01-01", "2017-05-21"), ("2990-01-01", "2022-12-04"), ("x", "2022-01-01")]
)
def test_a_border_out_of_reach_is_the_nearest_within(visit, border, first):
    app = visit("walkthrough/when_the_world_changes", border=border)
    assert f"held out {first}" in said(app, "caption")


def test_the_lectures_split_one_year_and_weekly(visit):
    app = visit("walkthrough/when_the_world_changes")
    app.button(key="preset-0").click().run()
    assert app.query_params["border"] == "2021-01-01"
    app.button(key="preset-1").click().run()
    assert app.select_slider(key="history").value == 365
    assert "Trained from 2020-01-02" in said(app, "caption")
    app.selectbox(key="refit").select("monthly").run()
    assert "Refitting every 4 weeks helps" in said(app, "success", "warning", "info")


def test_train_is_one_link_away_with_the_history(visit):
    app = visit("walkthrough/when_the_world_changes", history="365")
    (link,) = [link for link in app.main.get("page_link") if link.proto.label == "Open in Train"]
    assert "train_days=365" in link.proto.query_string


def test_networks_are_a_workers(visit):
    app = visit("walkthrough/when_the_world_changes", model="Network")
    assert app.button(key="start").label == "Train networks, once and every 4 weeks"


@pytest.mark.parametrize("days", [28, 139, 168, 300])
def test_short_channels_get_a_sentence(visitor, days):
    app = visitor.go("data")
    app.file_uploader[0].upload("short.csv", csv(days)).run()
    app = visitor.go("walkthrough/when_the_world_changes")
    assert said(app, "warning", "info", "success")
    assert days < 168 or "Trained from" in said(app, "caption")
