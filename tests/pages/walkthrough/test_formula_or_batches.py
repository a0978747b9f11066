"""Chapter 4: what the state says is what the page says."""

import pytest

from tests.pages.test_pages import csv


def said(app, kind: str) -> str:
    return " ".join(element.value for element in app.main.get(kind)).replace("\\", "")


def test_noise_of_a_batch_stands_in_the_formula(visit):
    app = visit("walkthrough/formula_or_batches", batch="1")
    assert "= 1.00" in app.latex[0].value
    app.slider(key="batch").set_value(20).run()
    assert "= 0.00" in app.latex[0].value


def test_d2l_preset_ends_on_the_formulas_answer(visit):
    app = visit("walkthrough/formula_or_batches")
    app.button(key="preset-1").click().run()
    assert "(2.00,\\ -3.40)" in app.latex[0].value
    assert "Both arrive. Batches end at 1.00 times" in said(app, "success")
    assert "2.00, −3.40 | 2.00, −3.40" in said(app, "markdown")


def test_all_at_once_is_no_nearer_than_itself(visit):
    app = visit("walkthrough/formula_or_batches", batch="20")
    assert "Small batches are nearer" in said(app, "warning")


@pytest.mark.parametrize("start", ["nowhere", "1,2,3", "nan,0"])
def test_a_start_that_is_none_is_the_usual_one(visit, start):
    usual = said(visit("walkthrough/formula_or_batches"), "success")
    assert said(visit("walkthrough/formula_or_batches", start_days=start), "success") == usual


def test_train_is_one_link_away_with_batch_and_rate(visit):
    app = visit("walkthrough/formula_or_batches", batch="4", rate="0.1")
    (link,) = [link for link in app.main.get("page_link") if link.proto.label == "Open in Train"]
    assert "batch_size=4" in link.proto.query_string
    assert "learning_rate=0.1" in link.proto.query_string


def test_d2l_needs_no_channel(visitor):
    app = visitor.go("data")
    app.file_uploader[0].upload("short.csv", csv(70)).run()
    app = visitor.go("walkthrough/formula_or_batches")
    assert len(app.main.warning) == 1
    app.selectbox(key="data").select("d2l").run()
    assert not app.main.warning
    assert "Noise follows the formula" in said(app, "success")
