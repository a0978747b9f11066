"""Where a run and its homework end: the same training by this package and by the program in plain PyTorch.

    python -m tests.benchmark.homework [FILE ...]

A line a channel (the sample without FILE) and family, each with its defaults: the largest relative difference of a
seed's train and held-out loss after the last epoch, and that of the means over seeds. Rounding alone makes it.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from forecasting.forecasts.homework import Homework, as_program
from forecasting.jobs.machine import use_one_thread
from forecasting.models.fitting import build, fit
from forecasting.reading import read_views, to_csv
from forecasting.sample import sample_channel
from forecasting.series import Channel
from forecasting.settings import FAMILY_DEFAULTS, Architecture, RunSettings, Training
from forecasting.split import default_split
from forecasting.windows import run_windows

EPOCH = re.compile(r"seed (\d+), epoch (\d+): train ([\d.]+), held-out ([\d.]+)")


def by_run(channel: Channel, settings: RunSettings) -> np.ndarray:
    """Train and held-out loss (seeds, 2) after the last epoch."""
    *_, last = fit(build(settings), run_windows(channel.series, settings), settings)
    return np.column_stack([last.train_loss, last.held_out_loss])


def by_homework(channel: Channel, settings: RunSettings) -> np.ndarray:
    """The same as the program prints it."""
    program = as_program(Homework(settings, channel.series, "views.csv", settings.training.epochs))
    with TemporaryDirectory() as folder:
        Path(folder, "views.csv").write_text(to_csv(channel), encoding="utf-8")
        Path(folder, "run.py").write_text(program.replace(":.2f", ":.9g"), encoding="utf-8")
        done = subprocess.run([sys.executable, "run.py"], cwd=folder, capture_output=True, text=True, check=True)
    printed = [line for line in EPOCH.findall(done.stdout) if int(line[1]) == settings.training.epochs]
    return np.array([[float(train), float(held_out)] for _seed, _epoch, train, held_out in printed])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    files = parser.parse_args().files
    use_one_thread()
    print("channel family seed mean")
    for channel in [read_views(file.read_bytes(), file.name) for file in files] or [sample_channel()]:
        for family, defaults in FAMILY_DEFAULTS.items():
            settings = RunSettings(default_split(channel.views), Architecture(family), Training(**defaults))
            run, homework = by_run(channel, settings), by_homework(channel, settings)
            seed, mean = np.abs(homework / run - 1).max(), np.abs(homework.mean(0) / run.mean(0) - 1).max()
            print(channel.name.replace(" ", "-"), family, f"{seed:.1e}", f"{mean:.1e}", flush=True)


if __name__ == "__main__":
    main()
