"""The program as a script calls it: its output, its exit code. Most calls are made in this process: starting one, and
loading torch in it, takes longer than what most of them do."""

import csv
import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecasting import __version__
from forecasting.__main__ import _parser, main
from tests.support.wikimedia import serve

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent.parent
SAMPLE = "data/sample_channel.csv"


@pytest.fixture(autouse=True)
def at_the_top(monkeypatch):
    monkeypatch.chdir(ROOT)


def run(*arguments: object) -> subprocess.CompletedProcess:
    """What the program says and ends with, in this process."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        try:
            code = main([*map(str, arguments)])
        except SystemExit as left:  # --help, --version
            code = left.code
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def run_process(*arguments: object) -> subprocess.CompletedProcess:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "forecasting", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False, encoding="utf-8")


def test_version_is_the_one_of_the_package():
    done = run_process("--version")
    assert (done.returncode, done.stdout) == (0, f"Viewcast {__version__}\n")


def test_as_a_process_it_says_and_ends_with_the_same():
    for arguments in (("read", "--list", SAMPLE), ("read", "nowhere.csv")):
        process, here = run_process(*arguments), run(*arguments)
        assert (process.returncode, process.stdout, process.stderr) == (here.returncode, here.stdout, here.stderr)
    assert (here.returncode, here.stdout) == (2, "")


def test_read_prints_the_daily_views():
    done = run("read", SAMPLE)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert done.returncode == 0
    assert {line.split(":")[0] for line in done.stderr.splitlines()} == {"unusual", "level"}
    with (ROOT / SAMPLE).open() as file:
        assert [(r["date"], float(r["views"])) for r in rows] == [
            (r["Date"], float(r["Views"])) for r in csv.DictReader(file)
        ]


def test_what_nobody_foresaw_in_a_file_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr("forecasting.cli.channel.read_views", lambda *_file: 1 / 0)
    (tmp_path / "x.csv").write_text("Date,Views")
    done = run("read", tmp_path / "x.csv")
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("error: The file cannot be read") and done.stderr.count("\n") == 1


def test_read_says_what_it_mended_on_stderr(tmp_path):
    file = tmp_path / "views.csv"
    file.write_text("Date,Views\n2021-01-03,30\n2021-01-02,20\n2021-01-01,10\n")
    done = run("read", file)
    assert done.stdout == "date,views\n2021-01-01,10\n2021-01-02,20\n2021-01-03,30\n"
    assert done.stderr.startswith("corrected: ")


def test_events_say_which_days_are_not_learnt_from_and_a_bad_line_is_named(tmp_path):
    days = pd.date_range("2021-01-01", periods=60)
    counts = [999_999 if place == 34 else 1000 + 50 * (place % 7) for place in range(60)]
    file, events = tmp_path / "views.csv", tmp_path / "events.csv"
    file.write_text("Date,Views\n" + "".join(f"{day.date()},{n}\n" for day, n in zip(days, counts, strict=True)))
    events.write_text("2021-02-04,Server down,outage,no\nnever\n")
    done = run("read", file, "--events", events)
    assert "events: Line 2 has no day: never\n" in done.stderr
    assert float(done.stdout.splitlines()[35].split(",")[1]) < 2000 and "999999" in run("read", file).stdout


TRAIN = ("train", SAMPLE, "--family", "relu", "--layers", 2, "--units", 10, "--window", 7, "--epochs", 3, "--seeds", 2)
PERIODS = ("--train", "2017-01-01:2021-12-31", "--held-out", "2022-01-01:2022-12-31")


def test_train_prints_means_as_csv_and_every_column_as_json():
    means = run(*TRAIN, *PERIODS, "--loss", "mae")
    rows = list(csv.DictReader(io.StringIO(means.stdout)))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    full = [json.loads(line) for line in run(*TRAIN, *PERIODS, "--json").stdout.splitlines()]
    for row, every in zip(rows, full, strict=True):
        assert set(every) >= {"epoch", "train_loss", "held_out_loss", "gradient_norm", "learning_rate", "seconds"}
        assert float(row["train"]) == pytest.approx(sum(every["train_loss"]) / 2, rel=1e-4)
        assert float(row["held_out"]) == pytest.approx(sum(every["held_out_loss"]) / 2, rel=1e-4)


@pytest.mark.parametrize(
    ("family", "given", "rates"),
    [("hard-sigmoid", (), [0.01, 0.005]), ("hard-sigmoid", ("--schedule", "constant"), [0.01, 0.01]),
     ("linear", (), [0.003, 0.003]), ("linear", ("--learning-rate", 0.001), [0.001, 0.001])],
)  # fmt: skip
def test_train_takes_the_familys_defaults_unless_told(family, given, rates):
    done = run("train", SAMPLE, "--family", family, "--window", 7, "--epochs", 2, "--seeds", 1, "--json", *given)
    found = [json.loads(line)["learning_rate"] for line in done.stdout.splitlines()]
    assert found == pytest.approx(rates)  # a cosine has halved the rate by the second of two epochs


def test_help_names_the_default_of_every_family():
    said = " ".join(run("train", "--help").stdout.split())
    assert "0.001 (relu), 0.003 (sigmoid, linear), 0.01 (hard-sigmoid) by default" in said


def test_diagnose_names_a_fault_and_what_to_try():
    done = run("diagnose", SAMPLE, "--family", "linear", "--window", 1, "--epochs", 40, "--seeds", 2, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["verdict"] == "bias"
    assert found["next"] and found["evidence"]


def test_forecast_prints_the_days_to_come():
    done = run("forecast", SAMPLE, "--horizon", 3, "--model", "ets")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["date"] for row in rows] == ["2023-01-01", "2023-01-02", "2023-01-03"]
    assert all(0 < float(row["lower"]) < float(row["forecast"]) < float(row["upper"]) for row in rows)
    how = ("--horizon", 3, "--model", "ets", "--country", "none")
    narrow = run("forecast", SAMPLE, *how, "--level", 0.5, "--json")
    for row, line in zip(rows, narrow.stdout.splitlines(), strict=True):
        half = json.loads(line)
        assert half["date"] == row["date"]
        assert float(row["lower"]) < half["lower"] < half["upper"] < float(row["upper"])


def test_backtest_prints_a_line_a_method_and_horizon():
    done = run(
        *("backtest", SAMPLE, "--horizon", 10, "--held-out", "2022-01-01:2022-12-31", "--origins", 40),
        *("--methods", "yesterday", "linear"),
    )
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert done.stdout.startswith("method,horizon,mae,skill,mase,coverage,width,reason\n")
    assert [(row["method"], row["horizon"]) for row in rows] == [
        (method, horizon) for method in ("yesterday", "linear") for horizon in ("1", "7", "10")
    ]
    skill = {(row["method"], row["horizon"]): float(row["skill"]) for row in rows}
    assert skill["yesterday", "7"] == 0  # seven days ahead both take the same day
    assert skill["linear", "1"] > 0.2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("forecast", SAMPLE, "--horizon", 0), "choose from 1 to 90"),
        (("forecast", SAMPLE, "--horizon", 91), "choose from 1 to 90"),
        (("forecast", SAMPLE, "--level", 1.5), "--level"),
        (("forecast", SAMPLE, "--model", "oracle"), "neither a method"),
        (("forecast", SAMPLE, "--country", "XX"), "No holidays are known"),
        (("forecast", SAMPLE, "--model", "ets", "--country", "XX"), "No holidays are known"),
        (("forecast", SAMPLE, "--model", "README.md"), "no model file"),
        (("backtest", SAMPLE, "--methods", "oracle"), "oracle"),
        (("backtest", SAMPLE, "--held-out", "2030-01-01:2030-12-31"), "no views"),
        (("backtest", SAMPLE, "--held-out", "2022-01-01:2022-01-09"), "shorter than 28 days"),
        (("backtest", SAMPLE, "--held-out", "2017-01-05:2017-12-31"), "too few"),
        (("read", "nowhere.csv"), "cannot open"),
        (("read", "README.md"), ""),
        (("train", SAMPLE, "--units", 5000), "units is 5000"),
        (("train", SAMPLE, "--family", "magic"), "magic"),
        (("train", SAMPLE, "--window", "many"), "many"),
        (("train", SAMPLE, "--batch", "some"), "some"),
        (("train", SAMPLE, "--train", "2017-01-01:2018-01-01"), "--held-out"),
        (("train", SAMPLE, "--train", "2017:2018", "--held-out", "2019:2020"), "not a period"),
        (("train", SAMPLE, "--train", "2001-01-01:2001-12-31", "--held-out", "2022-01-01:2022-12-31"), "no views"),
        ((), ""),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(arguments, words):
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert words in done.stderr


def test_a_diagnosis_that_cannot_tell_claims_no_confidence(tmp_path):
    """Of 134 days too few are left to judge by, so that there is a verdict without a number."""
    file = tmp_path / "short.csv"
    days = pd.date_range("2022-01-01", periods=134)
    views = 1000 + 100 * np.sin(np.arange(134) * 2 * np.pi / 7) + np.random.default_rng(0).normal(0, 50, 134)
    pd.DataFrame({"Date": days.date, "Views": views.round()}).to_csv(file, index=False)
    said = run("diagnose", file, "--family", "linear", "--window", 7, "--epochs", 2)
    assert (said.returncode, said.stdout.splitlines()[0]) == (0, "Cannot tell")
    told = json.loads(run("diagnose", file, "--family", "linear", "--window", 7, "--epochs", 2, "--json").stdout)
    assert (told["verdict"], told["sure"]) == ("cannot tell", None)


def test_wikipedia_article_is_read_like_a_file(monkeypatch):
    counts = [1000 + 100 * (day % 7) + day for day in range(400)]
    with serve() as stand_in:
        stand_in.add("en.wikipedia", "AC/DC", counts)
        monkeypatch.setenv("VIEWCAST_WIKIMEDIA", stand_in.url)
        done = run("read", "wikipedia:en:AC/DC")
        assert (done.returncode, done.stderr.split(":")[0]) == (0, "length")
        assert [float(row["views"]) for row in csv.DictReader(io.StringIO(done.stdout))] == counts
        assert run("read", "--list", "wikipedia:en:AC/DC").stdout == "AC/DC\n"
        ahead = run("forecast", "wikipedia:en:AC/DC", "--model", "last-week", "--horizon", 7)
        assert (ahead.returncode, ahead.stdout.count("\n")) == (0, 8)
        nowhere = run("read", "wikipedia:en:Nowhere")
        assert (nowhere.returncode, nowhere.stdout) == (2, "")
        assert nowhere.stderr.startswith("error: There are no views of “Nowhere”")
    monkeypatch.setenv("VIEWCAST_WIKIMEDIA", "off")
    assert run("read", "wikipedia:en:AC/DC").stderr.startswith("error: Reading from Wikipedia is switched off")


def test_a_backtest_fits_once_unless_told_otherwise():
    assert _parser().parse_args(["backtest", SAMPLE]).refit == 0


def test_report_judges_every_claim_of_the_groups_that_are_named():
    lines = run("report", SAMPLE, "--groups", "data", "change", "--json").stdout.splitlines()
    rows = {row["claim"]: row for row in map(json.loads, lines)}
    better = rows["A line that sees 7 days forecasts better than one that sees a day."]
    assert (better["answer"], better["lecture"], better["chapter"]) == ("Holds", "580 → 490", "know_your_data")
    assert better["low"] < better["effect"] < better["high"]
    assert rows["Gradient descent comes to the lowest loss."]["low"] is None
    table = run("report", SAMPLE, "--groups", "data", "--markdown").stdout
    assert f"| Know your data | Holds | {better['claim']} | 580 → 490 | {better['here']} |" in table
