"""What `pip install .` brings works in another folder, without the checkout."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from forecasting.__main__ import main

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent
SOURCES = (
    "pyproject.toml",
    "requirements.txt",
    "requirements-cluster.txt",
    "tests/requirements.txt",
    "README.md",
    "LICENSE",
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder with what the wheel holds, made from a copy, since a build leaves files behind."""
    checkout, site = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("site")
    for name in ("forecasting", "data"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in SOURCES:
        (checkout / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, checkout / name)
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet")
    subprocess.run([sys.executable, "-m", "pip", "wheel", *offline, "--wheel-dir", site, checkout], check=True)
    (wheel,) = site.glob("viewcast-*.whl")
    with ZipFile(wheel) as file:
        file.extractall(site)
    return site


def output_of(site: Path, *arguments: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=site, env=environment, check=True, capture_output=True, text=True, encoding="utf-8"
    ).stdout


def test_every_module_is_in_the_package(installed):
    found = {file.relative_to(installed) for file in (installed / "forecasting").rglob("*.py")}
    expected = {file.relative_to(ROOT) for file in (ROOT / "forecasting").rglob("*.py")}
    assert expected - found == set()


def test_sample_is_found_without_the_checkout(installed):
    show = "from forecasting import sample; print(sample.__file__); print(int(sample.sample_channel().views.sum()))"
    file, total = output_of(installed, "-c", show).splitlines()
    assert Path(file).is_relative_to(installed)
    lines = (ROOT / "data" / "sample_channel.csv").read_text("utf-8").split()[1:]
    assert int(total) == sum(int(line.split(",")[1]) for line in lines)


def test_command_line_reads_a_file(installed, tmp_path):
    file = tmp_path / "views.csv"
    file.write_text("Date,Views\n2021-01-01,10\n2021-01-02,20\n")
    assert output_of(installed, "-m", "forecasting", "read", str(file)) == "date,views\n2021-01-01,10\n2021-01-02,20\n"
    (entry,) = installed.glob("viewcast-*.dist-info/entry_points.txt")
    assert "viewcast = forecasting.__main__:main" in entry.read_text("utf-8")


@pytest.mark.parametrize("line", re.findall(r"^    viewcast (.+)$", (ROOT / "README.md").read_text("utf-8"), re.M))
def test_lines_of_the_readme_name_commands_and_options_that_there_are(line, capsys):
    command, *_rest = line.split()
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    usage = capsys.readouterr().out
    assert {option for option in re.findall(r"--[a-z-]+", line) if not re.search(rf"{option}\b", usage)} == set()
