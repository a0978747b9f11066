"""How far each family's defaults are from the best of a grid of learning rates and schedules.

    python -m tests.benchmark.defaults FILE [FILE:METRIC ...] [--families sigmoid relu] [--seeds 3] [--epochs 100]

The sample channel and the files, each split as the page splits it. A cell is the held-out MAE, mean over seeds, over
the smallest of the grid on that series; then the mean over series. All other settings are the family's defaults.
"""

import argparse
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting.jobs.machine import use_one_thread
from forecasting.models.fitting import build, fit
from forecasting.reading import Choice, read_views
from forecasting.sample import sample_channel
from forecasting.series import Series
from forecasting.settings import FAMILIES, SKLEARN_FAMILIES, Architecture, RunSettings, Training, defaults_of
from forecasting.split import default_split
from forecasting.windows import run_windows

RATES = (0.0003, 0.001, 0.003, 0.01)
SCHEDULES = ("constant", "cosine")
TRAINED = [family for family in FAMILIES if family not in SKLEARN_FAMILIES]


def series_of(files: list[str]) -> dict[str, Series]:
    """The sample and the first channel of every file, by name."""
    found = {"sample": sample_channel().series}
    for file, _, metric in (text.partition(":") for text in files):
        path = Path(file)
        found[f"{path.stem[:12]}"] = read_views(path.read_bytes(), path.name, Choice(metric=metric or None)).series
    return found


def held_out_loss(series: Series, family: str, training: Training) -> float:
    """Held-out MAE in views at the last epoch, mean over seeds; infinite where training diverged."""
    settings = RunSettings(default_split(series.views), Architecture(family), training)
    data = run_windows(series, settings)
    for row in fit(build(settings), data, settings):  # noqa: B007  the last one counts
        pass
    return float(row.held_out_loss.mean()) if row.finite else np.inf


def grid(family: str, given: argparse.Namespace) -> dict[tuple[float, str], Training]:
    """Trainings by learning rate and schedule; the family's defaults are one of them, or come on top."""
    chosen = {name: value for name, value in defaults_of(family).items() if hasattr(Training, name)}
    usual = Training(**chosen | {"seeds": given.seeds, "epochs": given.epochs})
    cells = [*product(RATES, SCHEDULES), (usual.learning_rate, usual.schedule)]
    return {(rate, kind): replace(usual, learning_rate=rate, schedule=kind) for rate, kind in cells}


def show(family: str, ratios: pd.DataFrame) -> None:
    """A row a cell of the grid, best mean first; the defaults are marked."""
    usual = defaults_of(family)
    print(f"\n{family}: {usual['learning_rate']:g} {usual['schedule']} by default")
    table = ratios.assign(mean=ratios.mean(axis=1)).sort_values("mean")
    table.index = [
        f"{rate:g} {kind}{'  *' * ((rate, kind) == (usual['learning_rate'], usual['schedule']))}"
        for rate, kind in table.index
    ]
    print(table.round(3).to_string(), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE[:METRIC]")
    parser.add_argument("--families", nargs="+", choices=TRAINED, default=TRAINED)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=100)
    given = parser.parse_args()
    use_one_thread()
    every = series_of(given.files)
    for family in given.families:
        cells = grid(family, given)
        losses = {name: [held_out_loss(one, family, cell) for cell in cells.values()] for name, one in every.items()}
        found = pd.DataFrame(losses, index=pd.MultiIndex.from_tuples(cells))
        show(family, found / found.min())


if __name__ == "__main__":
    main()
