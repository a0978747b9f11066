"""Makes the sample channel: six years of daily views whose best possible forecast is known.

    python data/make_sample_channel.py

writes sample_channel.csv and sample_oracle.csv beside this file and puts their figures into README.md.

Every day is  views = round(exp(usual + swing * fade * interest + surprise)).  `usual` and `swing` come from the
calendar alone. `interest` is what earlier surprises left behind, worked out from the *published* whole numbers: whoever
knows this program recovers it exactly from past views, and the median of `surprise` then gives the best forecast under
absolute error.
"""

from dataclasses import dataclass
from functools import cache
from math import exp, log
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
SEED = 1
FIRST, LAST = "2017-01-01", "2022-12-31"
NEW_YEAR_EVES = pd.DatetimeIndex(["2017-01-27", "2018-02-15", "2019-02-04", "2020-01-24", "2021-02-11", "2022-01-31"])
SPIKE_DAY = pd.Timestamp("2021-02-26")
FRIDAY, SATURDAY = 4, 5
WINDOW = 56  # days: the table starts where the lecture's longest window has its first target
SPLITS = {
    "train 2017-2021": (FIRST, "2021-12-31"),
    "held out 2022": ("2022-01-01", LAST),
    "train 2017-2020": (FIRST, "2020-12-31"),
    "held out 2021": ("2021-01-01", "2021-12-31"),
    "lecture, 1 Jan to 14 Feb 2021": ("2021-01-01", "2021-02-14"),
}


@dataclass(frozen=True)
class Mix:
    """How much of each ingredient goes in. Sizes are in logs unless said: 0.1 is about 10 % of the views."""

    level: float = 4_700.0  # views a day around New Year 2020, before everything below
    early_growth: float = 0.14  # a year, until the pace changes
    late_growth: float = 0.04  # a year, after that
    pace_change: float = 2018.7  # the year and its fraction
    vacation: float = -0.08  # fewer viewers between terms
    weekday: float = 0.06  # Sunday to Thursday, in term
    friday: float = -0.25  # in term
    saturday: float = -0.30  # in term
    vacation_week: float = 0.4  # share of the weekly cycle left between terms
    exam_week: float = -0.4  # the same in the fortnight before exams: below 0, the weekend is the busy part
    new_year: float = -0.50  # on Lunar New Year's Eve, back to usual within ten days
    fade: float = 0.93  # share of the interest left a day later: half of it is gone in ten days
    weekend_swing: float = -0.8  # how interest shows on Friday and Saturday in term (1: as ever, below 0: turned round)
    upload_chance: float = 0.05  # a day, Sunday to Thursday
    upload: float = 0.20  # mean burst of an upload
    upload_spread: float = 0.06  # standard deviation of the bursts
    noise: float = 0.045  # standard deviation, every day
    spike: float = 1.53  # times the level of the day, on SPIKE_DAY alone (0: no spike)


def make_channel(seed: int, mix: Mix = Mix()) -> pd.DataFrame:
    """Date, Views and the Median of each day's views given all that went before."""
    days = calendar(mix)
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, mix.noise, len(days))
    bursts = rng.normal(mix.upload, mix.upload_spread, len(days))
    surprises = noise + np.where(rng.random(len(days)) < days.upload_chance, bursts, 0)

    interest, rows = 0.0, []
    for day, surprise in zip(days.itertuples(), surprises, strict=True):
        foreseen = day.usual + day.swing * mix.fade * interest
        views = round(day.spike or exp(foreseen + surprise))
        rows.append((day.Index, views, round(exp(foreseen + median_surprise(day.upload_chance, mix)))))
        interest *= mix.fade
        # A turned weekend hides how warm the audience is, and the spike says nothing of it: neither leaves a trace.
        if day.swing > 0 and not day.spike:
            interest += log(views) - foreseen
    return pd.DataFrame(rows, columns=["Date", "Views", "Median"])


def calendar(mix: Mix) -> pd.DataFrame:
    """All that is known of each day years ahead; `spike` is in views, 0 on every other day."""
    days = pd.date_range(FIRST, LAST, name="Date")
    weekend = days.day_of_week.isin([FRIDAY, SATURDAY])
    term, exams = in_term(days), before_exams(days)
    trend = log_level(days, mix)
    week_share = np.select([exams, term], [mix.exam_week, 1.0], mix.vacation_week)
    season = np.where(term, 0, mix.vacation) + new_year_sag(days, mix)
    return pd.DataFrame(
        {
            "usual": trend + season + week_share * weekly_cycle(days, mix),
            # In term a busy week is followed by a quiet weekend and a slack one is caught up.
            "swing": np.where(weekend & term & ~exams, mix.weekend_swing, 1.0),
            "upload_chance": np.where(weekend, 0, mix.upload_chance),
            "spike": np.where(days == SPIKE_DAY, mix.spike * np.exp(trend), 0),
        },
        index=days,
    )


def log_level(days: pd.DatetimeIndex, mix: Mix) -> np.ndarray:
    """Growth by a fixed percentage a year, with one change of pace."""
    year = 2020 + (days - pd.Timestamp("2020-01-01")).days.to_numpy() / 365.25
    before = np.minimum(year - mix.pace_change, 0)
    return log(mix.level) + mix.late_growth * (year - 2020) + (mix.early_growth - mix.late_growth) * before


def weekly_cycle(days: pd.DatetimeIndex, mix: Mix) -> np.ndarray:
    """The full cycle of a week in term."""
    monday_to_sunday = np.array([mix.weekday] * 4 + [mix.friday, mix.saturday, mix.weekday])
    return monday_to_sunday[days.day_of_week]


def in_term(days: pd.DatetimeIndex) -> np.ndarray:
    """Two terms a year, as at Taiwan's universities."""
    date = days.month * 100 + days.day
    return np.asarray((date >= 912) | (date <= 117) | ((date >= 221) & (date <= 625)))


def before_exams(days: pd.DatetimeIndex) -> np.ndarray:
    """The last fortnight of each term."""
    date = days.month * 100 + days.day
    return np.asarray(((date >= 104) & (date <= 117)) | ((date >= 612) & (date <= 625)))


def new_year_sag(days: pd.DatetimeIndex, mix: Mix) -> np.ndarray:
    """Lowest on Lunar New Year's Eve, half as deep the day before, then wearing off."""
    since = np.subtract.outer(days, NEW_YEAR_EVES).astype("timedelta64[D]").astype(int)
    depth = np.where((since >= 0) & (since < 10), np.exp(-since.clip(0) / 3), np.where(since == -1, 0.5, 0))
    return mix.new_year * depth.sum(axis=1)


def surprise_parts(upload_chance: float, mix: Mix) -> list[tuple[float, NormalDist]]:
    """A day's surprise as a mixture: noise alone, or noise and an upload."""
    noise = NormalDist(0, mix.noise)
    return [(1 - upload_chance, noise), (upload_chance, noise + NormalDist(mix.upload, mix.upload_spread))]


@cache
def median_surprise(upload_chance: float, mix: Mix) -> float:
    """The root of the mixture's distribution function less one half, by bisection."""
    low, high = -2.0, 2.0
    for _ in range(60):
        middle = (low + high) / 2
        if sum(share * part.cdf(middle) for share, part in surprise_parts(upload_chance, mix)) < 0.5:
            low = middle
        else:
            high = middle
    return middle


@cache
def expected_miss(upload_chance: float, mix: Mix) -> float:
    """The mean |views / median - 1| of a day, integrated over its surprise."""
    x = np.linspace(-1.5, 2.0, 35_001)
    parts = surprise_parts(upload_chance, mix)
    density = sum(share * np.exp(-(((x - part.mean) / part.stdev) ** 2) / 2) / part.stdev for share, part in parts)
    miss = np.abs(np.exp(x - median_surprise(upload_chance, mix)) - 1)
    return float((miss * density).sum() / density.sum())


def floor_table(channel: pd.DataFrame, mix: Mix = Mix()) -> pd.DataFrame:
    """MAE in thousands of views on each split: the floor as it fell out and as expected, and two baselines."""
    views = channel.set_index("Date").Views / 1000
    median = channel.set_index("Date").Median / 1000
    expected = median * [expected_miss(chance, mix) for chance in calendar(mix).upload_chance]
    misses = pd.DataFrame(
        {
            "floor": (views - median).abs(),
            "floor in expectation": expected,
            "yesterday": views.diff().abs(),
            "same day last week": views.diff(7).abs(),
        }
    ).iloc[WINDOW:]
    parts = {name: misses.loc[first:last] for name, (first, last) in SPLITS.items()}
    return pd.DataFrame({name: {"days": len(part), **part.mean()} for name, part in parts.items()}).T


def as_markdown(table: pd.DataFrame) -> str:
    rows = [["target days", *table.columns], ["---", *["---:"] * table.shape[1]]]
    rows += [[name, f"{days:.0f}", *(f"{mae:.3f}k" for mae in maes)] for name, days, *maes in table.itertuples()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    channel = make_channel(SEED)
    channel[["Date", "Views"]].to_csv(HERE / "sample_channel.csv", index=False, lineterminator="\n")
    channel[["Date", "Median"]].to_csv(HERE / "sample_oracle.csv", index=False, lineterminator="\n")
    table = as_markdown(floor_table(channel))
    print(table)
    card = HERE / "README.md"
    before, rest = card.read_text(encoding="utf-8").split("<!-- floor table -->")
    _, after = rest.split("<!-- end of floor table -->")
    card.write_text(
        f"{before}<!-- floor table -->\n{table}\n<!-- end of floor table -->{after}", encoding="utf-8", newline="\n"
    )


if __name__ == "__main__":
    main()
