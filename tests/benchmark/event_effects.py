"""Whether known effects of events are recovered, and whether events that do nothing are said to help.

    python -m tests.benchmark.event_effects                     # 10 minutes
    python -m tests.benchmark.event_effects --draws 20
    python -m tests.benchmark.event_effects FILE.csv ...        # invented uploads on channels of one's own

Made channels of 500 days, 120 of them held out, with uploads on random days (`tests/support/event_channels.py`):

held       of the 90 % intervals of what an upload brings over 14 days, how many hold the truth
error      of that estimate beside the truth, mean, in usual days' views
width      of the interval
used       channels on which validation days say that forecasts should use the events
helps      channels on which Forecast says that events lower the error; `costs` that they raise it
gone       of the error on held-out days, mean over the channels on which they are used
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting.evaluation.event_value import judge_events
from forecasting.models.event_regression import fit_event_effects
from forecasting.reading import read_views
from forecasting.series import Series
from forecasting.split import Period, Split, default_split
from tests.support.event_channels import NONE, UPLOAD, gain_of, made_channel, uploads_on

HELD_OUT = 120  # days
CHANNELS: dict[str, tuple[np.ndarray, dict]] = {
    "uploads": (UPLOAD, {}),
    "a third of it": (UPLOAD / 3, {}),
    "no effect": (NONE, {}),
    "few views": (UPLOAD, {"level": 3.0}),
    "uploads that differ": (UPLOAD, {"differing": 0.6}),
    "a restless level": (UPLOAD, {"wandering": 0.08}),
    "no effect, restless": (NONE, {"wandering": 0.08}),
    "every 40 days": (UPLOAD, {"every": 40.0}),
    "every Friday": (UPLOAD, {"weekday": 4}),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, help="channels on which uploads are invented")
    parser.add_argument("--draws", type=int, default=100, help="channels of each kind")
    given = parser.parse_args()
    if given.files:
        rows = {file.stem: invented(file, given.draws) for file in given.files}
    else:
        rows = {name: made(effect, channel, given.draws) for name, (effect, channel) in CHANNELS.items()}
    print(pd.DataFrame(rows).T.to_string())


def made(effect: np.ndarray, channel: dict, draws: int) -> dict[str, str]:
    """A row of the table."""
    return _row([made_channel(seed, effect, **channel) for seed in range(draws)], gain_of(effect), HELD_OUT)


def invented(file: Path, draws: int) -> dict[str, str]:
    """A row of the table on a file's views, where an upload on one of ten days, drawn at random, brings nothing."""
    views = read_views(file.read_bytes(), file.name).series.views
    chosen = (np.random.default_rng(seed).random(len(views)) < 0.1 for seed in range(draws))
    return _row([Series(views, events=uploads_on(views.index[days])) for days in chosen], 0.0)


def _row(channels: list[Series], truth: float, held_out: int = 0) -> dict[str, str]:
    effects = [fit_event_effects(series).kinds[0] for series in channels]
    gains = np.array([effect.gain() for effect in effects if effect.known]).reshape(-1, 3)
    found, low, high = gains.T
    values = [judge_events(series, _split(series, held_out)) for series in channels]
    used = [value for value in values if value.used and value.held_out]
    gone = [-value.held_out.difference / value.held_out_error for value in used if value.held_out]
    answers = [value.held_out.answer for value in used if value.held_out]
    return {
        "told": f"{len(gains)} of {len(channels)}",
        "held": f"{np.mean((low <= truth) & (truth <= high)):.0%}" if len(gains) else "",
        "error": f"{np.mean(found - truth):+.2f}" if len(gains) else "",
        "width": f"{np.mean(high - low):.2f}" if len(gains) else "",
        "used": f"{len(used) / len(channels):.0%}",
        "helps": f"{answers.count('better') / len(channels):.0%}",
        "costs": f"{answers.count('worse') / len(channels):.0%}",
        "gone": f"{np.mean(gone):+.0%}" if gone else "",
    }


def _split(series: Series, held_out: int) -> Split:
    if not held_out:
        return default_split(series.views)
    days = series.views.index.date
    return Split(Period(days[0], days[-held_out - 1]), Period(days[-held_out], days[-1]))


if __name__ == "__main__":
    main()
