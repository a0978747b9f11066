"""`batch` on the command line: its table, what it says, and how it ends."""

from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager

import pandas as pd
import pytest

from forecasting import batch
from forecasting.__main__ import main
from forecasting.cli import batch as command
from forecasting.split import Period, Split

pytestmark = pytest.mark.slow
QUICK = ("--method", "last-week", "--horizon", "7")


@pytest.fixture
def without_processes(monkeypatch):
    """Shares are computed in this process."""

    @contextmanager
    def threads(_workers, _scheduler):
        with ThreadPoolExecutor(2) as executor:
            executor.workers, executor.dashboard = 2, "http://x:8787/status"
            yield executor

    monkeypatch.setattr(command, "open_executor", threads)


def run(*arguments: object) -> int:
    return main(["batch", *map(str, arguments)])


def test_a_folder_becomes_one_table_with_a_count_of_both(folder, tmp_path, capsys):
    out = tmp_path / "new" / "table.parquet"
    assert run(folder, *QUICK, "--workers", 1, "--out", out) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[-1] == "4 channels answered, 10 without an answer"
    assert "short.csv: 5 measured days" in said.err
    assert " of 14" not in said.err  # no bar where nobody looks at a terminal
    table = pd.read_parquet(out)
    assert table.file.nunique() == 14
    assert batch.run(batch.read(folder), method="last-week", horizon=7, out=out).shape[0] == len(table)


@pytest.mark.usefixtures("without_processes")
def test_more_reasons_than_one_wants_to_read_stand_in_the_table(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "SHOWN", 3)
    assert run(folder, *QUICK, "--out", tmp_path / "table.csv") == 0
    *reasons, last = capsys.readouterr().err.splitlines()
    assert len(reasons) == 3
    assert last.endswith("table.csv says why")


@pytest.mark.usefixtures("without_processes")
def test_without_a_terminal_a_line_now_and_then_says_how_far_it_is(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "LINE_SECONDS", 0.0)
    assert run(folder, *QUICK, "--out", tmp_path / "table.parquet") == 0
    assert "14 of 14, " in capsys.readouterr().err


@pytest.mark.usefixtures("without_processes")
@pytest.mark.parametrize(
    ("end", "code", "says"), [(KeyboardInterrupt, 130, "Stopped."), (CancelledError, 2, "error: The cluster at ")]
)
def test_what_ends_before_its_time_says_how_it_goes_on(folder, tmp_path, capsys, monkeypatch, *, end, code, says):
    def ended(*_arguments, **_options):
        raise end

    monkeypatch.setattr(command, "write", ended)
    assert run(folder, *QUICK, "--scheduler", "tcp://x:1", "--out", tmp_path / "table.parquet") == code
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(says)
    assert last.endswith("The same command goes on from there.")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--out", "table.txt"), "ends in .parquet or .csv"),
        (("--out", "/proc/none/table.csv"), "cannot write"),
        (("--out", "table.csv", "--workers", "0"), "from 1 on"),
        (("--out", "table.csv", "--workers", "2", "--scheduler", "tcp://x:1"), "not allowed with"),
        (("--out", "table.csv", "--task", "dance"), "invalid choice"),
        ((), "--out"),
    ],
)
def test_options_that_cannot_be_end_before_anything_is_read(folder, tmp_path, monkeypatch, capsys, *, options, says):
    monkeypatch.chdir(tmp_path)
    assert run(folder, *options) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and says in said and said.count("\n") == 1


@pytest.mark.usefixtures("without_processes")
def test_options_fill_the_settings_of_a_batch(folder, tmp_path, monkeypatch):
    asked: list[batch.Batch] = []
    monkeypatch.setattr(command, "write", lambda what, *_channels, **_how: asked.append(what) or batch.Counts())
    out = ("--out", tmp_path / "table.parquet")
    assert run(folder, *out) == 0
    periods = ("--train", "2021-01-01:2021-12-31", "--held-out", "2022-01-01:2022-03-31")
    assert run(folder, "--task", "table", "--models", "10 ReLU", "1 day, linear", "--seeds", 3, *periods, *out) == 0
    assert run(folder, "--task", "backtest", "--method", "ets", "--origins", 9, "--refit", 30, *out) == 0
    assert run(folder, *out, *periods[:2]) == 2
    split = Split(Period.parse(periods[1]), Period.parse(periods[3]))
    assert asked == [
        batch.Batch(),
        batch.Batch("table", models=("10 ReLU", "1 day, linear"), seeds=3, split=split),
        batch.Batch("backtest", methods=("ets",), origins=9, refit_days=30),
    ]
