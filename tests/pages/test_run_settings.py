"""A run's settings on Train: read, named, taken into the controls; and what is gone or cannot be says so."""

from forecasting import owners
from forecasting.jobs.channels import ChannelStore
from forecasting.settings import BOUNDS
from pages.parts import session
from tests.pages.test_pages import csv, train
from tests.support.filled_store import fill

TAKE = "Take its settings into the controls"


def taking(app):
    return [button for button in app.button if button.label == TAKE]


def test_a_run_of_the_same_size_is_named_by_what_differs(visit):
    app = visit("train")
    train(app, epochs=2, seeds=1, units=4, window=7)
    train(app, learning_rate=0.003, weekday=True)
    names = app.selectbox(key="run").options
    assert names == ["ReLU layers 1×4, 7 days · Learning rate 0.003, Weekday as input on", "ReLU layers 1×4, 7 days"]


def test_settings_are_read_and_taken_into_the_controls(visit):
    app = visit("train", split="2017–2020 / 2021 (lecture)")
    train(app, family="linear", epochs=2, seeds=2, window=9, learning_rate=0.001, weekday=True, l1=0.5)
    kept = ("family", "window", "epochs", "seeds", "learning_rate", "weekday", "l1", "split")
    wanted = {name: app.session_state[name] for name in kept}
    assert not taking(app)
    app.selectbox(key="family").select("relu").run()
    app.selectbox(key="split").select("2022").run()
    app.number_input(key="window").set_value(3).run()
    app.number_input(key="l1").set_value(0.0).run()
    table = app.table[0].value
    assert table.loc["L1"].tolist() == ["0.5", "0"] and table.index.tolist().index("L1") < 8
    assert any("L1 0.5" in caption.value and r"Window \(days of input\) 9" in caption.value for caption in app.caption)
    taking(app)[0].click().run()
    assert not app.exception and not taking(app)
    assert {name: app.session_state[name] for name in kept} == wanted
    assert (app.query_params["l1"], app.query_params["window"]) == ("0.5", "9")


def test_a_split_without_a_name_is_taken_by_its_days(visit):
    app = visit("train", split="Custom", train_period=["2018-01-01", "2019-12-31"])
    train(app, epochs=1, seeds=1, units=2, window=2)
    days = app.date_input(key="train_period").value
    app.selectbox(key="split").select("2022").run()
    taking(app)[0].click().run()
    assert not app.exception and not taking(app)
    assert app.selectbox(key="split").value == "custom" and app.date_input(key="train_period").value == days


def test_a_channel_removed_in_another_tab_is_said_on_every_page_until_one_is_chosen(visitor):
    app = visitor.go("data")
    app.file_uploader[0].upload("mine.csv", csv(300)).run()
    visitor.go("train")
    mine = app.session_state.channel
    ChannelStore(session.store().engine).forget(owners.browser(app.session_state.token), mine)
    for page in ("train", "train", "compare"):
        assert "has been removed. The sample channel is shown" in visitor.go(page).warning[0].value
    assert mine not in app.query_params.get("channel", [])
    visitor.go("data").file_uploader[0].upload("other.csv", csv(310)).run()
    assert not [warning for warning in visitor.go("train").warning if "has been removed" in warning.value]


def test_what_is_out_of_range_says_the_range(visit):
    app = visit("train", window="9999")
    assert "window = 9999; possible is 1 to 365. The default is used." in app.toast[0].value
    for name, (low, high) in BOUNDS.items():
        if name in {number.key for number in app.number_input}:
            assert app.number_input(key=name).help.endswith(f"From {low:,.10g} to {high:,.10g}.")


def test_why_train_cannot_be_pressed_stands_below_it(visit):
    app = visit("train", patience="5")
    below = [element for element in app.main if getattr(element, "key", None) != "quick_window"]
    place = next(at for at, element in enumerate(below) if element.type == "button" and element.label == "Train")
    assert below[place].disabled and "Early stopping needs a validation part" in below[place + 1].value


def test_what_needs_ticked_runs_says_so(visitor):
    visitor.app.session_state.token = "ticks"
    owner = owners.browser("ticks")
    fill(session.store(), owner, 2, epochs=2)
    app = visitor.go("compare", runs="none")
    assert "Tick runs to pin, rename, tag or delete them." in [caption.value for caption in app.caption]
    app = visitor.go("compare", runs=[run.id for run in session.store().runs(owner)])
    assert "Tick one run alone to rename it." in [caption.value for caption in app.caption]


def test_a_run_that_has_just_ended_stays_shown_though_a_late_browser_says_none(visit):
    app = visit("train")
    train(app, epochs=2, seeds=1, units=4, window=7)
    shown = app.session_state["run"]
    app.session_state["run"] = None  # what the browser still had when it asked for more of the live chart
    app.session_state["ended"] = shown
    app.run()
    assert app.selectbox(key="run").value == shown
    app.selectbox(key="run").set_value(None).run()
    assert app.selectbox(key="run").value is None
