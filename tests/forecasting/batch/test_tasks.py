"""What a task says of a channel is what the command, or the function behind it, says of that channel alone."""

import json

import numpy as np
import pandas as pd
import pytest

from forecasting import batch
from forecasting.__main__ import main
from forecasting.lectures.card import judge_group, row_of
from forecasting.lectures.learn import learn
from forecasting.lectures.model_table import ROWS, table_settings
from forecasting.messages import BadInput
from forecasting.models.ensemble import search as searching
from forecasting.reading import read_views
from forecasting.split import default_split
from tests.forecasting.batch.conftest import table
from tests.support.holiday_channel import DAYS, with_holidays


@pytest.fixture
def files(tmp_path):
    """Two channels, the second of them too short for anything."""
    for name, days in (("long.csv", 200), ("short.csv", 6)):
        (tmp_path / name).write_bytes(table(days=days))
    return tmp_path


def printed(capsys, *arguments: object) -> list[dict]:
    """What a command prints as JSON."""
    assert main([*map(str, arguments), "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_backtest_is_that_of_the_command(files, threads, capsys):
    methods = ["last-week", "yesterday", "last-year"]
    frame = batch.run(batch.read(files), task="backtest", method=methods, horizon=8, origins=5, executor=threads)
    command = ["backtest", files / "long.csv", "--horizon", 8, "--origins", 5, "--methods", *methods]
    rows = frame[frame["channel"] == "long"]
    for ours, theirs in zip(rows.to_dict("records"), printed(capsys, *command), strict=True):
        assert ours["method"] == theirs["method"]
        assert (ours["reason"] if theirs["reason"] else "") == theirs["reason"]
        for name in ("horizon", "mae", "skill", "mase", "rmsse", "coverage", "width"):
            np.testing.assert_allclose(ours[name], theirs[name] if theirs[name] is not None else np.nan, rtol=1e-3)
    (short,) = frame.loc[frame["channel"] == "short", "reason"]
    assert "shorter than 8 days" in short


def test_forecasts_know_the_holidays_of_the_country_that_is_named(tmp_path, threads, monkeypatch):
    """Three hundred days are too few for one to be found."""
    monkeypatch.setattr(searching, "planned", lambda series, horizon: ["last-week", "ets"])
    (tmp_path / "shop.csv").write_text(with_holidays(DAYS[-300:]).to_csv(index_label="date", header=["views"]))
    found, named = (
        batch.run(batch.read([tmp_path]), executor=threads, **how).set_index("date")["forecast"]
        for how in ({}, {"country": "CZ"})
    )
    christmas, usual = pd.Timestamp("2023-12-25"), pd.Timestamp("2023-12-18")
    assert named[christmas] / named[usual] < 0.7 < 0.9 < found[christmas] / found[usual]
    with pytest.raises(BadInput, match="No holidays are known"):
        batch.Batch(country="XX")


def test_report_is_that_of_the_card(files, threads):
    frame = batch.run(batch.read(files), task="report", groups=("data",), executor=threads)
    rows = frame.loc[frame["channel"] == "long"]
    series = read_views(table(days=200), "long.csv").series
    card = [row_of("data", claim) for claim in judge_group(series, default_split(series.views), "data")]
    for name in ("claim", "answer", "found", "chapter"):
        assert rows[name].tolist() == [getattr(row, name) for row in card]
    np.testing.assert_allclose(rows["effect"], [row.effect for row in card], rtol=1e-6)
    assert set(frame.loc[frame["channel"] == "short", "answer"]) == {"Cannot tell"}


def test_the_lectures_table_is_that_of_each_model_alone(files, threads):
    models = {ROWS[place].name: place for place in (1, 5)}
    how = {"models": tuple(models), "epochs": 2, "seeds": 2}
    frame = batch.run(batch.read(files), task="table", executor=threads, **how)
    rows = frame[frame["channel"] == "long"].set_index("model")
    assert list(rows.index) == list(models)
    series = read_views(table(days=200), "long.csv").series
    runs = table_settings(default_split(series.views), epochs=2, seeds=2)
    for name, place in models.items():
        *_, (last, _curve) = learn(series, runs[place])
        np.testing.assert_allclose(rows.loc[name, "train"], last.train_loss.mean(), rtol=1e-6)
        np.testing.assert_allclose(rows.loc[name, "held_out_spread"], last.held_out_loss.std(ddof=1), rtol=1e-6)
    assert rows.loc[rows["best"].astype(bool), "held_out"].tolist() == [rows["held_out"].min()]
    (short,) = frame.loc[frame["channel"] == "short", "reason"]
    assert short


def test_what_was_judged_by_an_older_card_is_judged_anew():
    identities = {
        batch.Batch("report", groups=groups, horizon=days).identity("digest")
        for groups, days in ((("data",), 7), (("data",), 28), (("data", "change"), 28))
    }
    assert len(identities) == 2  # a card has no horizon


def test_what_an_older_version_did_is_done_anew(monkeypatch):
    before = batch.Batch().identity("digest")
    assert batch.Batch().identity("digest") == before
    monkeypatch.setattr("forecasting.batch.settings.__version__", "0.0.1")
    assert batch.Batch().identity("digest") != before


@pytest.mark.parametrize(("task", "results"), [("forecast", 3), ("report", 1)])
def test_forecasts_alone_are_others_with_the_holidays_of_another_country(task, results):
    assert len({batch.Batch(task, country=country).identity("digest") for country in ("find", "", "CZ")}) == results
