"""The lecture's table, a part of chapter 5: trained in one click, stopped in one click."""

from tests.pages.test_pages import wait_for


def test_lecture_table_is_trained_in_one_click(visit):
    app = visit("walkthrough/deeper", part="Lecture's table")
    app.number_input(key="table_epochs").set_value(1)
    app.number_input(key="table_seeds").set_value(2).run()
    next(button for button in app.button if button.label == "Train all models").click().run()
    wait_for(app, lambda: bool(app.info))
    table = app.dataframe[0].value
    assert table["Held-out, MAE"].str.contains("±").all()
    assert (table["Train, MAE"].str.contains("★").sum(), table["Held-out, MAE"].str.contains("★").sum()) == (1, 1)
    assert table["Lecture, 2017–2020"].tolist()[:4] == [480, 380, 330, 320]
    points = app.info[0].value.splitlines()
    assert [point.split(":")[0] for point in points] == [
        "- Lowest train loss",
        "- Lowest held-out loss",
        "- More layers",
    ]
    assert app.selectbox(key="table_split").value == "lecture"
    assert not app.exception


def test_lecture_table_is_stopped_in_one_click(visit):
    app = visit("walkthrough/deeper", part="Lecture's table")
    app.number_input(key="table_epochs").set_value(9000).run()
    next(button for button in app.button if button.label == "Train all models").click().run()
    wait_for(app, lambda: any(button.label == "Stop" for button in app.button))
    next(button for button in app.button if button.label == "Stop").click().run()
    wait_for(app, lambda: not any(button.label == "Stop" for button in app.button))
    table = app.dataframe[0].value
    assert "Stopped" in set(table["State"])
    assert "★" not in "".join(table["Train, MAE"] + table["Held-out, MAE"])  # none was trained to the end
    assert not app.info
    assert not app.exception
