"""Charts say what they show: units, roles, both periods, and never more points than a screen can draw."""

import numpy as np
import pandas as pd
import pytest

from forecasting import charts
from forecasting.charts.marks import ROLES, RUN_COLOURS, colour_by, day_axis, level_lines
from forecasting.charts.model_selection import stretches
from forecasting.diagnosis.branches import BRANCH_NAMES
from forecasting.evaluation.folds import make_folds
from forecasting.records import NOTHING_YET, History
from forecasting.sample import sample_channel
from forecasting.split import default_split


def history(epochs: int, seeds: int = 3) -> History:
    loss = np.linspace(900, 100, epochs)[:, None] * np.ones(seeds) + np.arange(seeds)
    nothing = np.empty((epochs, 0))
    return History(np.arange(1, epochs + 1), loss, loss * 2, loss, nothing, np.ones(epochs), np.arange(epochs) / 10)


def words(spec: object) -> list[str]:
    """Every string in a chart."""
    if isinstance(spec, dict):
        return [word for value in spec.values() for word in words(value)]
    if isinstance(spec, list):
        return [word for value in spec for word in words(value)]
    return [spec] if isinstance(spec, str) else []


@pytest.mark.parametrize("epochs", [0, 1, 2, 299, 300, 301, 5000])
def test_thinned_curves_keep_their_ends(epochs: int):
    kept = charts.thin(epochs)
    assert len(kept) == min(epochs, charts.POINTS)
    if epochs:
        assert (kept[0], kept[-1]) == (0, epochs - 1)


def test_loss_frame_has_mean_and_range_over_seeds():
    frame = charts.loss_frame(history(10))
    assert frame["train"].tolist() == pytest.approx((history(10).train_loss.mean(axis=1)).tolist(), rel=1e-6)
    assert (frame["held_out_low"] <= frame["held_out"]).all()
    assert frame["train_high"].iloc[0] == pytest.approx(902)
    assert charts.loss_frame(NOTHING_YET).columns.equals(frame.columns)


def test_loss_chart_names_units_baselines_and_floor():
    spec = charts.loss_spec(50, {"Yesterday": 682.0, "Same day last week": 673.0}, "MAE", floor=214.0)
    said = words(spec)
    assert {"Loss (MAE, views)", "Epoch", "Yesterday 682", "Same day last week 673"} <= set(said)
    assert {"Smallest possible, held-out 214", "Train", "Held-out"} <= set(said)


def names_of_lines(spec: dict) -> list[tuple[str, str, str, float]]:
    """Name, end, side of its line and height of every level line's name, the rim below it left out."""
    marks = [(layer["mark"], layer["data"]["values"][0]) for layer in layers_of(spec, "text") if "data" in layer]
    return [(m["text"], m["align"], m["baseline"], at["value"]) for m, at in marks if "stroke" not in m and "text" in m]


@pytest.mark.parametrize("all_left", [False, True])
@pytest.mark.parametrize("values", [(682, 673, 671, 670), (682, 673, 214), (900, 100), (500,)])
def test_names_of_lines_that_lie_on_each_other_never_meet(values, all_left):
    """At one end only a name above a line and, of a lower line, one below it; or a line far below the others."""
    lines = {f"line {place}": value for place, value in enumerate(values[:3])}
    floor = values[3] if len(values) > 3 else None
    layers = level_lines(lines, floor, 50, colour=colour_by(str, ()), translate=str, all_left=all_left)
    names = names_of_lines({"layer": [layer.to_dict() for layer in layers]})
    assert len(names) == len(values)
    for place, (_text, end, side, value) in enumerate(names):
        for _other, other_end, other_side, lower in names[place + 1 :]:
            apart = end != other_end or (side, other_side) == ("bottom", "top") or lower < 0.55 * value
            assert apart


def test_names_have_a_rim_in_the_colour_of_the_page_below_them():
    spec = charts.loss_spec(50, {"Yesterday": 682.0})
    rim, name = layers_of(spec, "text")
    assert (rim["mark"]["stroke"], rim["mark"]["text"]) == ({"expr": "background"}, name["mark"]["text"])
    assert "stroke" not in name["mark"]


@pytest.mark.parametrize(("days", "by_day"), [(35, True), (149, True), (152, False), (365, False)])
def test_short_times_have_days_with_their_year_on_the_axis(days, by_day):
    axis = day_axis(str, pd.date_range("2022-01-01", periods=days)).to_dict()["axis"]
    assert ("%m-%d" in axis.get("labelExpr", "")) == ("%Y" in axis.get("labelExpr", "")) == by_day
    assert axis.get("format") == (None if by_day else "%Y-%m") and axis["tickCount"] == 8


def test_unknown_days_are_a_hole_in_real_and_predicted():
    views = sample_channel().views["2022"].copy()
    views["2022-03-10":"2022-03-14"] = np.nan
    known = views.dropna()
    predictions = pd.DataFrame({0: known + 5, 1: known - 5})
    data = next(iter(charts.real_and_predicted(views, predictions).to_dict()["datasets"].values()))
    assert [row["day"][:10] for row in data] == [str(day.date()) for day in pd.date_range("2022-01-01", "2022-12-31")]
    holes = [row["day"][8:10] for row in data if row["real"] is None]
    assert holes == [row["day"][8:10] for row in data if row["predicted"] is None] == ["10", "11", "12", "13", "14"]


def test_bars_have_their_lines_named_in_the_unit_of_the_loss():
    frame = pd.DataFrame({"run": ["a", "b"], "train": [100.0, 300.0], "held_out": [400.0, 350.0]})
    spec = charts.final_losses(frame, "RMSE", str, levels={"Yesterday": 380.0}, floor=50.0).to_dict()
    assert {"Yesterday 380", "Smallest possible, held-out 50"} <= set(words(spec))
    assert "Views a day" not in words(spec)
    assert layers_of(spec, "bar")[0]["encoding"]["y"]["scale"]["domain"] == ["", "a", "b"]


def test_chart_speaks_the_language_it_is_given():
    translate = {"Loss ({loss}, views)": "损失({loss})", "Train": "训练", "Held-out": "留出"}
    said = words(charts.loss_spec(50, {}, "MAE", translate=lambda text: translate.get(text, text)))
    assert {"损失(MAE)", "训练", "留出"} <= set(said)
    assert "Train" not in said


def test_weekday_means_fall_on_their_weekday():
    views = sample_channel().views
    frame = charts.weekday_means(views, default_split(views)).data
    means = frame[frame["period"] == "Held-out"].set_index("weekday")["views"]
    year = views["2022"]
    assert means["Mon"] == pytest.approx(np.mean([count for day, count in year.items() if day.strftime("%a") == "Mon"]))
    assert {means.idxmin(), means.drop(means.idxmin()).idxmin()} == {"Fri", "Sat"}


def test_views_chart_marks_mended_and_unknown_days():
    views = sample_channel().views.copy()
    views["2020-03-01":"2020-03-20"] = np.nan
    corrected = {pd.Timestamp("2019-05-05"): "1 day was odd."}
    chart = charts.views_over_time(views, default_split(views), corrected=corrected)
    data = chart.to_dict()["datasets"].values()
    assert any(row.get("correction") == "1 day was odd." for rows in data for row in rows)
    assert any(row.get("end", "").startswith("2020-03-21") for rows in data for row in rows)


def compared(runs: dict[str, int], solved: tuple[str, ...] = (), over: float = 1) -> pd.DataFrame:
    """Curves of runs by name -> epochs, thirty updates an epoch."""
    curves = [
        charts.full_curve(history(epochs), 30, over).assign(run=run, solved=run in solved)
        for run, epochs in runs.items()
    ]
    return pd.concat(curves, ignore_index=True)


def layers_of(spec: dict, mark: str) -> list[dict]:
    return [layer for layer in spec["layer"] if layer["mark"]["type"] == mark]


def test_compared_runs_share_axes_and_a_hover():
    runs = ["a [1]", "b.2"]
    curves = compared(dict(zip(runs, (5, 40), strict=True)))
    spec = charts.compared_curves(curves, runs, "MAE", levels={"Yesterday": 300.0}).to_dict()
    assert {"a [1]", "b.2", "Yesterday 300"} <= set(words(spec))
    assert "resolve" not in spec
    last = curves.groupby("run")[["train", "held_out"]].last().reset_index()
    bars = charts.final_losses(last, "MAE").to_dict()
    assert len(next(iter(bars["datasets"].values()))) == 4


def test_what_is_solved_at_once_is_a_level_line():
    curves = compared({"solved": 1, "trees": 6, "trained": 20}, solved=("solved", "trees"))
    for along, end in (("epoch", 20), ("update", 600), ("seconds", curves["seconds"].max())):
        spec = charts.compared_curves(
            curves, list(curves["run"].unique()), "MAE", view=charts.CurveView(along)
        ).to_dict()
        drawn = pd.DataFrame(max(spec["datasets"].values(), key=lambda rows: "held_out" in rows[0]))
        line = drawn[drawn["run"] == "solved"]
        assert line["epoch"].max() == pytest.approx(end)
        assert line["held_out"].nunique() == 1
        assert (drawn["run"] == "trees").sum() == (6 if along != "seconds" else 2)


def test_averaged_curves_leave_the_raw_ones_in_sight():
    curves = compared({"a": 20}, over=5)
    plain, averaged = (
        charts.compared_curves(curves, ["a"], "MAE", view=charts.CurveView(averaged=some)).to_dict()
        for some in (False, True)
    )
    shown = [{line["encoding"]["y"]["field"] for line in layers_of(spec, "line")} for spec in (plain, averaged)]
    assert shown == [{"train", "held_out"}, {"train", "held_out", "train_smooth", "held_out_smooth"}]


def rows_of(spec: dict, layer: dict) -> pd.DataFrame:
    """The data of a layer."""
    return pd.DataFrame(spec["datasets"][layer.get("data", spec.get("data"))["name"]])


def test_curves_that_lie_on_each_other_are_told_apart_by_markers_at_other_places():
    runs = ["a", "b", "c", "d"]
    spec = charts.compared_curves(compared(dict.fromkeys(runs, 100)), runs, "MAE").to_dict()
    (layer,) = layers_of(spec, "point")
    shape, marks = layer["encoding"]["shape"]["scale"], rows_of(spec, layer)
    assert len({shape["range"][shape["domain"].index(run)] for run in runs}) == 4
    assert shape["domain"] == layer["encoding"]["color"]["scale"]["domain"]  # so that both have one legend
    assert not marks["epoch"].duplicated().any()
    assert (marks.groupby("run").size() == 5).all()


def test_a_part_of_the_curves_fills_the_chart():
    curves = compared({"solved": 1, "a": 100, "short": 20}, solved=("solved",))
    view = charts.CurveView(period="held_out", last=0.1)
    lowest = curves.loc[curves["run"] == "a", "held_out"].iloc[-1]
    spec = charts.compared_curves(
        curves, ["solved", "a", "short"], "MAE", view=view, levels={"far": 9000.0, "near": lowest}, floor=1.0
    ).to_dict()
    (line,) = layers_of(spec, "line")
    drawn = rows_of(spec, line)
    assert drawn["epoch"].between(90, 100).all() and set(drawn["run"]) == {"a", "solved"}
    assert [text for text, *_place in names_of_lines(spec)] == [f"near {lowest:,.0f}"]


def test_gradients_stand_below_the_losses_on_the_same_axis():
    curves = compared({"solved": 1, "a": 100}, solved=("solved",))
    view = charts.CurveView("update", last=0.5)
    losses, gradients = (
        spec.to_dict()
        for spec in (
            charts.compared_curves(curves, ["solved", "a"], "MAE", view=view),
            charts.gradient_norms(curves, ["solved", "a"], view=view),
        )
    )
    (line,) = layers_of(gradients, "line")
    assert line["encoding"]["x"] == layers_of(losses, "line")[0]["encoding"]["x"]
    for name in ("minExtent", "maxExtent"):
        assert line["encoding"]["y"]["axis"][name] == layers_of(losses, "line")[0]["encoding"]["y"]["axis"][name]
    assert set(rows_of(gradients, line)["run"]) == {"a"}  # what is solved at once follows no gradient


def test_hover_of_compared_runs_shows_the_row_before_the_pointer():
    curves = compared({"short": 3, "long": 900})
    spec = charts.compared_curves(curves, ["short", "long"], "MAE", view=charts.CurveView("update")).to_dict()
    wide = next(pd.DataFrame(rows) for rows in spec["datasets"].values() if "r0" in rows[0])
    assert len(wide) <= 2 * charts.POINTS
    for _place, found in wide.iterrows():
        for column, run in (("r0", "short"), ("r1", "long")):
            before = curves[(curves["run"] == run) & (curves["update"] <= found["epoch"])]
            ended = found["epoch"] > curves.loc[curves["run"] == run, "update"].max()
            expected = np.nan if ended else before["held_out"].iloc[-1]
            assert found[column] == pytest.approx(expected, nan_ok=True)


def test_gap_chart_has_equal_axes_a_diagonal_and_room_for_all():
    frame = pd.DataFrame({"run": ["a", "b"], "train": [100.0, 300.0], "held_out": [400.0, 350.0], "gap": [300.0, 50.0]})
    frame = frame.assign(train_low=[90.0, np.nan], train_high=[120.0, np.nan])
    frame = frame.assign(held_out_low=[380.0, np.nan], held_out_high=[430.0, np.nan])
    for log in (False, True):
        lines = {"Yesterday": 700.0}
        spec = charts.generalization_gap(
            frame, list(frame["run"]), "MAE", log=log, translate=str, levels=lines, floor=50.0
        ).to_dict()
        dots = layers_of(spec, "point")[0]["encoding"]
        assert dots["x"]["scale"] == dots["y"]["scale"]
        low, high = dots["x"]["scale"]["domain"]
        assert low < 50
        assert high > 700
        diagonal = layers_of(spec, "line")[0]["data"]["values"]
        assert [(at["train"], at["held_out"]) for at in diagonal] == [(low, low), (high, high)]
        assert {"No gap", "Yesterday 700"} <= set(words(spec))


def test_crosses_that_may_be_missing_are_not_read_out():
    """A run of one seed has none, and axe calls the empty group a picture without a name."""
    frame = pd.DataFrame({"run": ["a"], "train": [44.0], "held_out": [43.0], "gap": [-1.0]})
    frame = frame.assign(train_low=np.nan, train_high=np.nan, held_out_low=np.nan, held_out_high=np.nan)
    spec = charts.generalization_gap(frame, ["a"], "MAE", translate=str).to_dict()
    crosses = [layer for layer in layers_of(spec, "rule") if {"x2", "y2"} & set(layer["encoding"])]
    assert [cross["mark"]["aria"] for cross in crosses] == [False, False]


def test_name_of_the_diagonal_stands_clear_of_the_baselines():
    frame = pd.DataFrame({"run": ["a"], "train": [44.0], "held_out": [43.0], "gap": [-1.0]})
    frame = frame.assign(train_low=np.nan, train_high=np.nan, held_out_low=np.nan, held_out_high=np.nan)
    levels = {"Yesterday": 57.0, "Same day last week": 68.0, "Mean of the last 28 days": 56.0}
    for log, onto in ((False, float), (True, np.log)):
        spec = charts.generalization_gap(frame, ["a"], "MAE", log=log, translate=str, levels=levels).to_dict()
        low, high = layers_of(spec, "point")[0]["encoding"]["y"]["scale"]["domain"]
        named = [layer for layer in layers_of(spec, "text") if layer["mark"].get("text") == "No gap"]
        height = onto(high) - onto(low)
        middle = onto(named[0]["data"]["values"][0]["held_out"]) - 0.06 * height  # the text hangs below its place
        assert all(abs(middle - onto(level)) > 0.1 * height for level in levels.values())


def test_runs_never_take_the_colour_of_a_role():
    runs = [f"run {place}" for place in range(30)]
    domain = colour_by(str, runs, runs).to_dict()["scale"]["domain"]
    palette = len(ROLES) + RUN_COLOURS
    assert len(set(domain)) == len(domain)
    assert all(domain.index(run) % palette >= len(ROLES) for run in runs)
    assert domain.index("run 8") % palette == domain.index("run 0") % palette


def test_stretches_equal_a_slow_loop():
    days = pd.date_range("2020-01-01", periods=90).delete([0, 5, 6, 30, *range(50, 62), 80])
    for hole in (1, 2, 7):
        found, begin = [], days[0]
        for day, following in zip(days, [*days[1:], None], strict=True):
            if following is None or (following - day).days > hole:
                found.append((begin, day + pd.Timedelta(days=1)))
                begin = following
        assert stretches(days, hole) == found


@pytest.mark.parametrize("kind", ["blocked", "random"])
def test_folds_are_drawn_in_their_roles(kind):
    views = sample_channel().views
    split = default_split(views)
    folds = make_folds(views["2017":"2021"].index, kind, 3, gap=56)
    spec = charts.fold_rows(folds, split.held_out).to_dict()
    rows = pd.DataFrame([row for rows in spec["datasets"].values() for row in rows])
    assert set(rows["fold"]) == {"Fold 1", "Fold 2", "Fold 3"}
    lengths = (pd.to_datetime(rows["end"]) - pd.to_datetime(rows["day"])).dt.days
    judged = lengths[rows["role"] == "Validation"].groupby(rows["fold"]).sum()
    assert judged.tolist() == [len(fold.validation) for fold in folds]
    assert lengths[rows["role"] == "Held-out"].tolist() == [365] * 3
    if kind == "random":  # the train days are a row behind the others, but for holes of a week
        assert (rows["role"] == "Train").sum() < 10


def test_losses_on_folds_have_a_line_a_model_and_their_unit():
    frame = pd.DataFrame(
        [("one", "1", 5.0, 6.0, 9.0), ("one", "2", 7.0, 6.0, 9.0), ("week", "1", 8.0, 8.0, np.nan)],
        columns=["model", "fold", "validation", "mean", "held_out"],
    )
    said = words(charts.fold_losses(frame, "RMSE").to_dict())
    assert {"Loss (RMSE, views)", "Validation", "Held-out", "Mean over folds"} <= set(said)


CHANCES = {"bias": 0.1, "optimization": 0.2, "overfitting": 0.4, "mismatch": 0.05, "fine": 0.25}
WAYS = {  # the words on the way from the root to each leaf, by hand
    "bias": ["Train loss", "large"],
    "optimization": ["Train loss", "large"],
    "overfitting": ["Train loss", "small", "Held-out loss", "large"],
    "mismatch": ["Train loss", "small", "Held-out loss", "large"],
    "fine": ["Train loss", "small", "Held-out loss", "small"],
    "cannot tell": [],
}


@pytest.mark.parametrize("branch", WAYS)
def test_tree_marks_the_way_to_the_branch(branch):
    layers = charts.decision_tree(branch, CHANCES).to_dict()["layer"]
    marks = [value for layer in layers for value in layer["data"]["values"]]
    strong = [mark for mark in marks if mark["role"] == "Real views"]
    asked = [mark["text"] for mark in strong if "text" in mark and "end" not in mark]
    assert sorted(asked) == sorted(WAYS[branch])
    leaves = {mark["text"] for mark in strong if "end" in mark}
    assert leaves == ({f"{BRANCH_NAMES[branch]} {round(100 * CHANCES[branch])} %"} if branch in CHANCES else set())
    lines = [mark for mark in strong if "x2" in mark]
    ends = {(line["x2"], line["y2"]) for line in lines} | {(0, 2)}
    assert all((line["x"], line["y"]) in ends for line in lines)  # each begins where another one ends: it is one way
    assert (max((line["x2"] for line in lines), default=None) == 58) == (branch in CHANCES)


def test_bars_of_the_tree_are_as_long_as_the_chances():
    bars = charts.decision_tree("fine", CHANCES).to_dict()["layer"][3]["data"]["values"]
    lengths = np.array([bar["end"] - bar["x"] for bar in bars])
    assert lengths / lengths.sum() == pytest.approx(list(CHANCES.values()))
    assert [bar["y"] for bar in bars] == list(range(5))


def test_a_tree_has_no_bar_for_next_to_no_chance_and_no_numbers_where_none_are_known():
    probabilities = {"bias": 0.004, "optimization": 0.99, "overfitting": 0.006, "mismatch": 0.0, "fine": 0.0}
    layers = charts.decision_tree("optimization", probabilities).to_dict()["layer"]
    assert [bar["y"] for bar in layers[3]["data"]["values"]] == [1]
    layers = charts.decision_tree("cannot tell", {}).to_dict()["layer"]
    assert not layers[3]["data"]["values"]
    said = [value["text"] for layer in layers for value in layer["data"]["values"] if "text" in value]
    assert set(BRANCH_NAMES.values()) - {"Cannot tell"} <= set(said) and not any("%" in text for text in said)
