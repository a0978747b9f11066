"""How often a trained run's intervals hold on days that neither training nor calibration saw.

    python -m tests.benchmark.run_intervals [--channels 100] [--held-out 45]

Channels are made: a week, slow growth, and noise whose neighbours are correlated. A linear run learns from all days but
the held-out ones, whose errors make its intervals, and forecasts four weeks that come after.
"""

import argparse
from datetime import timedelta

import numpy as np
import pandas as pd

from forecasting.evaluation.backtest import backtest
from forecasting.evaluation.calibration import calibrate_run
from forecasting.forecasts.forecast import make_forecast
from forecasting.jobs.machine import use_one_thread
from forecasting.models.fitting import build, fit
from forecasting.models.trained_run import of_run
from forecasting.series import Series
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import Period, Split
from forecasting.windows import run_windows
from tests.benchmark.null_rates import autoregression

DAYS, AHEAD = 400, 28
LEVELS = (0.5, 0.9)
CORRELATIONS = (0.0, 0.4, 0.8)  # of the noise of neighbouring days


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--channels", type=int, default=100, help="of each kind")
    parser.add_argument("--held-out", type=int, default=45, help="days")
    given = parser.parse_args()
    use_one_thread()
    print("held, %, by correlation of the noise of neighbouring days and by days ahead:")
    print((100 * held(given.channels, given.held_out)).round(1).to_string())


def held(channels: int, held_out: int, correlations: tuple[float, ...] = CORRELATIONS) -> pd.DataFrame:
    """Shares of days held: a row a correlation and span of days ahead, a column a level."""
    rows = {}
    for correlation in correlations:
        rng = np.random.default_rng(round(100 * correlation))
        noise = autoregression(correlation, rng, channels, DAYS + AHEAD)
        days, totals = (np.stack(part) for part in zip(*(held_once(one, held_out) for one in noise), strict=True))
        spans = {"day 1": days[..., :1], "days 1 to 7": days[..., :7], "days 8 to 17": days[..., 7:17]}
        spans |= {"days 18 to 28": days[..., 17:], "total of 7": totals[..., :1], "total of 28": totals[..., 1:]}
        for span, found in spans.items():
            rows[correlation, span] = dict(zip(LEVELS, found.mean(axis=(0, 2)), strict=True))
    return pd.DataFrame(rows).T.rename_axis(index=["correlation", "days ahead"], columns="promised")


def held_once(noise: np.ndarray, held_out: int) -> tuple[np.ndarray, np.ndarray]:
    """Whether each level's interval of one channel held (levels, days ahead), and of its totals (levels, totals)."""
    whole = channel(noise)
    series = Series(whole[:DAYS])
    cut = series.last.date() - timedelta(days=held_out)
    split = Split(Period(series.first.date(), cut), Period(cut + timedelta(days=1), series.last.date()))
    settings = RunSettings(split, Architecture("linear", 28), Training("mse", "exact"))
    model = build(settings)
    for _row in fit(model, run_windows(series, settings), settings):
        pass
    run = of_run(settings, model, series)
    fitted = calibrate_run("run", run, series.until(cut), horizon=AHEAD)
    days = series.views.index
    done = backtest(series, fitted, days[(days >= fitted.last) & (days < days[-1])], horizon=AHEAD, levels=LEVELS)
    found = make_forecast(run, fitted, series, scores=done.scores, horizon=AHEAD, levels=LEVELS)
    actual = whole[DAYS:].to_numpy()
    inside = [(np.array(band.lower) <= actual) & (actual <= np.array(band.upper)) for band in found.bands]
    totals = [[low <= actual[: one.days].sum() <= high for _level, low, high in one.bands] for one in found.totals]
    return np.array(inside), np.transpose(totals)


def channel(noise: np.ndarray) -> pd.Series:
    """About 1000 views a day."""
    day = np.arange(len(noise))
    views = (1000 + 0.5 * day) * (1 + 0.15 * np.sin(2 * np.pi * day / 7)) + 80 * noise
    return pd.Series(views, pd.date_range("2024-01-01", periods=len(noise)))


if __name__ == "__main__":
    main()
