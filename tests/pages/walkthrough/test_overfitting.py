"""Chapter 7: each problem says what its state is."""

import pytest


def said(app, kind: str) -> str:
    return " ".join(element.value for element in app.main.get(kind))


def test_three_points_and_a_high_degree_then_remedies_beside_the_lecture(visit):
    app = visit("walkthrough/overfitting", points="3")
    assert "| Early stopping | helps |" in said(app, "markdown")
    assert "The lowest held-out loss lies inside" in said(app, "success")
    assert "x^{3}" in app.latex[0].value
    app.slider(key="degree").set_value(2).run()
    assert "x^{3}" not in app.latex[0].value
    assert "cdots" not in app.latex[0].value


def test_d2ls_decay_stands_beside_its_figures(visit):
    app = visit("walkthrough/overfitting", toy="d2l's weight decay")
    assert "| Held-out loss, λ 0 | 71 |" in said(app, "markdown")
    assert "Weight decay helps" in said(app, "success")
    app.select_slider(key="strength").set_value(3.0).run()
    assert r"\tfrac{3}{2}" in app.latex[0].value


@pytest.mark.parametrize(("window", "kind"), [("28", "success"), ("7", "warning")])
def test_the_channels_table_is_judged_at_the_window_that_is_shown(visit, window, kind):
    app = visit("walkthrough/overfitting", toy="This channel", window=window)
    assert f"From {window} days, held-out MAE" in said(app, kind)
    assert "Trained to 2021-12-31, held out 2022-01-01 to 2022-12-31." in said(app, "caption")
    assert "Try remedies on 100 ReLU" in str([button.label for button in app.main.button])


def test_words_stay_few_on_the_channel_too(visit):
    from tests.pages.walkthrough.test_chapters import MOST_CONTROLS, MOST_WORDS, controls, words_on

    app = visit("walkthrough/overfitting", toy="This channel")
    assert len(words_on(app)) <= MOST_WORDS
    assert len(controls(app)) <= MOST_CONTROLS
