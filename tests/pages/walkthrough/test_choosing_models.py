"""Chapter 8, choosing by a score and by folds: what it shows and what its controls do."""

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.chapters import EARLIER_PARTS
from tests.pages.test_pages import train, wait_for

PAGE = "walkthrough/choosing_models"
FOLDS = {"part": "Folds"}
LINES = ["usual-0", "usual-1"]  # exact solutions, the quickest


def noisy(days: int = 700) -> bytes:
    """A file of views with a week in them."""
    rng = np.random.default_rng(0)
    lines = [
        f"{day.date()},{1000 + 90 * (k % 7) + rng.normal(0, 40):.0f}"
        for k, day in enumerate(pd.date_range("2020-01-01", periods=days))
    ]
    return "\n".join(["Date,Views", *lines]).encode()


@pytest.fixture
def own(visitor):
    """Open a page with a channel of one's own, which is small."""

    def opened(days: int = 700, lang: str = "English", **query: str) -> AppTest:
        app = visitor.go("data", lang=lang)
        app.file_uploader[0].upload("mine.csv", noisy(days)).run()
        return visitor.go(PAGE, **query)

    return opened


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label.startswith(label)).click().run()
    assert not app.exception
    return app


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def cross_validate(app: AppTest, *models: str) -> AppTest:
    """Press the button and wait until every model is known."""
    app.multiselect(key="models").set_value(list(models or LINES)).run()
    press(app, "Cross-validate")
    wait_for(app, lambda: "Stop" not in labels(app))
    assert not app.exception
    return app


def test_models_are_ranked_beside_the_baseline_and_held_out(own):
    app = cross_validate(own(**FOLDS))
    table = app.dataframe[0].value
    assert table.columns.tolist() == ["Model", "Fold 1", "Fold 2", "Fold 3", "Mean", "Held-out"]
    assert table["Model"].tolist() == ["Linear, exact, 28 days", "Linear, exact, 7 days", "Same day last week"]
    assert table["Mean"].str.contains("★").tolist() == [True, False, False]
    assert (table != "").all(axis=None)
    means = table["Mean"].str.replace(" ★", "").astype(float)
    assert means.tolist() == pytest.approx(table[["Fold 1", "Fold 2", "Fold 3"]].astype(float).mean(axis=1), abs=1)
    assert app.info[0].value.startswith("Lowest mean error\\: “Linear, exact, 28 days”")
    assert "90 % interval" in app.info[0].value
    assert "0 % of the validation days were seen in training" in "".join(caption.value for caption in app.caption)


def test_what_was_worked_out_is_shown_again_and_other_folds_are_another_question(own, visitor):
    app = cross_validate(own(**FOLDS))
    first = app.dataframe[0].value
    visitor.go("train")
    app = visitor.go(PAGE, **FOLDS)
    app.multiselect(key="models").set_value(LINES).run()
    assert app.dataframe[0].value.equals(first)
    app.number_input(key="folds").set_value(4).run()
    assert "Mean" not in [name for table in app.dataframe[:-1] for name in table.value.columns]


def test_random_folds_are_held_against_blocked_ones(own):
    app = cross_validate(own(**FOLDS))
    press(app, "Use the other folds too: Random")
    wait_for(app, lambda: len(app.dataframe) == 3)
    table = app.dataframe[1].value
    assert table.columns.tolist()[:4] == ["Model", "Blocked, mean", "Random, mean", "Random is lower by"]
    assert table["Random is lower by"].str.fullmatch(r"−?\d+ % \(−?\d+ % to −?\d+ %\)").all()
    assert "andom folds" in app.info[1].value
    app.selectbox(key="fold_kind").select("random").run()
    assert "100 % of the validation days were seen in training" in "".join(caption.value for caption in app.caption)
    assert not app.exception


def test_winner_is_retrained_and_shown_on_train(own, visitor):
    app = press(cross_validate(own(**FOLDS)), "Train the winner")
    assert app.title[0].value == "Train"
    assert app.selectbox(key="run").options == ["Linear, exact, 28 days"]
    assert app.selectbox(key="run").value
    visitor.go("train")
    wait_for(app, lambda: any(metric.label == "Held-out loss (MAE)" and metric.value != "–" for metric in app.metric))


def test_cross_validation_is_stopped_and_keeps_what_it_has(visit):
    app = visit(PAGE, **FOLDS, folds="20")
    app.multiselect(key="models").set_value(["usual-0", "usual-3"]).run()
    press(app, "Cross-validate")
    wait_for(app, lambda: len(app.dataframe) == 2)
    press(app, "Stop")
    wait_for(app, lambda: "Stop" not in labels(app))
    assert "Stopped before the result was complete" in app.info[0].value
    table = app.dataframe[0].value
    assert table["Fold 1"].iloc[0] != "" and "★" not in "".join(table["Mean"])
    assert "Train the winner on the whole training period" not in labels(app)


def test_runs_of_another_loss_are_not_ranked_with_these(visit):
    squared = train(visit("train"), epochs=1, seeds=1, units=4, window=7, loss="mse").selectbox(key="run").value
    app = visit(PAGE, **FOLDS)
    assert "ReLU layers 1×4, 7 days" in app.multiselect(key="models").options
    app.multiselect(key="models").set_value([LINES[0], squared]).run()
    assert "same split, loss" in app.warning[0].value
    assert not app.exception


@pytest.mark.parametrize("language", ["English", "中文"])
def test_one_model_or_too_many_folds_is_one_sentence(own, language):
    app = own(200, lang=language, part="Folds" if language == "English" else "折")
    app.multiselect(key="models").set_value(LINES[:1]).run()
    assert len(app.warning) == 1 and not app.exception
    app.multiselect(key="models").set_value(LINES).run()
    app.number_input(key="folds").set_value(20)
    app.selectbox(key="fold_kind").select("rolling").run()
    (sentence,) = [warning.value for warning in app.warning]
    assert "20" in sentence and ("too few" in sentence) == (language == "English")
    assert not app.exception


def test_models_that_lose_to_last_week_are_not_praised(visitor):
    rng = np.random.default_rng(0)
    views = 1000 * np.exp(rng.normal(0, 1, 7)[np.arange(700) % 7]) + rng.normal(0, 1, 700)
    lines = [
        f"{day.date()},{count:.0f}" for day, count in zip(pd.date_range("2020-01-01", periods=700), views, strict=True)
    ]
    app = visitor.go("data")
    app.file_uploader[0].upload("week.csv", "\n".join(["Date,Views", *lines]).encode()).run()
    short = train(visitor.go("train"), epochs=1, seeds=2, units=4, window=7).selectbox(key="run").value
    other = train(visitor.go("train"), epochs=2).selectbox(key="run").value
    app = cross_validate(visitor.go(PAGE, **FOLDS), short, other)
    assert "None of these models" in app.warning[0].value


def test_lectures_example_is_named_as_the_lectures(visit):
    app = visit(PAGE, **FOLDS)
    table = app.dataframe[-1].value
    assert table["Mean"].tolist() == ["0.3 ★", "0.5", "0.4"]
    assert "from the lecture" in "".join(caption.value for caption in app.caption)


def test_useless_models_are_played_at_once(visit):
    app = visit(PAGE)
    assert "The best of 10,000 useless models" in app.info[0].value
    assert "18 of the held-out days, drawn at random, are public" in "".join(caption.value for caption in app.caption)
    app.select_slider(key="public").set_value(50).run()
    assert "182 of the held-out days" in "".join(caption.value for caption in app.caption)
    assert not app.exception


def test_a_great_many_are_left_to_a_worker(visit):
    app = visit(PAGE)
    app.select_slider(key="dared").set_value(30_000).run()
    wait_for(app, lambda: "Stop" not in labels(app) and bool(app.info))
    assert "The best of 30,000 useless models" in app.info[0].value
    assert not app.exception


def test_trained_models_are_chosen_the_same_way(visit):
    app = visit(PAGE)
    assert "two seeds or more" in "".join(caption.value for caption in app.caption)
    train(visit("train"), epochs=2, seeds=3, units=4, window=7)
    app = visit(PAGE)
    assert "Of 3 seeds of 1 trained runs" in app.info[1].value


def test_diverged_seeds_are_left_out_of_the_choice_and_counted(visit):
    train(visit("train"), epochs=1, seeds=2, units=4, window=7)
    diverging = {"family": "linear", "loss": "mse", "optimizer": "sgd", "batch_size": 0, "learning_rate": 1.0}
    train(visit("train"), epochs=12, seeds=3, window=7, **diverging)
    app = visit(PAGE)
    assert "Of 2 seeds of 1 trained runs" in app.info[1].value
    assert "Left out: 3 seeds that diverged" in "".join(caption.value for caption in app.caption)


def test_folds_say_how_many_days_they_leave(own):
    app = own(**FOLDS)
    assert "Training days of each fold: 280, 224, 280." in "".join(caption.value for caption in app.caption)


def test_a_game_on_few_days_is_called_luck(own):
    assert "Only 20 held-out days" in own(100).warning[0].value
    assert not own(700).warning


def test_impossible_links_fall_back_with_a_note(visitor):
    app = visitor.go(PAGE, dared="7", public="99 %")
    notes = "".join(toast.value for toast in app.toast)
    assert "dared = 7" in notes and "99" in notes
    app = type(visitor)().go(PAGE, **FOLDS, folds="99", fold_kind="Magic")
    notes = "".join(toast.value for toast in app.toast)
    assert "folds = 99" in notes and "Magic" in notes
    assert app.number_input(key="folds").value == 3


def said(app: AppTest, kind: str) -> str:
    return " ".join(element.value for element in app.main.get(kind))


def test_formula_and_verdict_follow_the_number_of_models(visit):
    app = visit(PAGE, dared="1")
    assert "Cannot tell" in said(app, "info")
    app.select_slider(key="dared").set_value(10_000).run()
    assert "= \\text{980}" in app.latex[0].value and "= \\text{1.45k}" in app.latex[0].value
    assert "collapses on private days" in said(app, "success")


def test_borders_in_the_link_move_the_folds(own):
    app = own(**FOLDS, borders="2020-04-01,2021-03-01")
    usual = "Training days of each fold: 280, 224, 280."
    assert usual not in said(app, "caption")
    app.selectbox(key="fold_kind").select("rolling").run()  # has three borders, not two
    assert not app.exception


@pytest.mark.parametrize("borders", ["2020-04-01", "tomorrow,2021-03-01", "2021-03-01,2020-04-01", ",", "1,2"])
def test_borders_that_are_none_are_the_usual_ones(own, borders):
    app = own(**FOLDS, borders=borders)
    assert "Training days of each fold: 280, 224, 280." in said(app, "caption")


def test_a_border_too_near_to_the_end_can_be_dragged_back(own):
    app = own(**FOLDS, borders="2019-12-31,2020-01-20")
    assert app.warning and not app.exception
    assert "Drag the lines" in said(app, "caption")


def test_random_folds_flatter_is_a_claim_with_its_answer(own):
    app = cross_validate(own(**FOLDS))
    press(app, "Use the other folds too: Random")
    wait_for(app, lambda: len(app.dataframe) == 3)
    answers = " ".join(said(app, kind) for kind in ("success", "info", "warning"))
    assert "Random folds flatter" in answers and "random folds make the error smaller by" in answers


def test_the_blocked_preset_opens_the_folds(visit):
    app = visit(PAGE, dared="10")
    app.button(key="preset-2").click().run()
    assert "Drag the lines" in said(app, "caption")
    assert app.selectbox(key="fold_kind").value == "blocked"


def test_a_parts_earlier_name_opens_it_and_another_can_be_opened_then(visit, monkeypatch):
    monkeypatch.setitem(EARLIER_PARTS, "Blocks", "Folds")  # the part that is not open at first
    app = visit(PAGE, part="Blocks")
    assert not app.toast
    assert app.selectbox(key="fold_kind").value == "blocked"
    app.segmented_control(key="part").set_value("score").run()
    assert app.select_slider(key="dared")


@pytest.mark.parametrize("earlier", EARLIER_PARTS)
def test_no_earlier_name_of_a_part_is_noted_as_impossible(visit, earlier):
    assert not visit(PAGE, part=earlier).toast


@pytest.mark.parametrize("days", [3, 12, 28, 60])
@pytest.mark.parametrize("part", ["Public and private leaderboards", "Folds"])
def test_no_part_stumbles_over_a_short_channel(own, days, part):
    app = own(days, part=part)
    assert not app.exception
    assert app.main.get("warning") or app.main.get("info")
