"""The Compare page's script, on stores filled without training."""

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from forecasting import owners
from forecasting.jobs.channels import ChannelStore
from forecasting.jobs.queue import JobQueue
from forecasting.jobs.runs import RunStore
from forecasting.messages import Message
from forecasting.networks.training import Row
from forecasting.records import Progress, TrainingProgress
from forecasting.sample import sample_channel
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import LECTURE
from pages.parts import session
from tests.pages.test_pages import wait_for
from tests.support.filled_store import WORKER, chance, fill, many_settings, validated, write

Open = Callable[..., AppTest]

MEAN = "Held-out loss (mean of seeds)"


@pytest.fixture
def mine(visitor) -> str:
    """The owner that the visitor's runs belong to."""
    visitor.app.session_state.token = "visitor"
    session.store().delete(owner := owners.browser("visitor"), [run.id for run in session.store().runs(owner)])
    return owner


def add(owner: str, settings: RunSettings, name: str, done: bool = True) -> str:
    """A run of these settings on the sample, with made-up rows if `done`; its id."""
    store: RunStore = session.store()
    run_id = store.submit(owner, sample_channel(), settings, name=name)
    if done:
        queue = JobQueue(store.engine)
        assert queue.claim_next().id == run_id
        write(run_id, queue, settings, chance(len(store.runs(owner))))
    return run_id


def come_again(visitor) -> AppTest:
    """Leave the page and come back, as by the links at the side."""
    visitor.go("data").query_params.clear()
    return visitor.go("compare")


def ticked(app: AppTest) -> list[str]:
    runs = app.query_params.get("runs", [])
    return [runs] if isinstance(runs, str) else list(runs)


def table_key(app: AppTest) -> str:
    """The newest table's: each has a key of its own."""
    return app.session_state.drawn_ticks[0]


def rows_ticked(app: AppTest) -> list[int]:
    return app.session_state[table_key(app)]["selection"]["rows"]


def tick(app: AppTest, rows: list[int]) -> AppTest:
    """Leave these rows of the table ticked."""
    app.session_state[table_key(app)] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    return app


def losses(app: AppTest):
    """The table of the ticked runs."""
    return app.dataframe[1].value.set_index("Run")


def test_what_differs_is_listed_and_the_first_are_ticked(visitor, mine):
    ids = fill(session.store(), mine, 6, epochs=3)
    app = visitor.go("compare")
    table = app.dataframe[0].value
    assert table.columns.tolist() == ["Run", "Held-out loss", "Train loss", "Window (days of input)", "Units per layer"]
    assert table["Run"].tolist() == [f"Try {place}" for place in (6, 5, 4, 3, 2, 1)]
    assert ticked(app) == ids[:1:-1]
    assert len(app.get("vega_lite_chart")) == 3  # losses, gradient norm, and the gap
    app.toggle(key="differing").set_value(False).run()
    assert {"Optimizer", "Loss", "Epochs done"} <= set(app.dataframe[0].value)


def test_losses_stand_beside_baselines_and_one_run_is_held_against_the_others(visitor, mine):
    ids = fill(session.store(), mine, 3, epochs=20)
    app = visitor.go("compare")
    table, store = losses(app), session.store()
    last = store.final_losses(mine).set_index("run").loc[ids[0]]
    assert table.loc["Try 1", "Gap"] == round(last["held_out"] - last["train"])
    assert table.loc["Same day last week", MEAN] == pytest.approx(673, abs=1)
    assert table.loc["Try 1", "Skill"] == pytest.approx(1 - last["held_out"] / 673, abs=0.01)
    assert table.loc["Smallest possible, held-out", MEAN] < table[MEAN].drop("Yesterday").mean()
    said = table["Held-out error compared with “Try 3”"]
    assert set(said.dropna().index) == {"Try 1", "Try 2"}  # neither itself nor a baseline
    app.selectbox(key="against").select("Same day last week").run()
    assert losses(app)["Held-out error compared with “Same day last week”"].notna().sum() == 3


def test_a_link_with_nothing_ticked_opens_with_nothing_ticked(visitor, mine):
    (only,) = fill(session.store(), mine, 1, epochs=3)
    app = visitor.go("compare", runs="none")
    assert "Tick a run that has been trained for an epoch or more." in [info.value for info in app.info]
    assert ticked(app) == ["none"]
    app = visitor.go("compare", runs=only)  # as Back brings an earlier link
    assert losses(app).index[0] == "Try 1" and ticked(app) == [only]
    app.query_params.clear()
    assert ticked(visitor.go("compare")) == [only]


def test_two_ticks_in_quick_succession_both_count(visitor, mine):
    """The second may come with the URL of before the first one, which the browser has not put in yet."""
    fill(session.store(), mine, 4, epochs=2, seeds=1)
    app = come_again(visitor)
    first = ticked(app)
    tick(app, [1, 2, 3])
    assert ticked(app.run()) == first[1:]
    tick(app, [2, 3]).query_params["runs"] = first
    assert ticked(app.run()) == first[2:]
    app.query_params["runs"] = first  # Back: an earlier URL and nothing else
    assert ticked(app.run()) == first and rows_ticked(app) == [0, 1, 2, 3]


def test_held_against_follows_a_new_name(visitor, mine):
    first, second = fill(session.store(), mine, 2, epochs=3)
    app = visitor.go("compare", runs=second)
    app.text_input(key=f"name-{second}").input("Better name").run()
    assert app.selectbox(key="against").options[0] == "Better name"
    assert app.selectbox(key="against").proto.set_value  # the browser is told, else it keeps the old words


def test_a_single_seed_gets_no_claim(visitor, mine):
    fill(session.store(), mine, 2, epochs=3, seeds=1)
    app = visitor.go("compare")
    assert "90 % intervals, over" not in "".join(caption.value for caption in app.caption)  # the table has none
    assert losses(app)["Held-out error compared with “Try 2”"]["Try 1"] == "cannot tell: one seed"
    assert "A single seed" in app.info[0].value


def test_two_runs_are_compared_in_a_sentence(visitor, mine):
    fill(session.store(), mine, 2, epochs=20)
    app = visitor.go("compare")
    assert "90 % interval" in app.info[0].value


def test_validation_has_columns_where_a_part_is_kept(visitor, mine):
    (plain,) = many_settings(1, epochs=5)
    add(mine, plain, "plain")
    assert "Best validation" not in losses(visitor.go("compare"))
    add(mine, validated(plain), "validated")
    app = come_again(visitor)
    assert "were trained on different days" in app.warning[0].value
    table = losses(app)
    assert table["Best validation"].notna().sum() == 1
    assert "Held-out error compared with “plain”" in table  # the held-out days are the same


def test_filters_hide_runs_but_keep_their_ticks(visitor, mine):
    ids = fill(session.store(), mine, 6, epochs=3)
    session.store().tag(mine, ids[:2], add=["early"])
    app = visitor.go("compare")
    app.multiselect(key="tags").select("early").run()
    assert app.dataframe[0].value["Run"].tolist() == ["Try 2", "Try 1"]
    assert ticked(app) == ids[:1:-1]
    assert "2 of 6 runs. 4 ticked runs are hidden." in [caption.value for caption in app.caption]
    app.text_input(key="find").input("ADAM try 2").run()
    assert app.dataframe[0].value["Run"].tolist() == ["Try 2"]
    app.text_input(key="find").input("nothing like it").run()
    assert "No run matches the filter." in [info.value for info in app.info]
    assert not app.exception


def test_runs_are_found_by_state_and_channel(visitor, mine):
    first, second = many_settings(2, epochs=3)
    add(mine, first, "done")
    other = replace(
        sample_channel(), name="Other", views=sample_channel().views.iloc[::-1].set_axis(sample_channel().views.index)
    )
    waiting = session.store().submit(mine, other, second, name="waiting")
    app = visitor.go("compare")
    assert app.dataframe[0].value["Run"].tolist() == ["done"]
    app.toggle(key="all").set_value(True).run()
    assert app.dataframe[0].value["Channel"].tolist() == ["Other", "Sample channel"]
    app.multiselect(key="states").select("queued").run()
    assert app.dataframe[0].value["Run"].tolist() == ["waiting"]
    app.multiselect(key="states").unselect("queued").run()
    app.multiselect(key="channels").select(other.fingerprint).run()
    assert app.dataframe[0].value["Run"].tolist() == ["waiting"]
    session.store().delete(mine, [waiting])


def test_runs_are_pinned_renamed_tagged_and_deleted(visitor, mine):
    first, second = fill(session.store(), mine, 2, epochs=3)
    app = visitor.go("compare", runs=first)
    assert ticked(app) == [first]
    app.button(key="pin").click().run()
    assert app.dataframe[0].value["Run"].tolist() == ["Try 1", "Try 2"]
    assert ticked(app) == [first]
    app.text_input(key=f"name-{first}").input("Try 2").run()
    assert app.dataframe[0].value["Run"].tolist() == ["Try 2 (2)", "Try 2"]
    [box for box in app.multiselect if box.label.startswith("Tags of the ticked")][0].set_value(["odd"]).run()
    assert session.store().run(mine, first).tags == ("odd",)
    app.button(key="delete").click().run()
    assert [run.id for run in session.store().runs(mine)] == [second]
    assert not app.exception
    assert not app.toast  # nobody followed a link to it


def test_a_hidden_run_is_not_deleted(visitor, mine):
    fill(session.store(), mine, 2, epochs=3)
    app = visitor.go("compare")
    app.text_input(key="find").input("Try 2").run()
    app.button(key="delete").click().run()
    assert [run.name for run in session.store().runs(mine)] == ["Try 1"]


def test_a_link_to_runs_that_are_gone_says_so(visitor, mine):
    fill(session.store(), mine, 2, epochs=3)
    app = visitor.go("compare", runs=["gone", "gone too"])
    assert "2 runs of this link have been deleted." in app.toast[0].value
    assert len(ticked(app)) == 2
    app.run()
    assert not app.toast


def test_runs_of_a_channel_that_is_removed_meanwhile_are_left_out(visitor, mine, monkeypatch):
    fill(session.store(), mine, 2, epochs=3)
    monkeypatch.setattr(ChannelStore, "channel", lambda *_owner_and_fingerprint: None)
    app = visitor.go("compare")
    assert not app.exception and "Tick a run" in app.info[0].value


def test_losses_or_splits_are_not_mixed_without_a_word(visitor, mine):
    (one,) = many_settings(1, epochs=3)
    add(mine, one, "absolute")
    add(mine, replace(one, training=Training(loss="mse", epochs=3)), "squared")
    add(mine, replace(one, split=LECTURE), "other year")
    app = visitor.go("compare")
    assert all(word in app.warning[0].value for word in ("losses", "held-out days"))
    assert not any("against" in column for column in losses(app))
    assert "Yesterday" not in losses(app).index


@pytest.mark.parametrize("along", ["epoch", "update", "seconds"])
def test_axes_and_average_are_chosen(visitor, mine, along):
    fill(session.store(), mine, 2, epochs=30)
    app = visitor.go("compare")
    app.button_group(key="along").set_value(along).run()
    app.select_slider(key="average").set_value(10).run()
    assert not app.exception
    spec = app.get("vega_lite_chart")[0].proto.spec
    assert {"epoch": "Epoch", "update": "Update", "seconds": "Seconds of training"}[along] in spec
    assert "train_smooth" in spec


def test_many_ticked_runs_are_drawn_up_to_what_colours_can_tell(visitor, mine):
    ids = fill(session.store(), mine, 18, epochs=2)
    app = visitor.go("compare", runs=ids)
    assert "The first 8 of 18 ticked runs are shown." in [caption.value for caption in app.caption]
    assert losses(app).index.str.startswith("Try").sum() == 8


def test_a_run_that_left_the_numbers_is_listed_and_harms_nothing(visitor, mine):
    fill(session.store(), mine, 1, epochs=3)
    store, settings = session.store(), many_settings(2)[1]
    run_id = store.submit(mine, sample_channel(), settings, name="gone wild")
    queue = JobQueue(store.engine)
    queue.claim_next()
    queue.start(run_id, WORKER)
    losses_of = [np.full(5, loss) for loss in (500.0, np.inf)]
    rows = [Row(at + 1, loss, loss, loss, 0.1, at) for at, loss in enumerate(losses_of)]
    queue.report(run_id, WORKER, Progress(0.1, training=TrainingProgress(rows)))
    queue.fail(run_id, Message("The loss is no number any more."))
    app = visitor.go("compare", runs=run_id)
    table = app.dataframe[0].value
    assert table.columns[0] == "State" and table["State"].tolist() == ["Failed", "Finished"]
    assert len(app.get("vega_lite_chart")) == 2
    assert "None of these runs ended with a finite loss." in [caption.value for caption in app.caption]
    assert losses(app).loc["gone wild", [MEAN, "Skill"]].isna().all()
    assert "Infinity" not in app.get("vega_lite_chart")[0].proto.spec
    app = come_again(visitor)
    curves, _gradient, gap = (json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart"))
    assert run_colours(curves) == run_colours(gap)  # though one of the runs has no dot
    assert not app.exception


def run_colours(spec: dict) -> list[str]:
    """What the palette of a chart stands for, where its marks are coloured by run."""
    colours = [layer["encoding"]["color"] for layer in spec["layer"] if "color" in layer["encoding"]]
    (domain,) = {
        tuple(colour["scale"]["domain"]) for colour in colours if colour["field"] == "run" and "scale" in colour
    }
    assert {"gone wild", "Try 1"} <= set(domain)
    return list(domain)


def test_everything_can_be_saved(visitor, mine):
    fill(session.store(), mine, 2, epochs=3)
    app = visitor.go("compare")
    names = {run.name for run in session.store().runs(mine)}
    assert {button.label for button in app.get("download_button")} == {
        "Final losses (CSV)",
        "Losses during training (CSV)",
        "Clean series as CSV",
        *names,
    }


def test_without_runs_the_way_is_shown(visitor, mine):
    app = visitor.go("compare")
    assert "No runs yet" in app.info[0].value
    add(mine, many_settings(1)[0], "waiting", done=False)
    app = visitor.go("compare", runs="none")
    assert "Tick a run that has been trained" in app.info[0].value


def test_a_run_that_waits_or_is_trained_is_shown_as_it_comes_along(visitor, mine):
    (one,) = many_settings(1, epochs=10)
    run_id = add(mine, one, "waiting", done=False)
    app = visitor.go("compare")
    assert [bar.proto.text for bar in app.get("progress")] == ["waiting: Waiting for a free worker"]
    queue = JobQueue(session.store().engine)
    queue.claim_next()
    queue.start(run_id, WORKER)
    losses_of = [np.full(5, loss) for loss in (500.0, 480.0)]
    rows = [Row(at + 1, loss, loss, loss / 100, 0.1, at + 1) for at, loss in enumerate(losses_of)]
    queue.report(run_id, WORKER, Progress(0.2, training=TrainingProgress(rows)))
    app.run()
    assert [bar.proto.text for bar in app.get("progress")] == ["waiting: Epoch 2 of 11, 9 s left"]
    assert losses(app).loc["waiting", "Train loss"] == 480
    queue.fail(run_id, Message("It shall not be in the way of others."))


def test_curves_are_looked_at_in_part(visitor, mine):
    fill(session.store(), mine, 2, epochs=40)
    app = visitor.go("compare")
    app.button_group(key="period").set_value("held_out").run()
    app.select_slider(key="last_part").set_value(25).run()
    assert not app.exception
    spec = json.loads(app.get("vega_lite_chart")[0].proto.spec)
    lines = [layer["encoding"] for layer in spec["layer"] if layer["mark"]["type"] == "line"]
    assert [line["y"]["field"] for line in lines] == ["held_out"]
    assert lines[0]["x"]["scale"]["domain"] == [0.75 * 41, 41]


def test_two_hundred_runs_are_listed_and_found(visitor, mine):
    fill(session.store(), mine, 200, epochs=2, seeds=2)
    app = visitor.go("compare")
    assert len(app.dataframe[0].value) == 200
    app.text_input(key="find").input("try 200").run()
    assert app.dataframe[0].value["Run"].tolist() == ["Try 200"]
    assert not app.exception


def test_curvature_along_a_ticked_run_is_worked_out_and_drawn(visitor, mine):
    small = replace(many_settings(1)[0], architecture=Architecture("sigmoid", 3, 1, 2))
    add(mine, replace(small, architecture=Architecture("linear", 3)), "A line")
    add(mine, replace(small, training=Training("mse", epochs=5, seeds=1)), "A network")
    app = visitor.go("compare")
    assert "curvature_of" not in {box.key for box in app.selectbox}  # closed at first, nothing is looked up
    app = visitor.go("compare", curvature="true")
    assert app.selectbox(key="curvature_of").options == ["A network", "A line"]
    app.button(key="curvature_start").click().run()
    wait_for(app, lambda: any("of the path's length" in warning.value for warning in app.warning))
    (table,) = [frame.value for frame in app.dataframe if "Lowest eigenvalue" in frame.value]
    assert table["Epoch"].tolist() == [0, 1, 3, 5]
    assert (table[["Positive", "Zero", "Negative"]].sum(axis=1) == small.architecture.parameters).all()
    assert "curvature_start" not in {button.key for button in app.button}
    app.selectbox(key="curvature_of").select_index(1).run()
    assert any("A linear model's squared error" in caption.value for caption in app.caption)
    assert not app.exception
