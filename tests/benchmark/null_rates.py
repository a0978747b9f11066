"""How often two forecasts that are equally good are told apart, and how large a difference is found.

    python -m tests.benchmark.null_rates                    # 2 minutes
    python -m tests.benchmark.null_rates --draws 200

One answer in ten may be wrong. `chosen` is what the product says (`evaluation/comparison.py`); beside it what else was
tried, on the same series:

quantiles    a block bootstrap of weeks and the quantiles of its draws, nothing else
t            the same with the quantiles of Student's t, days / 7 - 1 degrees of freedom, times sqrt(n / (n - 1))
lengths      the same with blocks as long as Politis and White (2004) choose them, in whole weeks
fixed-b      Bartlett's window over a fifth of the days, with the critical values of Kiefer and Vogelsang (2005)
Harvey       Diebold and Mariano's test as Harvey, Leybourne and Newbold (1997) correct it
"""

import argparse
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.stats import norm, t

from forecasting.evaluation.bootstrap import block_length
from forecasting.evaluation.comparison import compare

DAYS = (28, 45, 90, 365)
SEEDS = 3  # of the first forecast
SHARED = 0.8  # of the variance of their errors: all meet the same days
EACH = 0.95  # of either side
POWER = (0.2, 0.3, 0.5)  # true differences, in standard deviations of a day's difference


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=1000, help="series of each kind")
    given = parser.parse_args()
    print("told apart though equally good, %:", null_rates(given.draws).to_string(), sep="\n")
    print("\nfound, %, of a true difference of so many standard deviations of a day's:")
    print(found_rates(given.draws).to_string())
    print("\nthe harder of two baselines, %:", picked_baselines(given.draws).to_string(), sep="\n")


def null_rates(draws: int) -> pd.DataFrame:
    """A row a kind of series and length, a column a way to decide; per cent that are told apart."""
    rows = {}
    for correlation in (0.0, 0.2, 0.4, 0.6, 0.8):
        rows |= rates(f"neighbours {correlation:g}", 1, draws, lambda *size, r=correlation: autoregression(r, *size))
    for ahead in (7, 28):
        rows |= rates(f"{ahead} days ahead", ahead, draws, lambda *size, h=ahead: overlapping(h, *size))
    frame = pd.DataFrame(rows).T
    frame.index.names = ["errors", "days"]
    return frame.round(1)


def rates(kind: str, ahead: int, draws: int, errors: Callable) -> dict[tuple[str, int], dict[str, float]]:
    """Both forecasts err alike, around 10 views; the first has seeds."""
    found = {}
    for days in DAYS:
        rng = np.random.default_rng(days)
        cases = [(10 + of_seeds(errors(rng, 1 + SEEDS, days)), 10 + errors(rng, 1, days)) for _draw in range(draws)]
        answers = [compare(*case, ahead=ahead, seeded=(True, False)) for case in cases]
        row = {
            "chosen": share([found.answer != "cannot tell" for found in answers]),
            "better": share([found.answer == "better" for found in answers]),
            "no interval": share([bool(found.reason) for found in answers]),
        }
        gaps = [case[0].mean(axis=0) - case[1][0] for case in cases]
        row |= {name: share([rival(gap, ahead) for gap in gaps]) for name, rival in RIVALS.items()}
        found[kind, days] = row
    return found


def of_seeds(errors: np.ndarray) -> np.ndarray:
    """Errors (seeds, days) of variance 1 that seeds share by SHARED, from a common series and one of each."""
    return np.sqrt(SHARED) * errors[:1] + np.sqrt(1 - SHARED) * errors[1:]


def found_rates(draws: int, days: int = 90) -> pd.DataFrame:
    """The power of what was chosen, at `days` days: a row a correlation, a column a true difference."""
    rows, usual = {}, np.full(days, 10.0)
    for correlation in (0.0, 0.2, 0.4, 0.6):
        rng = np.random.default_rng(1)
        gaps = autoregression(correlation, rng, draws, days)
        rows[correlation] = {
            size: share([compare(10 + gap - size, usual, seeded=(False, False)).answer == "better" for gap in gaps])
            for size in POWER
        }
    return pd.DataFrame(rows).T.rename_axis(index="neighbours", columns="difference").round(1)


def picked_baselines(draws: int) -> pd.DataFrame:
    """Answers against one of two baselines, all three equally good: picked on the judged days, or on days before."""
    rows = {}
    for days in DAYS:
        rng = np.random.default_rng(days)
        for way in ("judged days", "days before"):
            said = []
            for _draw in range(draws):
                model, *pair = (10 + autoregression(0.2, rng, 1, days)[0] for _forecast in range(3))
                harder = min(pair, key=np.mean) if way == "judged days" else pair[0]  # days before know nothing of it
                said.append(compare(model, harder, seeded=(False, False)).answer)
            rows[days, way] = {answer: share([one == answer for one in said]) for answer in ("better", "worse")}
    return pd.DataFrame(rows).T.rename_axis(index=["days", "picked on"]).round(1)


def share(hits: list[bool]) -> float:
    """In per cent."""
    return 100 * float(np.mean(hits))


def autoregression(correlation: float, rng: np.random.Generator, count: int, days: int) -> np.ndarray:
    """Series (count, days) of variance 1 whose neighbours have this correlation."""
    values, noise = [rng.normal(size=count)], rng.normal(0, np.sqrt(1 - correlation**2), (days, count))
    for step in noise[1:]:
        values.append(correlation * values[-1] + step)
    return np.stack(values, axis=1)


def overlapping(ahead: int, rng: np.random.Generator, count: int, days: int) -> np.ndarray:
    """Errors of forecasts of a random walk from neighbouring origins (count, days), which share all days but one."""
    steps = rng.normal(size=(count, days + ahead - 1))
    return np.lib.stride_tricks.sliding_window_view(steps, ahead, axis=1).sum(axis=2) / np.sqrt(ahead)


# What else was tried: whether a gap (days,) is told from 0


def by_quantiles(gap: np.ndarray, ahead: int) -> bool:
    """Normal quantiles of a bootstrap whose variance is worked out without drawing."""
    return ratio(gap, block_length(ahead)) > norm.ppf(EACH)


def by_student(gap: np.ndarray, ahead: int, block: int | None = None) -> bool:
    """With as many degrees of freedom as blocks, less one."""
    block = block or block_length(ahead)
    blocks = len(gap) / block
    return blocks > 1 and ratio(gap, block) > t.ppf(EACH, blocks - 1) * np.sqrt(blocks / (blocks - 1))


def by_chosen_length(gap: np.ndarray, ahead: int) -> bool:
    """Blocks by Politis and White (2004) for the circular bootstrap, in whole weeks and no shorter than the horizon."""
    return by_student(gap, ahead, max(7 * -(-politis_white(gap) // 7), block_length(ahead)))


def by_fixed_b(gap: np.ndarray, _ahead: int, share_of_days: float = 0.2) -> bool:
    """The polynomial of Kiefer and Vogelsang (2005) for 95 % under Bartlett's window."""
    b = share_of_days
    critical = 1.6449 + 2.1859 * b + 0.3142 * b**2 - 0.3427 * b**3
    window = int(b * len(gap))
    lags = covariances(gap, window)
    variance = lags[0] + 2 * float(((1 - np.arange(1, window) / window) * lags[1:window]).sum())
    return bool(abs(gap.mean()) / np.sqrt(variance / len(gap)) > critical)


def by_harvey(gap: np.ndarray, ahead: int) -> bool:
    """Covariances up to the horizon less one day, with the correction for few days."""
    days = len(gap)
    lags = covariances(gap, ahead)
    variance = lags[0] + 2 * lags[1:ahead].sum()
    variance = variance if variance > 0 else lags[0]
    correction = max(days + 1 - 2 * ahead + ahead * (ahead - 1) / days, 0) / days
    return bool(abs(gap.mean()) / np.sqrt(variance / days) * np.sqrt(correction) > t.ppf(EACH, days - 1))


RIVALS = {
    "quantiles": by_quantiles,
    "t": by_student,
    "lengths": by_chosen_length,
    "fixed-b": by_fixed_b,
    "Harvey": by_harvey,
}


def ratio(gap: np.ndarray, block: int) -> float:
    """Mean over its standard deviation under a circular block bootstrap; infinite where that is nothing."""
    sums = np.concatenate([gap, gap])[: len(gap) + block - 1] - gap.mean()
    means = np.convolve(sums, np.ones(block) / block, "valid")
    spread = np.sqrt((means**2).mean() * block / len(gap))
    return float(abs(gap.mean()) / spread) if spread > 1e-12 else np.inf


def covariances(gap: np.ndarray, most: int) -> np.ndarray:
    """At lags 0 to `most`, over the number of days."""
    apart = gap - gap.mean()
    return np.array([apart[lag:] @ apart[: len(gap) - lag] for lag in range(most + 1)]) / len(gap)


def politis_white(gap: np.ndarray) -> int:
    """Days of a block, by the rule of the flat-top window; a third of the days at most."""
    days = len(gap)
    still = max(5, int(np.sqrt(np.log10(days))))
    most = min(int(np.ceil(np.sqrt(days))) + still, days // 2)
    lags = covariances(gap, 2 * most if 2 * most < days else days - 1)
    quiet = np.abs(lags[1 : most + 1] / lags[0]) < 2 * np.sqrt(np.log10(days) / days)
    begins = [k for k in range(len(quiet) - still + 1) if quiet[k : k + still].all()]
    last = begins[0] if begins else int(np.flatnonzero(~quiet)[-1]) + 1
    window = min(2 * max(last, 1), most)
    k = np.arange(1, window + 1)
    weights = np.clip(2 * (1 - k / window), 0, 1)
    slope, level = 2 * (weights * k * lags[k]).sum(), lags[0] + 2 * (weights * lags[k]).sum()
    length = (2 * slope**2 / (4 / 3 * level**2)) ** (1 / 3) * days ** (1 / 3) if level > 0 else 1.0
    return max(int(np.ceil(min(length, days / 3))), 1)


if __name__ == "__main__":
    main()
