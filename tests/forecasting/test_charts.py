"""Charts say what they show: units, roles, both periods, and never more points than a screen can draw."""

import numpy as np
import pandas as pd
import pytest

from forecasting import charts
from forecasting.runs import NOTHING_YET, History
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


def test_chart_speaks_the_language_it_is_given():
    translate = {"Loss ({loss}, views)": "损失({loss})", "Train": "训练", "Held-out": "留出"}
    said = words(charts.loss_spec(50, {}, "MAE", say=lambda text: translate.get(text, text)))
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
    mended = {pd.Timestamp("2019-05-05"): "1 day was odd."}
    chart = charts.views_over_time(views, default_split(views), mended=mended)
    data = chart.to_dict()["datasets"].values()
    assert any(row.get("mend") == "1 day was odd." for rows in data for row in rows)
    assert any(row.get("end", "").startswith("2020-03-21") for rows in data for row in rows)


def test_compared_runs_share_axes_and_a_hover():
    runs = ["a [1]", "b.2"]
    curves = pd.concat(
        [charts.loss_frame(history(epochs)).assign(run=run) for run, epochs in zip(runs, (5, 40), strict=True)]
    )
    spec = charts.compared_curves(curves, runs, "MAE", references={"Yesterday": 300.0}).to_dict()
    assert {"a [1]", "b.2", "Yesterday 300"} <= set(words(spec))
    assert "resolve" not in spec
    bars = charts.final_losses(curves.groupby("run")[["train", "held_out"]].last().reset_index(), "MAE").to_dict()
    assert len(next(iter(bars["datasets"].values()))) == 4
