"""What counts as a channel: files of a folder, a glob, a list or a zip, and the rows of a long table."""

import os

import pandas as pd
import pytest

from forecasting import batch
from forecasting.batch.work import work_on
from forecasting.messages import BadInput
from forecasting.reading import Choice
from tests.forecasting.batch.conftest import BROKEN, table, zipped

DAYS = batch.Batch(methods=("last-week",), horizon=7)


def files_of(sources) -> list[str]:
    return [source.load().file for source in sources]


def names_of(sources) -> list[str]:
    return pd.unique(work_on(DAYS, [source.load() for source in sources]).to_pandas()["channel"]).tolist()


def test_a_folder_is_all_of_its_tables_in_order_of_their_names(folder):
    (folder / "notes.md").write_text("no table")
    (folder / ".hidden.csv").write_bytes(table())
    assert files_of(batch.read(folder)) == sorted(["alpha.csv", "beta.csv", "more/gamma.csv", "other.csv", *BROKEN])


def test_a_glob_and_a_list_are_the_files_they_name(folder):
    one, other = str(folder / "beta.csv"), str(folder / "alpha.csv")
    assert files_of(batch.read(f"{folder}/[ab][le]*a.csv")) == [other, one]
    assert files_of(batch.read([one, other, one])) == [one, other]


def test_a_zip_of_channels_is_a_channel_a_file(tmp_path):
    packed = zipped(tmp_path / "all.zip", {"b/one.csv": table(1), "two.csv": table(2), "__MACOSX/x.csv": b"x"})
    assert files_of(batch.read(packed)) == [f"{packed}:b/one.csv", f"{packed}:two.csv"]
    assert names_of(batch.read(packed)) == ["one", "two"]
    zipped(packed, {"three.csv": table(3), "two.csv": table(2)})
    os.utime(packed, (0, 0))  # another time of writing, however fast this test is
    assert names_of(batch.read(packed)) == ["three", "two"]


def test_a_channels_export_is_one_channel(tmp_path):
    packed = zipped(tmp_path / "channel.zip", {"Totals.csv": table(1), "Table data.csv": b"Content,Views\nx,5\n"})
    assert names_of(batch.read([packed, packed])) == ["channel"]
    several = zipped(tmp_path / "several.zip", {"a/Totals.csv": table(1), "b/Totals.csv": table(2)})
    assert files_of(batch.read(several)) == [f"{several}:a/Totals.csv", f"{several}:b/Totals.csv"]


def test_a_file_of_several_channels_is_all_of_them(tmp_path):
    long = pd.concat([pd.read_csv(pd.io.common.BytesIO(table(seed))).assign(Video=f"v{seed}") for seed in range(3)])
    for name in ("a.csv", "b.csv"):
        long.to_csv(tmp_path / name, index=False)
    assert names_of(batch.read(tmp_path / "a.csv")) == ["v0", "v1", "v2"]  # split at once
    rows = work_on(DAYS, [source.load() for source in batch.read(tmp_path)]).to_pandas()  # split by the worker
    assert rows.groupby("file", sort=False)["channel"].unique().map(list).to_dict() == {
        "a.csv": ["v0", "v1", "v2"],
        "b.csv": ["v0", "v1", "v2"],
    }


def test_a_table_of_pandas_is_its_channels():
    frame = pd.read_csv(pd.io.common.BytesIO(table(header="ds,y")), parse_dates=["ds"])
    long = pd.concat([frame.assign(unique_id=name) for name in ("p", "q")])
    assert names_of(batch.read(long)) == ["p", "q"]


def test_a_choice_answers_what_files_ask(folder):
    (unanswered,) = batch.read([folder / "asks.csv"])
    (reason,) = work_on(DAYS, [unanswered.load()])["reason"].to_pylist()
    assert "choose the column to use" in reason and "Apples, Pears" in reason
    (source,) = batch.read([folder / "asks.csv"], Choice(metric="Pears", cumulative="no"))
    rows = work_on(DAYS, [source.load()])
    assert rows["metric"].to_pylist() == ["Pears"] * DAYS.horizon


def test_a_question_with_one_answer_is_answered(tmp_path):
    (tmp_path / "visits.csv").write_bytes(table(header="Date,Visitors per shop"))
    rows = work_on(DAYS, [source.load() for source in batch.read(tmp_path)])
    assert rows["metric"].to_pylist() == ["Visitors per shop"] * DAYS.horizon


def test_an_export_that_was_unpacked_is_one_channel(tmp_path):
    (tmp_path / "My channel").mkdir()
    by_video = b"Content,Date,Views\n" + b"".join(b"v%d,2023-01-%02d,5\n" % (v, d) for v in (1, 2) for d in range(1, 9))
    for name, data in {
        "Totals.csv": table(1),
        "Chart data.csv": by_video,
        "Table data.csv": b"Content,Views\n",
    }.items():
        (tmp_path / "My channel" / name).write_bytes(data)
    (tmp_path / "other.csv").write_bytes(table())
    assert names_of(batch.read(tmp_path)) == ["My channel", "other"]
    assert names_of(batch.read(tmp_path / "My channel")) == ["My channel"]


def test_a_parquet_file_is_read_like_its_csv(tmp_path):
    frame = pd.read_csv(pd.io.common.BytesIO(table(header="ds,y")), parse_dates=["ds"])
    long = pd.concat([frame.assign(unique_id=name) for name in ("p", "q")])
    long.to_parquet(tmp_path / "long.parquet")
    assert names_of(batch.read(tmp_path)) == ["p", "q"]
    (tmp_path / "long.parquet").write_bytes(b"PAR1 and nothing else")
    (source,) = batch.read(tmp_path)
    assert "Parquet" in source.load().problem.message.text


def test_a_batchs_own_tables_are_no_channels(folder, threads):
    for name in ("results.parquet", "results.csv"):
        batch.run(
            batch.read([folder / "alpha.csv"]), executor=threads, method="last-week", horizon=7, out=folder / name
        )
    (folder / "results.parquet.pieces").mkdir()
    (folder / "results.parquet.pieces" / "piece.parquet").write_bytes(b"")
    for place in (folder, f"{folder}/*.csv"):
        assert not [file for file in files_of(batch.read(place)) if "results" in file]


def test_a_large_file_is_split_at_once_and_read_beyond_what_a_visitor_may_bring(tmp_path, monkeypatch):
    monkeypatch.setattr("forecasting.batch.places.SPLIT_BYTES", 1000)
    monkeypatch.setattr("forecasting.reading.sections.UPLOAD", None)  # whoever takes a stranger's bounds fails
    long = pd.concat([pd.read_csv(pd.io.common.BytesIO(table(seed))).assign(Video=f"v{seed}") for seed in range(3)])
    long.to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "b.csv").write_bytes(table(days=20))
    assert files_of(batch.read(tmp_path)) == ["a.csv", "a.csv", "a.csv", "b.csv"]


def test_a_place_without_tables_is_refused(tmp_path):
    with pytest.raises(BadInput, match="no table"):
        batch.read(tmp_path)


def test_a_file_that_is_not_there_is_a_row(tmp_path):
    rows = work_on(DAYS, [source.load() for source in batch.read([tmp_path / "gone.csv", tmp_path / "lost.csv"])])
    assert rows["reason"].to_pylist() == ["The file cannot be opened: No such file or directory."] * 2
