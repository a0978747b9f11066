"""What counts as a channel: files of a folder, a glob, a list or a zip, and the rows of a long table."""

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


def test_a_channels_export_is_one_channel(tmp_path):
    packed = zipped(tmp_path / "channel.zip", {"Totals.csv": table(1), "Table data.csv": b"Content,Views\nx,5\n"})
    assert names_of(batch.read([packed, packed])) == ["channel"]


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
    for pears, days in ((None, 0), ("Pears", 7)):
        (source,) = batch.read([folder / "asks.csv"], Choice(metric=pears, cumulative="no"))
        assert work_on(DAYS, [source.load()])["date"].drop_null().length() == days


def test_a_place_without_tables_is_refused(tmp_path):
    with pytest.raises(BadInput, match="no table"):
        batch.read(tmp_path)


def test_a_file_that_is_not_there_is_a_row(tmp_path):
    rows = work_on(DAYS, [source.load() for source in batch.read([tmp_path / "gone.csv", tmp_path / "lost.csv"])])
    assert rows["reason"].to_pylist() == [
        f"cannot open {tmp_path}/{name}: No such file or directory" for name in ("gone.csv", "lost.csv")
    ]
