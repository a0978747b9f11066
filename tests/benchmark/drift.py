"""How often periods that do not differ are said to differ, and how often a change is found.

    python -m tests.benchmark.drift                    # half an hour
    python -m tests.benchmark.drift --diagnosis        # and the diagnosis' rules

Series have a week, a year, and noise whose neighbours correlate, all of them a share of the level; nothing changes. The
last fifth is held out, or the last year where two more come before it. `claim` is what chapter 15 says ("holds"): 5 of
a hundred may be wrong. `level`, `week` and `errors` are its three tests at 90 %, of which 10 may be wrong; a difference
counts from a limit on, so fewer are. `diagnosis` are the rules of `diagnosis/drift.py`, which promise no rate.
"""

import argparse
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from forecasting.diagnosis.drift import drifts
from forecasting.lectures.worlds import World, differences, periods_differ, world_of
from forecasting.series import Series
from forecasting.split import last_part

LENGTHS = (300, 730, 1461)
CORRELATIONS = (0.0, 0.4, 0.8)
WEEKDAYS = np.array([0.05, 0.02, 0.0, 0.0, -0.1, -0.15, 0.1])
YEARLY, NOISE = 0.15, 0.12
CHANGES = {"level + 40 %": (0.4, 0.0), "week turned round": (0.0, 1.0)}


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=200, help="series of each kind")
    parser.add_argument("--diagnosis", action="store_true", help="the diagnosis' rules too, on a tenth of the series")
    given = parser.parse_args()
    print("said to differ though nothing changed, %:", table(said, given.draws).to_string(), sep="\n")
    rows = {name: table(said, given.draws, *change)["claim"] for name, change in CHANGES.items()}
    print("\nfound by the claim, %:", pd.DataFrame(rows).to_string(), sep="\n")
    if given.diagnosis:
        found = table(by_diagnosis, given.draws // 10)
        print("\nsaid by the diagnosis though nothing changed, %:", found.to_string(), sep="\n")


def table(
    answers: Callable[[World], dict[str, bool]], draws: int, rise: float = 0.0, turned: float = 0.0
) -> pd.DataFrame:
    """A row a length and correlation, a column an answer; per cent."""
    rows = {}
    for days in LENGTHS:
        for correlation in CORRELATIONS:
            kind = [answers(world) for world in worlds(draws, days, correlation, rise=rise, turned=turned)]
            rows[days, correlation] = (100 * pd.DataFrame(kind).mean()).round(1)
    frame = pd.DataFrame(rows).T
    frame.index.names = ["days", "neighbours"]
    return frame


def worlds(draws: int, days: int, correlation: float, *, rise: float = 0.0, turned: float = 0.0) -> Iterator[World]:
    """Both periods of made series; from the border on the level rises and the week turns round, where asked."""
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        steps, noise = rng.normal(0, NOISE * np.sqrt(1 - correlation**2), days), np.empty(days)
        noise[0] = rng.normal(0, NOISE)
        for day in range(1, days):
            noise[day] = correlation * noise[day - 1] + steps[day]
        at = np.arange(days)
        index = pd.date_range("2019-01-01", periods=days)
        border = len(index[index < str(last_part(pd.Series(0.0, index)).held_out.first)])
        late = at >= border
        year = YEARLY * np.sin(2 * np.pi * (at / 365.25 + rng.uniform()))
        logs = WEEKDAYS[at % 7] * np.where(late, 1 - 2 * turned, 1) + year + noise + late * np.log1p(rise)
        views = pd.Series(np.round(2000 * np.exp(logs)), index)
        yield world_of(Series(views), last_part(views))


def said(world: World) -> dict[str, bool]:
    """Which of the chapter's tests say that the periods differ."""
    found = {one.name: one.answer == "holds" for one in differences(world)}
    return {"claim": periods_differ(world).answer == "holds"} | found


def by_diagnosis(world: World) -> dict[str, bool]:
    """The same by the diagnosis' own rules; errors are those of the same day last week."""
    signed = [part.inputs[:, -7] - part.targets for part in (world.train, world.held_out)]
    found = drifts(world.train, world.held_out, train_errors=signed[0], held_out_errors=signed[1])
    return {one.name: one.found for one in found}


if __name__ == "__main__":
    main()
