"""Curves of several runs as numbers: by epoch, update or second, with their range over seeds, averaged if asked."""

import numpy as np
import pandas as pd

from forecasting.messages import N_
from forecasting.records import History

ALONG = {"epoch": N_("Epoch"), "update": N_("Update"), "seconds": N_("Seconds of training")}


def smoothed(losses: np.ndarray, over: float) -> np.ndarray:
    """Exponential moving average of `losses` (epochs,): a weight falls by 1 - 1/`over` with every epoch it lies back.

    Divided by the sum of the weights, so that the start is not pulled towards zero (as the averages of Adam, Kingma and
    Ba 2015). 1 leaves the losses as they are.
    """
    if over <= 1:
        return losses
    return pd.Series(losses, dtype=float).ewm(alpha=1 / over, adjust=True).mean().to_numpy()


def full_curve(history: History, updates: int, over: float = 1) -> pd.DataFrame:
    """A row an epoch of a run that takes `updates` steps in each: epoch, update, seconds; in views train and held_out,
    means over seeds, averaged `over` so many epochs (_smooth), and the lowest and highest seed (_low, _high); gradient,
    the mean length of the gradient of the loss that is minimised.

    One seed has no range: its _low and _high are NaN.
    """
    columns = {"epoch": history.epoch, "update": history.epoch * updates, "seconds": history.seconds}
    columns["gradient"] = history.gradient_norm.mean(axis=1)
    for name in ("train", "held_out"):
        seeds = getattr(history, f"{name}_loss")
        mean = seeds.mean(axis=1)
        several = seeds if seeds.shape[1] > 1 else np.full((len(seeds), 1), np.nan)
        columns |= {name: mean, f"{name}_low": several.min(axis=1), f"{name}_high": several.max(axis=1)}
        columns |= {f"{name}_smooth": smoothed(mean, over)}
    return pd.DataFrame(columns)
