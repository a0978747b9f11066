"""A batch comes to the same table however it is done: by more workers, in pieces, after a kill, or a second time."""

import shutil
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from forecasting import batch
from forecasting.batch.results import pieces_of
from forecasting.evaluation.calibration import fit_method
from forecasting.forecasts.forecast import make_forecast
from forecasting.messages import BadInput
from forecasting.reading import read_views
from tests.forecasting.batch.conftest import BROKEN, table

HOW = {"method": "last-week", "horizon": 7}


def test_a_row_each_day_to_come_and_one_for_what_cannot_be_read(folder, threads):
    frame = batch.run(batch.read(folder), executor=threads, **HOW)
    fine, refused = frame[frame["reason"].isna()], frame[frame["reason"].notna()]
    assert fine.groupby("file", sort=False).size().to_dict() == dict.fromkeys(
        ["alpha.csv", "beta.csv", "more/gamma.csv", "other.csv"], 7
    )
    assert refused["file"].tolist() == sorted(BROKEN)
    assert refused["reason"].nunique() >= 8
    assert refused[["date", "forecast", "total"]].isna().all(axis=None)


def test_a_forecast_is_that_of_the_method_alone(folder, threads):
    frame = batch.run(batch.read([folder / "alpha.csv"]), executor=threads, **HOW)
    series = read_views(table(0), "alpha.csv").series
    fitted = fit_method("last-week", series, 7)
    alone = make_forecast(fitted.forecaster, fitted, series, scores=fitted.scores, horizon=7, levels=[0.9]).to_frame()
    np.testing.assert_array_equal(frame[["forecast", "lower", "upper"]], alone)
    assert frame["date"].tolist() == alone.index.tolist()
    assert (frame["total"] == series.views.iloc[-7:].sum()).all()  # of last week's days
    assert (frame["total_lower"] < frame["total"]).all() and (frame["total"] < frame["total_upper"]).all()
    assert (frame["skill"] == 0).all()  # against itself


@pytest.mark.parametrize("name", ["table.parquet", "table.csv"])
def test_what_is_done_is_not_done_again(folder, tmp_path, threads, name):
    out, channels = tmp_path / name, batch.read(folder)
    first = batch.run(channels, executor=threads, out=out, **HOW)
    calls = Counted(threads)
    assert batch.run(channels, executor=calls, out=out, **HOW).equals(first)
    assert calls.sources == []
    (folder / "beta.csv").write_bytes(table(seed=9))
    again = batch.run(channels, executor=calls, out=out, **HOW)
    assert calls.sources == ["beta.csv"]
    assert again.query("file != 'beta.csv'").equals(first.query("file != 'beta.csv'"))
    assert not (tmp_path / f"{name}.pieces").exists()


def test_an_interrupted_batch_goes_on(folder, tmp_path, threads, monkeypatch):
    monkeypatch.setattr(batch.Batch, "share", 2)
    whole, cut = tmp_path / "whole.parquet", tmp_path / "cut.parquet"
    channels = batch.read(folder)
    batch.run(channels, executor=threads, out=whole, **HOW)
    with pytest.raises(KeyboardInterrupt):
        batch.run(channels, executor=Counted(threads, until=3), out=cut, **HOW)
    assert not cut.exists()
    calls = Counted(threads)
    batch.run(channels, executor=calls, out=cut, **HOW)
    assert 0 < len(calls.sources) < len(channels)
    assert pq.read_table(cut).equals(pq.read_table(whole))


def test_other_settings_are_another_batch_and_another_task_another_file(folder, tmp_path, threads):
    out, channels = tmp_path / "table.parquet", batch.read([folder / "alpha.csv"])
    batch.run(channels, executor=threads, out=out, **HOW)
    assert len(batch.run(channels, executor=threads, out=out, **HOW | {"horizon": 3})) == 3
    pd.DataFrame({"x": [1]}).to_parquet(out)
    with pytest.raises(BadInput, match="something else"):
        batch.run(channels, executor=threads, out=out, **HOW)


def test_a_method_that_has_no_answer_leaves_the_others(folder, threads):
    frame = batch.run(
        batch.read([folder / "alpha.csv"]), executor=threads, method=["last-year", "last-week"], horizon=7
    )
    assert frame["method"].value_counts().to_dict() == {"last-week": 7, "last-year": 1}
    assert "too few" in frame["reason"].iloc[0]


def test_a_channel_that_no_method_can_answer_counts_as_one_without_an_answer(folder, tmp_path, threads):
    what = batch.Batch(methods=("last-year", "ets"), horizon=7)
    counts = batch.write(what, batch.read([folder / "short.csv"]), out=tmp_path / "table.csv", executor=threads)
    assert (counts.answered, counts.refused) == (0, 1)


def test_settings_that_cannot_be_are_refused(folder):
    channels = batch.read([folder / "alpha.csv"])
    names = ({"method": "guess"}, {"method": ()}, {"task": "dance"}, {"groups": ()}, {"models": ["x"]})
    for wrong in (*names, {"horizon": 0}, {"level": 1.0}, {"seeds": 0}):
        with pytest.raises(BadInput):
            batch.run(channels, **wrong)


def test_progress_counts_channels_with_and_without_an_answer(folder, tmp_path, threads):
    heard: list[batch.Counts] = []
    how = {"out": tmp_path / "table.parquet", "executor": threads, "note": heard.append}
    counts = batch.write(batch.Batch(methods=("last-week",), horizon=7), batch.read(folder), **how)
    assert (counts.answered, counts.refused, counts.total) == (4, 10, 14)
    assert heard[-1] == counts
    again = batch.write(batch.Batch(methods=("last-week",), horizon=7), batch.read(folder), **how)
    assert again == replace(counts, known=14)


def test_what_ends_its_worker_is_a_row_alone_and_tried_by_the_next_call(folder, tmp_path, threads):
    out, channels = tmp_path / "table.parquet", batch.read(folder)
    whole = batch.run(channels, executor=threads, **HOW)
    frame = batch.run(channels, executor=Deadly(threads, "beta.csv"), out=out, **HOW)
    (dead,) = frame.loc[frame["file"] == "beta.csv", "reason"]
    assert "ended" in dead
    others = [one.query("file != 'beta.csv'").reset_index(drop=True) for one in (frame, whole)]
    assert others[0].equals(others[1])
    calls = Counted(threads)
    assert batch.run(channels, executor=calls, out=out, **HOW).equals(whole)
    assert calls.sources == ["beta.csv"]


def test_a_call_whose_pieces_another_one_has_made_a_table_of_says_so(folder, tmp_path, threads):
    out, channels = tmp_path / "table.parquet", batch.read(folder)
    what = batch.Batch(methods=("last-week",), horizon=7)

    def end_elsewhere(counts: batch.Counts) -> None:
        if counts.sources == counts.total:
            shutil.rmtree(pieces_of(out))

    with pytest.raises(BadInput, match="another call has written"):
        batch.write(what, channels, out=out, executor=threads, note=end_elsewhere)
    assert batch.write(what, channels, out=out, executor=threads).sources == len(channels)


class Counted(Executor):
    """An executor that notes what it was given, and is interrupted after so many shares."""

    def __init__(self, executor: Executor, until: int = 1000) -> None:
        self.executor, self.until = executor, until
        self.sources: list[str] = []
        self.workers = 1

    def submit(self, call, batch, share):
        if not self.until:
            raise KeyboardInterrupt
        self.until -= 1
        self.sources += [one.file for one in share]
        return self.executor.submit(call, batch, share)


class Deadly(Executor):
    """An executor whose worker ends over one file."""

    def __init__(self, executor: Executor, file: str) -> None:
        self.executor, self.file = executor, file

    def submit(self, call, batch, share):
        if self.file not in [one.file for one in share]:
            return self.executor.submit(call, batch, share)
        gone: Future = Future()
        gone.set_exception(BrokenExecutor("a process ended"))
        return gone
