"""The sample channel, whose truth is known: `data/README.md` says what went in."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd

from forecasting.metrics import mae
from forecasting.names import SAMPLE_NAME
from forecasting.series import Channel

HERE = Path(__file__).parent
DATA = next(place for place in (HERE / "data", HERE.parent / "data") if place.is_dir())  # installed, or in a checkout


@cache
def sample_channel() -> Channel:
    """The sample's daily views."""
    return Channel(SAMPLE_NAME, _column("sample_channel.csv", "Views"))


@cache
def _oracle() -> pd.Series:
    """The best one-step forecast of each day: its median given all that the sample's program knew the day before."""
    return _column("sample_oracle.csv", "Median")


def floor(channel: Channel, days: pd.DatetimeIndex, loss: str = "mae") -> float | None:
    """The smallest MAE in views that any one-step forecaster could reach on `days`; None where the truth is unknown.

    Under MSE the median is not the best forecast, so no floor is claimed.
    """
    if loss != "mae" or not is_sample(channel) or not len(days):
        return None
    return float(mae(channel.views[days].to_numpy(), _oracle()[days].to_numpy()))


def is_sample(channel: Channel) -> bool:
    """Whether a channel has the sample's views, whatever events its days have been given."""
    return replace(channel, events=()).fingerprint == sample_channel().fingerprint


def _column(file: str, column: str) -> pd.Series:
    table = pd.read_csv(DATA / file, parse_dates=["Date"], index_col="Date")
    return table[column].astype(float).asfreq("D")
